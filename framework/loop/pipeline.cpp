// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/pipeline.hpp"

#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>

#include "chain/abi.hpp"
#include "chain/breadcrumb.hpp"

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
  std::vector<tenon_tensor> allocated;
};

tenon_error empty_error() {
  tenon_error error{};
  error.struct_size = sizeof error;
  return error;
}

void require(tenon_status status, const tenon_error& error, const TransformUse& use, const std::string& what) {
  if (status == TENON_OK) return;
  throw AbiError(status < 0 ? status : TENON_E_FAILED,
                 "transform '" + use.name + "' failed in " + what + ": " +
                     std::string(error.text, std::min<std::uint64_t>(error.text_size, TENON_ERROR_TEXT_CAPACITY - 1)));
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
    if (ndim < 0 || (ndim > 0 && !shape) || std::any_of(shape, shape + ndim, [](std::int64_t n) { return n < 0; }))
      throw AbiError(TENON_E_INVALID_ARGUMENT, "a shape has a negative number");
    to_dtype(dtype);
    auto made = std::make_shared<HostTensor>();
    made->dtype = dtype;
    made->set_shape({shape, shape + ndim});
    std::uint64_t n = 1;
    for (std::int32_t i = 0; i < ndim; ++i)
      if (__builtin_mul_overflow(n, static_cast<std::uint64_t>(shape[i]), &n)) throw std::bad_alloc();
    made->storage.resize(n * (dtype.bits / 8u));
    made->writable = true;
    const tenon_tensor handle = e.table.add(made);
    e.allocated.push_back(handle);
    if (tensor) *tensor = handle;
    if (view) *view = made->view();
  });
}

}  // namespace

tenon_tensor hold_in_snapshot(HeldSnapshot& held, tenon_tensor tensor) {
  const EngineHandle handle = TensorTable::engine_tensor(tensor);
  if (handle.group == TENON_TENSORS_GRADIENTS)
    throw AbiError(TENON_E_INVALID_ARGUMENT, "gradients are no part of a snapshot");
  const std::uint64_t index = handle.index + (handle.group == TENON_TENSORS_BUFFERS ? held.snapshot.parameters() : 0);
  if (index >= held.snapshot.model().size())
    throw AbiError(TENON_E_INVALID_ARGUMENT, "the snapshot has no such tensor");
  const checkpoint::TensorRecord& record = held.snapshot.model()[index];
  auto copy = std::make_shared<HostTensor>();
  copy->name = record.name;
  copy->dtype = from_dtype(record.dtype);
  copy->set_shape(record.shape);
  copy->borrowed = record.bytes;
  held.held.push_back(held.table.add(std::move(copy)));
  return held.held.back();
}

Pipeline::Pipeline(const std::vector<TransformUse>& uses, const chain::Callback& requested_by, const Snapshot& snapshot,
                   TensorTable& table, const tenon_progress& progress)
    : snapshot_(snapshot), table_(table), held_{snapshot, table, {}}, step_(progress.step) {
  jobs_.reserve(uses.size());
  try {
    for (const TransformUse& use : uses) {
      tenon_prepare_args args{};
      args.struct_size = sizeof args;
      args.progress = &progress;
      args.options_json = chain::to_text(use.options_json);
      args.requested_by = chain::to_text(requested_by.id());
      args.snapshot = &held_;
      tenon_error error = empty_error();
      tenon_job* job = nullptr;
      const tenon_transform& t = use.transform->table;
      const chain::Breadcrumb crumb(use.transform->owner->label().c_str(), "prepare", progress.step);
      require(t.prepare(use.transform->owner->self(), &args, &job, &error), error, use, "prepare");
      jobs_.push_back({&use, job});
    }
  } catch (...) {
    end();
    throw;
  }
}

Pipeline::~Pipeline() { end(); }

void Pipeline::end() {
  for (const Job& j : jobs_) j.use->transform->table.destroy_job(j.job);
  jobs_.clear();
  for (const tenon_tensor t : held_.held) table_.drop(t);
  held_.held.clear();
}

std::vector<checkpoint::TensorRecord> Pipeline::run() {
  Stages stages;
  for (std::size_t i = 0; i < snapshot_.model().size(); ++i) {
    const checkpoint::TensorRecord& record = snapshot_.model()[i];
    auto tensor = std::make_shared<HostTensor>();
    tensor->name = record.name;
    tensor->dtype = from_dtype(record.dtype);
    tensor->set_shape(record.shape);
    tensor->borrowed = record.bytes;
    stages[record.name] = {std::move(tensor), i >= snapshot_.parameters()};
  }
  for (const Job& j : jobs_) {
    const tenon_transform& t = j.use->transform->table;
    Stages next;
    for (const auto& [name, stage] : stages) {
      Emission emission{table_, next, stage.is_buffer, {}};
      const tenon_emitter emitter{sizeof(tenon_emitter), 0, &emission, &emit, &allocate};
      const tenon_tensor in = table_.add(stage.tensor);
      stage.tensor->writable = false;
      const tenon_tensor_view view = stage.tensor->view();
      tenon_apply_args args{};
      args.struct_size = sizeof args;
      args.is_buffer = stage.is_buffer;
      args.name = chain::to_text(name);
      args.in = in;
      args.view = &view;
      args.out = &emitter;
      tenon_error error = empty_error();
      tenon_status status;
      {
        const chain::Breadcrumb crumb(j.use->transform->owner->label().c_str(), "apply", step_);
        status = t.apply(j.job, &args, &error);
      }
      table_.drop(in);
      for (const tenon_tensor made : emission.allocated) table_.drop(made);
      require(status, error, *j.use, "apply, at tensor '" + name + "'");
    }
    tenon_text metadata{};
    if (t.finish) {
      tenon_error error = empty_error();
      require(t.finish(j.job, &metadata, &error), error, *j.use, "finish");
    }
    boost::json::object entry;
    entry["name"] = j.use->name;
    entry["options"] = boost::json::parse(j.use->options_json.empty() ? "{}" : j.use->options_json);
    if (metadata.size) entry["metadata"] = boost::json::parse(chain::from_text(metadata));
    description_.push_back(std::move(entry));
    stages = std::move(next);
  }
  std::vector<checkpoint::TensorRecord> records;
  for (auto& [name, stage] : stages) {
    const HostTensor& t = *stage.tensor;
    const std::span<const std::byte> bytes = t.storage.empty() ? t.borrowed : std::span<const std::byte>(t.storage);
    records.push_back({name, to_dtype(t.dtype), t.shape, bytes});
    results_.push_back(stage.tensor);
  }
  return records;
}

}  // namespace tenon::loop
