// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/pipeline.hpp"

#include <boost/json/parse.hpp>
#include <map>

#include "chain/abi.hpp"
#include "chain/log.hpp"
#include "chain/plugin_call.hpp"
#include "loop/own_tensors.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;

struct Stage {
  std::shared_ptr<HostTensor> tensor;
  bool is_buffer = false;
};
using Stages = std::map<std::string, Stage>;  // in name order, which is the order of apply()

/// One apply()'s results; its address is the emitter's host_data.
struct Emission {
  TensorTable& table;
  Stages& out;
  bool is_buffer;
  std::vector<OwnedHandle> allocated;
};

/// Calls one of a transform's functions; throws AbiError that names the transform.
template <class Call>
void call_transform(const TransformUse& use, const char* function, std::uint64_t step, const std::string& where,
                    Call&& call) {
  try {
    chain::call_plugin(*use.transform->owner, function, step, call);
  } catch (const AbiError& error) {
    throw AbiError(error.status(), "transform '" + use.name + "' failed in " + function + where + ": " + error.what());
  }
}

/// What finish() says of the job, as JSON.
boost::json::value parse_metadata(const TransformUse& use, tenon_text metadata) {
  boost::system::error_code wrong;
  boost::json::value value = boost::json::parse(chain::from_text(metadata), wrong);
  if (wrong || !value.is_object())
    throw AbiError(TENON_E_INVALID_ARGUMENT,
                   "transform '" + use.name + "': the metadata that its finish() gives is not a JSON object");
  return value;
}

tenon_status TENON_CALL emit(const tenon_emitter* emitter, tenon_text name, tenon_tensor tensor, tenon_error* error) {
  return chain::guard(error, [&] {
    auto& e = *static_cast<Emission*>(emitter->host_data);
    const std::string as(chain::from_text(name));
    if (as.empty()) throw AbiError(TENON_E_INVALID_ARGUMENT, "a tensor was emitted without a name");
    if (!e.out.try_emplace(as, Stage{e.table.host(tensor), e.is_buffer}).second)
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a tensor '" + as + "' was emitted before");
  });
}

tenon_status TENON_CALL allocate(const tenon_emitter* emitter, tenon_dtype dtype, std::int32_t ndim,
                                 const std::int64_t* shape, tenon_tensor* tensor, tenon_tensor_view* view,
                                 tenon_error* error) {
  return chain::guard(error, [&] {
    auto& e = *static_cast<Emission*>(emitter->host_data);
    if (ndim < 0 || (ndim > 0 && !shape))
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a shape is missing or its number of dimensions is negative");
    to_dtype(dtype);
    auto made = std::make_shared<HostTensor>();
    made->dtype = dtype;
    made->storage.resize(made->set_shape({shape, shape + ndim}));
    made->writable = true;
    const tenon_tensor handle = e.allocated.emplace_back(e.table, made).get();
    if (tensor) *tensor = handle;
    if (view) *view = made->view();
  });
}

std::shared_ptr<HostTensor> borrowed(const checkpoint::TensorRecord& record, std::string name,
                                     const std::shared_ptr<const Snapshot>& from) {
  auto copy = std::make_shared<HostTensor>();
  copy->name = std::move(name);
  copy->dtype = from_dtype(record.dtype);
  copy->set_shape(record.shape);
  copy->borrow(record.bytes, from);
  return copy;
}

/// A snapshot for weights alone has none of callbacks' own tensors: this one is copied then.
std::shared_ptr<HostTensor> copy_of_own(const HeldSnapshot& held, const chain::Callback& by, tenon_tensor tensor) {
  const std::shared_ptr<HostTensor> own = held.table.host(tensor);
  if (own->owner != by.id())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "'" + own->name + "' is no tensor of callback '" + by.id() + "'");
  const std::string name = own_tensor_name(*own);
  for (const checkpoint::TensorRecord& record : held.snapshot->training())
    if (record.name == name) return borrowed(record, own->name, held.snapshot);
  auto copy = std::make_shared<HostTensor>(*own);
  copy->owner.clear();
  copy->writable = false;
  return copy;
}

}  // namespace

