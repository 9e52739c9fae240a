// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/transforms.hpp - offer a transform of weights, written as two classes.
//
// Owner, the callback class:  std::unique_ptr<Job> prepare(const tenon_prepare_args&);
// Job, one save's:            void apply(const tenon_apply_args&) const;
//                             std::string_view finish();   optional; JSON that lives as long as the job
#ifndef TENON_CPP_TRANSFORMS_HPP
#define TENON_CPP_TRANSFORMS_HPP

#include <memory>
#include <vector>

#include "barrier.hpp"
#include "detect.hpp"
#include "host.hpp"

namespace tenon {

namespace detail {

template <class Owner, class Job>
struct TransformAdapter {
  static Job& self(tenon_job* job) noexcept { return *reinterpret_cast<Job*>(job); }
  static tenon_status TENON_CALL prepare(tenon_callback* owner, const tenon_prepare_args* args, tenon_job** out,
                                         tenon_error* error) noexcept {
    return guard(error, [&] {
      std::unique_ptr<Job> job = reinterpret_cast<Owner*>(owner)->prepare(*args);
      if (!job) throw Error(TENON_E_FAILED, "prepare() returned no job");
      *out = reinterpret_cast<tenon_job*>(job.release());
    });
  }
  static tenon_status TENON_CALL apply(tenon_job* job, const tenon_apply_args* args, tenon_error* error) noexcept {
    return guard(error, [&] { static_cast<const Job&>(self(job)).apply(*args); });
  }
  static tenon_status TENON_CALL finish([[maybe_unused]] tenon_job* job, [[maybe_unused]] tenon_text* metadata,
                                        tenon_error* error) noexcept {
    return guard(error, [&] {
      if constexpr (has_finish<Job>::value) *metadata = text(self(job).finish());
    });
  }
  static void TENON_CALL destroy(tenon_job* job) noexcept { delete &self(job); }
};

}  // namespace detail

/// A constant to hand to Transforms::offer; both texts must be constants. Without a schema no options are taken.
template <class Owner, class Job>
constexpr tenon_transform make_transform(const char* name, const char* options_schema = "") {
  using Adapter = detail::TransformAdapter<Owner, Job>;
  return {sizeof(tenon_transform),
          0,
          text(name),
          text(options_schema),
          &Adapter::prepare,
          &Adapter::apply,
          detail::has_finish<Job>::value ? &Adapter::finish : nullptr,
          &Adapter::destroy};
}

class Transforms {
 public:
  explicit Transforms(Host host) : service_(host) {}
  /// The constant must live until the callback is destroyed. From the constructor until on_setup returns.
  void offer(const tenon_transform& transform) const { service_.call(&tenon_transforms::offer, &transform); }
  /// From on_fit_start on: throws what a save that uses this transform would be refused for.
  void check(std::string_view name, std::string_view options_json) const {
    service_.call(&tenon_transforms::check, text(name), text(options_json));
  }
  /// In prepare(): the snapshot's copy of a tensor, until the job is destroyed.
  tenon_tensor hold(const tenon_prepare_args& args, tenon_tensor tensor) const {
    tenon_tensor out = 0;
    service_.call(&tenon_transforms::hold, args.snapshot, tensor, &out);
    return out;
  }

 private:
  Service<tenon_transforms> service_;
};

/// Where apply() puts its results.
class Emitter {
 public:
  struct Room {
    tenon_tensor tensor = 0;
    tenon_tensor_view view{};
  };

  explicit Emitter(const tenon_apply_args& args) noexcept : args_(&args) {}
  /// Passes a tensor on under this tensor's name, or another. What is never emitted is dropped.
  void emit(tenon_tensor tensor) const { call(args_->out->emit, args_->out, args_->name, tensor); }
  void emit(std::string_view name, tenon_tensor tensor) const {
    call(args_->out->emit, args_->out, text(name), tensor);
  }
  /// Room in main memory for a result, until apply() returns.
  Room allocate(tenon_dtype dtype, const std::vector<std::int64_t>& shape) const {
    Room room;
    call(args_->out->allocate, args_->out, dtype, static_cast<std::int32_t>(shape.size()), shape.data(), &room.tensor,
         &room.view);
    return room;
  }
  /// Of the shape of the tensor at hand.
  Room allocate_like(tenon_dtype dtype) const {
    return allocate(dtype, std::vector<std::int64_t>(args_->view->shape, args_->view->shape + args_->view->ndim));
  }

 private:
  const tenon_apply_args* args_;
};

}  // namespace tenon

#endif
