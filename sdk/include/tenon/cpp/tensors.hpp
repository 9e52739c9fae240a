// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/tensors.hpp - the training's tensors by name, own tensors, arithmetic over lists.
#ifndef TENON_CPP_TENSORS_HPP
#define TENON_CPP_TENSORS_HPP

#include <vector>

#include "host.hpp"

namespace tenon {

/// Handles of a whole group, TENON_TENSORS_*.
inline std::vector<tenon_tensor> tensors(Host host, std::int32_t group) {
  const Service<tenon_tensors> service(host);
  std::vector<tenon_tensor> out(static_cast<std::size_t>(service.ask(&tenon_tensors::count, group)));
  std::uint64_t written = 0;
  service.call(&tenon_tensors::list, group, out.data(), std::uint64_t{out.size()}, &written);
  out.resize(static_cast<std::size_t>(written));
  return out;
}
inline std::optional<tenon_tensor> find_tensor(Host host, std::int32_t group, std::string_view name) {
  tenon_tensor out = 0;
  if (!Service<tenon_tensors>(host).found(&tenon_tensors::find, group, text(name), &out)) return std::nullopt;
  return out;
}
inline tenon_tensor_info tensor_info(Host host, tenon_tensor tensor) {
  auto out = sized<tenon_tensor_info>();
  Service<tenon_tensors>(host).call(&tenon_tensors::info, tensor, &out);
  return out;
}
/// The name lives as long as the handle.
inline std::string_view tensor_name(Host host, tenon_tensor tensor) { return view(tensor_info(host, tensor).name); }
/// A look at it where it lies, until the hook returns; `data` may be a device's address.
inline tenon_tensor_view tensor_view(Host host, tenon_tensor tensor) {
  tenon_tensor_view out{};
  Service<tenon_tensors>(host).call(&tenon_tensors::view, tensor, &out);
  return out;
}

/// Values of many, row-major, one tensor after the other.
inline std::vector<double> tensor_values(Host host, const std::vector<tenon_tensor>& tensors) {
  std::uint64_t numbers = 0;
  for (const tenon_tensor tensor : tensors) numbers += tensor_info(host, tensor).elements;
  std::vector<double> out(static_cast<std::size_t>(numbers));
  Service<tenon_tensors>(host).call(&tenon_tensors::values, tensors.data(), std::uint64_t{tensors.size()}, out.data(),
                                    std::uint64_t{out.size()});
  return out;
}

/// A tensor of the callback's own, made in on_fit_start or later and kept as a member: part of every full checkpoint,
/// dropped with the object. Its numbers are written through TensorOps, or through tensor_view().
class OwnTensor {
 public:
  OwnTensor() = default;
  /// `fill` is TENON_FILL_*; an absent dtype is that of `like`. What a checkpoint gives back is not filled: restored().
  OwnTensor(Host host, std::string_view name, tenon_tensor like, std::int32_t fill, tenon_dtype dtype = {})
      : host_(host.raw()) {
    std::uint32_t restored = 0;
    const Service<tenon_tensors> service(host);
    drop_ = service.function(&tenon_tensors::drop);
    service.call(&tenon_tensors::create, text(name), like, dtype, fill, &tensor_, &restored);
    restored_ = restored != 0;
  }
  OwnTensor(OwnTensor&& other) noexcept { swap(other); }
  OwnTensor& operator=(OwnTensor&& other) noexcept {
    OwnTensor(std::move(other)).swap(*this);
    return *this;
  }
  ~OwnTensor() {
    if (tensor_) drop_(host_, tensor_, nullptr);
  }
  tenon_tensor handle() const noexcept { return tensor_; }
  bool restored() const noexcept { return restored_; }

 private:
  void swap(OwnTensor& other) noexcept {
    std::swap(host_, other.host_);
    std::swap(drop_, other.drop_);
    std::swap(tensor_, other.tensor_);
    std::swap(restored_, other.restored_);
  }
  const tenon_host* host_ = nullptr;
  decltype(tenon_tensors::drop) drop_ = nullptr;
  tenon_tensor tensor_ = 0;
  bool restored_ = false;
};

/// The lists of one call have one length.
class TensorOps {
 public:
  explicit TensorOps(Host host) : service_(host) {}
  /// to = from, converted to the type of `to`.
  void copy(const std::vector<tenon_tensor>& to, const std::vector<tenon_tensor>& from) const {
    service_.call(&tenon_tensor_ops::copy, to.data(), from.data(), same_length(to, from));
  }
  void copy(tenon_tensor to, tenon_tensor from) const {
    service_.call(&tenon_tensor_ops::copy, &to, &from, std::uint64_t{1});
  }
  /// to += factor * from.
  void axpy(const std::vector<tenon_tensor>& to, const std::vector<tenon_tensor>& from, double factor) const {
    service_.call(&tenon_tensor_ops::axpy, to.data(), from.data(), same_length(to, from), factor);
  }
  /// to *= factor.
  void scale(const std::vector<tenon_tensor>& to, double factor) const {
    service_.call(&tenon_tensor_ops::scale, to.data(), std::uint64_t{to.size()}, factor);
  }
  void scale(tenon_tensor to, double factor) const {
    service_.call(&tenon_tensor_ops::scale, &to, std::uint64_t{1}, factor);
  }
  /// to += weight * (from - to).
  void lerp(const std::vector<tenon_tensor>& to, const std::vector<tenon_tensor>& from, double weight) const {
    service_.call(&tenon_tensor_ops::lerp, to.data(), from.data(), same_length(to, from), weight);
  }

 private:
  static std::uint64_t same_length(const std::vector<tenon_tensor>& to, const std::vector<tenon_tensor>& from) {
    if (to.size() == from.size()) return to.size();
    throw Error(TENON_E_INVALID_ARGUMENT,
                "lists of " + std::to_string(to.size()) + " and " + std::to_string(from.size()) + " tensors");
  }
  Service<tenon_tensor_ops> service_;
};

}  // namespace tenon

#endif
