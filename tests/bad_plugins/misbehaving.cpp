// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// misbehaving - does in one hook, or in create, what a plugin must not. Written on the C ABI, without the wrapper's
// barrier.
//   {"hook": "on_train_batch_end", "how": "throw"}
#include <tenon/plugin.h>
#include <tenon/services/options.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <thread>

#define SCHEMA                                                                                               \
  "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"                                     \
  "\"hook\":{\"type\":\"string\",\"default\":\"on_train_batch_end\",\"description\":\"where: create, save, " \
  "destroy, or a hook's name\"},"                                                                            \
  "\"how\":{\"type\":\"string\",\"default\":\"fail\",\"enum\":[\"nothing\",\"fail\",\"silent\",\"throw\","   \
  "\"throw_int\",\"unknown\",\"positive\",\"deny\",\"crash\",\"null\",\"abort\",\"overflow\",\"exit\",\"slow\"]}}}"

struct tenon_callback {
  std::string hook, how;
  std::string written;
};

namespace {

tenon_status say(tenon_error* error, tenon_status status, const char* text) {
  if (!TENON_HAS(tenon_error, error, text)) return status;
  error->code = status;
  error->text_size = static_cast<std::uint64_t>(std::strlen(text));
  std::memcpy(error->text, text, error->text_size + 1);
  return status;
}

// Not to be turned into a loop: the stack must really run out.
int overflow(volatile char* above) {
  volatile char room[4096];
  room[0] = above ? above[0] : 'x';
  return overflow(room) + room[0];
}

tenon_status misbehave(const std::string& how, tenon_error* error) {
  if (how == "fail") return say(error, TENON_E_IO, "no space left on device");
  if (how == "silent") return TENON_E_FAILED;
  if (how == "exit") std::exit(0);
  if (how == "slow") std::this_thread::sleep_for(std::chrono::milliseconds(700));
  if (how == "throw") throw std::runtime_error("thrown past the ABI");
  if (how == "throw_int") throw 7;
  if (how == "unknown") return say(error, -4711, "a number of its own");
  if (how == "positive") return 42;
  if (how == "deny") return say(error, TENON_DENY, "not on a Friday");
  if (how == "crash") std::raise(SIGSEGV);
  if (how == "null") *static_cast<volatile int*>(nullptr) = 1;
  if (how == "abort") std::abort();
  if (how == "overflow") return overflow(nullptr);
  return TENON_OK;
}

std::string option(const tenon_host* host, const char* pointer) {
  const auto* options = static_cast<const tenon_options*>(host->service(host, TENON_SERVICE_OPTIONS));
  tenon_text text = {nullptr, 0};
  if (options->text(host, nullptr, {pointer, std::strlen(pointer)}, &text, nullptr) != TENON_OK) return {};
  return std::string(text.data, text.size);
}

tenon_status create(const tenon_host* host, tenon_callback** out, tenon_error* error) {
  auto* made = new tenon_callback{option(host, "/hook"), option(host, "/how"), {}};
  *out = made;
  const tenon_status status = made->hook == "create" ? misbehave(made->how, error) : TENON_OK;
  if (status != TENON_OK) delete made;
  return status;
}
void destroy(tenon_callback* self) {
  const tenon_callback copy = *self;
  delete self;
  if (copy.hook == "destroy") misbehave(copy.how, nullptr);
}
tenon_status save(tenon_callback* self, const tenon_writer* writer, tenon_error* error) {
  if (self->hook == "save") return misbehave(self->how, error);
  return writer->write(writer, "kept", 4, error);
}
tenon_status load(tenon_callback* self, std::uint32_t version, const tenon_reader* reader, tenon_error* error) {
  if (version != 1) return say(error, TENON_E_STATE_VERSION, "only version 1 can be read");
  char bytes[16];
  std::uint64_t got = 0;
  if (reader->read(reader, bytes, sizeof bytes, &got, error) != TENON_OK || got != 4)
    return say(error, TENON_E_INVALID_ARGUMENT, "four bytes were expected");
  self->written.assign(bytes, got);
  return TENON_OK;
}

#define HOOK(name, Args)                                                     \
  tenon_status name(tenon_callback* self, const Args*, tenon_error* error) { \
    return self->hook == #name ? misbehave(self->how, error) : TENON_OK;     \
  }
TENON_HOOKS_1_0(HOOK)
#undef HOOK

#define SLOT(name, Args) name,
const tenon_hooks hooks = {sizeof(tenon_hooks), 0, TENON_HOOKS_1_0(SLOT)};
#undef SLOT

const tenon_descriptor descriptor = {sizeof(tenon_descriptor),
                                     1,
                                     TENON_RANKS_ZERO,
                                     TENON_ON_ERROR_ABORT,
                                     "org.example.misbehaving",
                                     "misbehaving",
                                     "0.1.0",
                                     "Misbehaves on request",
                                     "Apache-2.0",
                                     SCHEMA,
                                     nullptr,
                                     &hooks,
                                     create,
                                     destroy,
                                     save,
                                     load,
                                     nullptr};
const tenon_descriptor* const descriptors[] = {&descriptor, nullptr};

TENON_IDENTITY(TENON_IDENTITY_JSON("org.example.misbehaving", "misbehaving", "0.1.0", "Misbehaves on request",
                                   "Apache-2.0", SCHEMA));

}  // namespace

extern "C" {
TENON_ENTRY(descriptors);
}
