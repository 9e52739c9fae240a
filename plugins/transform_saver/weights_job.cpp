// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "weights_job.hpp"

#include <cmath>

namespace tenon::transform_saver {

namespace {

bool floating(tenon_dtype type) { return type.code == TENON_DTYPE_FLOAT || type.code == TENON_DTYPE_BFLOAT; }
bool same(tenon_dtype a, tenon_dtype b) { return a.code == b.code && a.bits == b.bits; }

template <class Number>
std::uint64_t count_beyond(const tenon_tensor_view& view, double limit) {
  std::uint64_t elements = 1;
  for (std::int32_t i = 0; i < view.ndim; ++i) elements *= static_cast<std::uint64_t>(view.shape[i]);
  const auto* numbers = reinterpret_cast<const Number*>(static_cast<const char*>(view.data) + view.byte_offset);
  std::uint64_t beyond = 0;
  for (std::uint64_t i = 0; i < elements; ++i) {
    const double magnitude = std::abs(static_cast<double>(numbers[i]));
    beyond += magnitude >= limit && std::isfinite(magnitude);
  }
  return beyond;
}

}  // namespace

WeightsJob WeightsJob::scale(Host host, double factor) {
  WeightsJob job(host);
  job.factor_ = factor;
  return job;
}

WeightsJob WeightsJob::cast(Host host, std::string_view dtype) {
  WeightsJob job(host);
  const bool half = dtype == "f16";
  job.casts_ = true;
  job.dtype_name_ = dtype;
  job.dtype_ = {static_cast<std::uint8_t>(half ? TENON_DTYPE_FLOAT : TENON_DTYPE_BFLOAT), 16, 1};
  job.limit_ = half ? 65520.0 : std::ldexp(2.0 - 1.0 / 256.0, 127);  // halfway from the largest number to the next
  return job;
}

bool WeightsJob::concerns(const tenon_apply_args& args) const {
  if (!floating(args.view->dtype)) return false;
  return casts_ ? !same(args.view->dtype, dtype_) : !args.is_buffer;
}

void WeightsJob::apply(const tenon_apply_args& args) const {
  const Emitter out(args);
  if (!concerns(args)) {
    ++counts_.kept;
    out.emit(args.in);
    return;
  }
  const Emitter::Room room = out.allocate_like(casts_ ? dtype_ : args.view->dtype);
  const TensorOps ops(host_);
  ops.copy(room.tensor, args.in);
  if (casts_)
    warn_of_overflow(args);
  else
    ops.scale(room.tensor, factor_);
  ++counts_.changed;
  out.emit(room.tensor);
}

void WeightsJob::warn_of_overflow(const tenon_apply_args& args) const {
  if (!args.view->data) return;
  const tenon_dtype from = args.view->dtype;
  std::uint64_t beyond = 0;
  if (from.code == TENON_DTYPE_FLOAT && from.bits == 32) beyond = count_beyond<float>(*args.view, limit_);
  if (from.code == TENON_DTYPE_FLOAT && from.bits == 64) beyond = count_beyond<double>(*args.view, limit_);
  if (!beyond) return;
  counts_.overflowed += beyond;
  host_.warn("cast to " + dtype_name_ + ": " + std::to_string(beyond) + " numbers of " + std::string(view(args.name)) +
             " are beyond its range and are infinite in the file");
}

std::string_view WeightsJob::finish() {
  JsonWriter json(host_);
  json.object();
  if (casts_)
    json.member("dtype", dtype_name_);
  else
    json.member("factor", factor_);
  json.member("changed", counts_.changed).member("kept", counts_.kept);
  if (casts_) json.member("overflowed", counts_.overflowed);
  metadata_ = json.end().finish();
  return metadata_;
}

}  // namespace tenon::transform_saver
