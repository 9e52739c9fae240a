// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/optimizer_fields.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/scalar_tensor.h>

#include <boost/json/array.hpp>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "torch/restoration.hpp"

namespace tenon::torch_engine {
namespace {

namespace json = boost::json;

/// JSON has no infinity: "inf", "-inf" and "nan" stand as texts.
json::value to_json(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  return value;
}

double to_double(const char* name, const json::value& value) {
  if (value.is_number()) return value.to_number<double>();
  if (value == "inf") return std::numeric_limits<double>::infinity();
  if (value == "-inf") return -std::numeric_limits<double>::infinity();
  if (value == "nan") return std::numeric_limits<double>::quiet_NaN();
  throw std::invalid_argument(std::string(name) + " is saved as no number");
}

std::int64_t to_integer(const char* name, const json::value& value) {
  boost::system::error_code failed;
  const auto number = value.to_number<std::int64_t>(failed);
  if (failed) throw std::invalid_argument(std::string(name) + " is saved as no whole number");
  return number;
}

}  // namespace

void OptionWriter::operator()(const char* name, double& value) { to_[name] = to_json(value); }

void OptionWriter::operator()(const char* name, std::tuple<double, double>& value) {
  to_[name] = json::array{to_json(std::get<0>(value)), to_json(std::get<1>(value))};
}

void OptionWriter::operator()(const char* name, std::optional<std::int64_t>& value) {
  to_[name] = value ? json::value(*value) : json::value(nullptr);
}

void OptionWriter::operator()(const char* name, std::optional<std::string>& value) {
  to_[name] = value ? json::value(*value) : json::value(nullptr);
}

const json::value& OptionReader::at(const char* name) const {
  const json::value* value = from_.if_contains(name);
  if (value == nullptr) throw std::invalid_argument(std::string(name) + " was not saved");
  return *value;
}

void OptionReader::operator()(const char* name, double& value) { value = to_double(name, at(name)); }

void OptionReader::operator()(const char* name, bool& value) {
  const json::value& saved = at(name);
  if (!saved.is_bool()) throw std::invalid_argument(std::string(name) + " is saved neither as true nor as false");
  value = saved.get_bool();
}

void OptionReader::operator()(const char* name, std::int64_t& value) { value = to_integer(name, at(name)); }

void OptionReader::operator()(const char* name, std::tuple<double, double>& value) {
  const json::value& saved = at(name);
  if (!saved.is_array() || saved.get_array().size() != 2)
    throw std::invalid_argument(std::string(name) + " is not saved as two numbers");
  value = {to_double(name, saved.get_array()[0]), to_double(name, saved.get_array()[1])};
}

void OptionReader::operator()(const char* name, std::optional<std::int64_t>& value) {
  const json::value& saved = at(name);
  value = saved.is_null() ? std::nullopt : std::optional(to_integer(name, saved));
}

void OptionReader::operator()(const char* name, std::optional<std::string>& value) {
  const json::value& saved = at(name);
  if (!saved.is_null() && !saved.is_string()) throw std::invalid_argument(std::string(name) + " is saved as no text");
  value = saved.is_null() ? std::nullopt : std::optional(std::string(saved.get_string()));
}

void StateOut::note(const std::string& key, const char* kind) {
  if (numbers_ != nullptr) (*numbers_)[key] = kind;
}

void StateOut::operator()(const char* key, double& number) { put_number(key, number); }

void StateOut::operator()(const char* key, std::deque<at::Tensor>& tensors, Shape) {
  for (std::size_t i = 0; i < tensors.size(); ++i) put(std::string(key) + "." + std::to_string(i), tensors[i]);
}

void StateOut::put(const std::string& key, const at::Tensor& tensor) {
  if (tensor.defined()) out_.push_back({prefix_ + key, tensor});
}

void StateOut::put_number(const std::string& key, std::int64_t number, const char* kind) {
  note(key, kind);
  out_.push_back({prefix_ + key, at::scalar_tensor(number, at::kLong)});
}

void StateOut::put_number(const std::string& key, double number) {
  note(key, "float");
  out_.push_back({prefix_ + key, at::scalar_tensor(number, at::kDouble)});
}

void StateIn::refuse(const std::string& line) { restoration_.refuse(what_ + ": " + line); }

const tenon_tensor_view* StateIn::number(const char* key, at::ScalarType type) {
  const tenon_tensor_view* view = saved_.find(prefix_ + key);
  const char* wanted = type == at::kLong ? "i64 []" : "f64 []";
  const std::string saved = view == nullptr ? "" : text_of(*view);
  if (saved == wanted) return view;
  restoration_.differs(what_ + ", " + key, saved, wanted);
  return nullptr;
}

void StateIn::operator()(const char* key, std::int64_t& to) {
  if (const tenon_tensor_view* view = number(key, at::kLong)) to = tensor_of(*view).item<std::int64_t>();
}

void StateIn::operator()(const char* key, double& to) {
  if (const tenon_tensor_view* view = number(key, at::kDouble)) to = tensor_of(*view).item<double>();
}

void StateIn::operator()(const char* key, at::Tensor& tensor, Shape shape, bool required) {
  const tenon_tensor_view* view = saved_.find(prefix_ + key);
  if (view != nullptr)
    tensor = take(key, *view, shape);
  else if (required)
    restoration_.differs(what_ + ", " + key, "", "needed by the optimizer's options");
}

void StateIn::operator()(const char* key, std::deque<at::Tensor>& tensors, Shape shape) {
  for (std::size_t i = 0;; ++i) {
    const std::string one = std::string(key) + "." + std::to_string(i);
    const tenon_tensor_view* view = saved_.find(prefix_ + one);
    if (view == nullptr) return;
    tensors.push_back(take(one, *view, shape));
  }
}

at::Tensor StateIn::take(const std::string& key, const tenon_tensor_view& view, Shape shape) {
  const at::Tensor saved = tensor_of(view);
  const bool right = shape == Shape::one ? saved.numel() == 1
                                         : saved.scalar_type() == parameter_.scalar_type() &&
                                               (shape == Shape::flat ? saved.dim() == 1 && saved.numel() == flat_
                                                                     : saved.sizes() == parameter_.sizes());
  if (!right) {
    restoration_.differs(what_ + ", " + key, text_of(view),
                         shape == Shape::one    ? "one number"
                         : shape == Shape::flat ? std::to_string(flat_) + " numbers"
                                                : text_of(view_of(parameter_)));
    return {};
  }
  at::Tensor to;
  for (const NamedTensor& one : present_)  // LBFGS' tensors may share memory with one another: they are made anew
    if (shape == Shape::parameter && one.name == key && one.tensor.sizes() == saved.sizes() &&
        one.tensor.scalar_type() == saved.scalar_type())
      to = one.tensor;
  if (!to.defined() && shape == Shape::parameter) to = at::empty_like(parameter_, at::MemoryFormat::Preserve).detach();
  if (!to.defined()) to = at::empty(saved.sizes(), at::TensorOptions(saved.scalar_type()).device(parameter_.device()));
  restoration_.copy(to, view);
  return to;
}

std::vector<std::pair<std::string, tenon_tensor_view>> StateIn::others() {
  std::vector<std::pair<std::string, tenon_tensor_view>> all;
  for (const std::string& name : saved_.unused(prefix_))
    all.emplace_back(name.substr(prefix_.size()), *saved_.find(name));
  return all;
}

}  // namespace tenon::torch_engine