tenon_tensor hold_in_snapshot(HeldSnapshot& held, const chain::Callback& by, tenon_tensor tensor) {
  const auto keep = [&](std::shared_ptr<HostTensor> copy) {
    held.held.push_back(held.table.add(std::move(copy)));
    return held.held.back();
  };
  if (TensorTable::is_host(tensor)) return keep(copy_of_own(held, by, tensor));
  const EngineHandle handle = TensorTable::engine_tensor(tensor);
  if (handle.group == TENON_TENSORS_GRADIENTS)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "gradients are no part of a snapshot");
  const std::uint64_t index = handle.index + (handle.group == TENON_TENSORS_BUFFERS ? held.snapshot->parameters() : 0);
  if (index >= held.snapshot->model().size())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the snapshot has no such tensor");
  const checkpoint::TensorRecord& record = held.snapshot->model()[index];
  return keep(borrowed(record, record.name, held.snapshot));
}

Pipeline::Pipeline(std::vector<TransformUse> uses, const chain::Callback& requested_by,
                   std::shared_ptr<const Snapshot> snapshot, TensorTable& table, const tenon_progress& progress)
    : uses_(std::move(uses)),
      snapshot_(std::move(snapshot)),
      table_(table),
      held_{snapshot_, table, {}},
      step_(progress.step) {
  jobs_.reserve(uses_.size());
  try {
    for (const TransformUse& use : uses_) {
      tenon_prepare_args args{};
      args.struct_size = sizeof args;
      args.progress = &progress;
      args.options_json = chain::to_text(use.options_json);
      args.requested_by = chain::to_text(requested_by.id());
      args.snapshot = &held_;
      tenon_job* job = nullptr;
      call_transform(use, "prepare", step_, "", [&](tenon_error* error) {
        return use.transform->table.prepare(use.transform->owner->self(), &args, &job, error);
      });
      jobs_.push_back({&use, job});
    }
  } catch (...) {
    end();
    throw;
  }
}

Pipeline::~Pipeline() { end(); }

void Pipeline::end() noexcept {
  for (const Job& j : jobs_) {
    try {
      call_transform(*j.use, "destroy_job", step_, "", [&](tenon_error*) {
        j.use->transform->table.destroy_job(j.job);
        return TENON_OK;
      });
    } catch (const std::exception& error) {
      chain::log(TENON_LOG_ERROR, j.use->transform->owner->id(), error.what());
    }
  }
  jobs_.clear();
  for (const tenon_tensor t : held_.held) table_.drop(t);
  held_.held.clear();
}

std::vector<checkpoint::TensorRecord> Pipeline::run() {
  snapshot_->wait();
  Stages stages;
  for (std::size_t i = 0; i < snapshot_->model().size(); ++i) {
    const checkpoint::TensorRecord& record = snapshot_->model()[i];
    stages[record.name] = {borrowed(record, record.name, snapshot_), i >= snapshot_->parameters()};
  }
  for (const Job& j : jobs_) {
    const tenon_transform& t = j.use->transform->table;
    Stages next;
    for (const auto& [name, stage] : stages) {
      Emission emission{table_, next, stage.is_buffer, {}};
      const tenon_emitter emitter{sizeof(tenon_emitter), 0, &emission, &emit, &allocate};
      const OwnedHandle in(table_, stage.tensor);
      stage.tensor->writable = false;
      const tenon_tensor_view view = stage.tensor->view();
      tenon_apply_args args{};
      args.struct_size = sizeof args;
      args.is_buffer = stage.is_buffer;
      args.name = chain::to_text(name);
      args.in = in.get();
      args.view = &view;
      args.out = &emitter;
      call_transform(*j.use, "apply", step_, ", at tensor '" + name + "'",
                     [&](tenon_error* error) { return t.apply(j.job, &args, error); });
    }
    tenon_text metadata{};
    if (t.finish)
      call_transform(*j.use, "finish", step_, "",
                     [&](tenon_error* error) { return t.finish(j.job, &metadata, error); });
    boost::json::object entry;
    entry["name"] = j.use->name;
    entry["options"] = boost::json::parse(j.use->options_json.empty() ? "{}" : j.use->options_json);
    if (metadata.size) entry["metadata"] = parse_metadata(*j.use, metadata);
    description_.push_back(std::move(entry));
    stages = std::move(next);
  }
  std::vector<checkpoint::TensorRecord> records;
  for (auto& [name, stage] : stages) {
    const HostTensor& t = *stage.tensor;
    records.push_back({name, to_dtype(t.dtype), t.shape, t.bytes()});
    results_.push_back(stage.tensor);
  }
  return records;
}

}  // namespace tenon::loop
