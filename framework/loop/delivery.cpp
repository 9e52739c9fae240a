// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/delivery.hpp"

#include <utility>

#include "chain/abi.hpp"
#include "loop/first_failure.hpp"

namespace tenon::loop {

namespace {

/// Ends what set_for_reader began, also when a hook's failure is thrown.
class ReaderReset {
 public:
  explicit ReaderReset(chain::Chain& chain) : chain_(chain) {}
  ~ReaderReset() { chain_.set_for_reader({}); }
  ReaderReset(const ReaderReset&) = delete;
  ReaderReset& operator=(const ReaderReset&) = delete;

 private:
  chain::Chain& chain_;
};

/// What differs from reader to reader: the ticket, and the score that went with its request.
void fill_for(tenon_checkpoint& c, const Kept& kept, const std::vector<Hold>& holds, const chain::Callback* reader) {
  c.ticket = 0;
  c.score = kept.score;
  c.monitor = chain::to_text(kept.monitor);
  for (const Hold& hold : holds) {
    if (hold.by != reader) continue;
    c.ticket = hold.ticket;
    c.score = hold.score;
    c.monitor = chain::to_text(hold.monitor);
  }
}

}  // namespace

tenon_checkpoint to_abi(const Kept& kept, const chain::Callback* reader, std::vector<tenon_text>& holders) {
  holders.clear();
  for (const Hold& hold : kept.holds) holders.push_back(chain::to_text(hold.holder()));
  tenon_checkpoint c{};
  c.struct_size = sizeof c;
  c.kind = kept.kind;
  c.sequence = kept.sequence;
  c.epoch = kept.epoch;
  c.step = kept.step;
  c.bytes = kept.bytes;
  c.path = chain::to_text(kept.path.native());
  c.name = chain::to_text(kept.name);
  c.holders = holders.data();
  c.holder_count = holders.size();
  c.flags = kept.flags;
  fill_for(c, kept, kept.holds, reader);
  return c;
}

void Delivery::deliver() {
  FirstFailure failures;
  failures.go_on([&] { decisions_.deliver(chain_); });
  for (const EndedTicket& ended : requests_.take_ended()) failures.go_on([&] { tell_ticket(ended); });
  for (const Notice& notice : std::exchange(notices_, {})) failures.go_on([&] { tell_checkpoint(notice); });
  failures.rethrow();
}

void Delivery::deliver_stops() {
  FirstFailure failures;
  failures.go_on([&] { decisions_.deliver(chain_); });
  for (const EndedTicket& ended : requests_.take_ended(TENON_REQUEST_STOP)) failures.go_on([&] { tell_ticket(ended); });
  failures.rethrow();
}

void Delivery::tell_ticket(const EndedTicket& ended) {
  tenon_ticket_args args{};
  args.struct_size = sizeof args;
  args.request = ended.request;
  args.progress = &progress_;
  args.ticket = ended.ticket;
  args.outcome = ended.outcome;
  args.status = ended.status;
  args.path = chain::to_text(ended.path);
  args.by = chain::to_text(ended.by);
  args.reason = chain::to_text(ended.reason);
  chain_.on_ticket({*ended.owner, args});
}

void Delivery::tell_checkpoint(const Notice& notice) {
  const std::uint32_t hook = notice.what == Notice::What::saved    ? TENON_HOOK(on_checkpoint_saved)
                             : notice.what == Notice::What::failed ? TENON_HOOK(on_checkpoint_failed)
                             : notice.what == Notice::What::loaded ? TENON_HOOK(on_checkpoint_loaded)
                                                                   : TENON_HOOK(on_checkpoint_removed);
  if (!chain_.wanted(hook)) return;
  std::vector<tenon_text> holders;
  tenon_checkpoint c = to_abi(notice.checkpoint, nullptr, holders);
  tenon_checkpoint_args args{};
  args.struct_size = sizeof args;
  args.status = notice.status;
  args.progress = &progress_;
  args.checkpoint = &c;
  args.reason = chain::to_text(notice.reason);
  // Nobody holds what was removed: its readers know it by the ticket under which they held it.
  const Kept& kept = notice.checkpoint;
  const std::vector<Hold>& holds = notice.what == Notice::What::removed ? kept.let_go : kept.holds;
  chain_.set_for_reader([&](const chain::Callback& reader) { fill_for(c, kept, holds, &reader); });
  const ReaderReset reset(chain_);
  if (notice.what == Notice::What::saved)
    chain_.on_checkpoint_saved(args);
  else if (notice.what == Notice::What::failed)
    chain_.on_checkpoint_failed(args);
  else if (notice.what == Notice::What::loaded)
    chain_.on_checkpoint_loaded(args);
  else
    chain_.on_checkpoint_removed(args);
}

}  // namespace tenon::loop
