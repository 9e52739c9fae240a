// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// An optimizer's options and states, gone through by one list of their fields to write them and to read them back.
#ifndef TENON_TORCH_OPTIMIZER_FIELDS_HPP
#define TENON_TORCH_OPTIMIZER_FIELDS_HPP

#include <ATen/core/Tensor.h>
#include <tenon/tensor.h>

#include <boost/json/object.hpp>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "torch/tensor_view.hpp"

namespace tenon::torch_engine {

class Restoration;
class SavedTensors;

class OptionFields {
 public:
  virtual ~OptionFields() = default;
  virtual void operator()(const char* name, double& value) = 0;
  virtual void operator()(const char* name, bool& value) = 0;
  virtual void operator()(const char* name, std::int64_t& value) = 0;
  virtual void operator()(const char* name, std::tuple<double, double>& value) = 0;
  virtual void operator()(const char* name, std::optional<std::int64_t>& value) = 0;
  virtual void operator()(const char* name, std::optional<std::string>& value) = 0;
};

class OptionWriter final : public OptionFields {
 public:
  explicit OptionWriter(boost::json::object& to) : to_(to) {}
  void operator()(const char* name, double& value) override;
  void operator()(const char* name, bool& value) override { to_[name] = value; }
  void operator()(const char* name, std::int64_t& value) override { to_[name] = value; }
  void operator()(const char* name, std::tuple<double, double>& value) override;
  void operator()(const char* name, std::optional<std::int64_t>& value) override;
  void operator()(const char* name, std::optional<std::string>& value) override;

 private:
  boost::json::object& to_;
};

/// Throws std::invalid_argument for an option that is missing or of another kind.
class OptionReader final : public OptionFields {
 public:
  explicit OptionReader(const boost::json::object& from) : from_(from) {}
  void operator()(const char* name, double& value) override;
  void operator()(const char* name, bool& value) override;
  void operator()(const char* name, std::int64_t& value) override;
  void operator()(const char* name, std::tuple<double, double>& value) override;
  void operator()(const char* name, std::optional<std::int64_t>& value) override;
  void operator()(const char* name, std::optional<std::string>& value) override;

 private:
  const boost::json::value& at(const char* name) const;
  const boost::json::object& from_;
};

/// What a tensor of a state is like.
enum class Shape {
  parameter,  ///< as the parameter, of its type
  flat,       ///< one dimension over the numbers of all the optimizer's parameters, of their type
  one         ///< a single number of any type
};

class StateFields {
 public:
  virtual ~StateFields() = default;
  virtual void operator()(const char* key, std::int64_t& number) = 0;
  virtual void operator()(const char* key, double& number) = 0;
  /// An undefined tensor is one that is not there; one that is `required` must be.
  virtual void operator()(const char* key, at::Tensor& tensor, Shape shape, bool required) = 0;
  virtual void operator()(const char* key, std::deque<at::Tensor>& tensors, Shape shape) = 0;
};

/// A state's parts as tensors, `<prefix><key>`; numbers become tensors without dimensions (int64, float64), lists
/// `<key>.0`, `<key>.1`, ...
class StateOut final : public StateFields {
 public:
  /// `numbers`, where it is not NULL, is told which keys are numbers, and of what kind: "int", "float" or "bool".
  StateOut(std::string prefix, std::vector<NamedTensor>& out, boost::json::object* numbers = nullptr)
      : prefix_(std::move(prefix)), out_(out), numbers_(numbers) {}
  void operator()(const char* key, std::int64_t& number) override { put_number(key, number, "int"); }
  void operator()(const char* key, double& number) override;
  void operator()(const char* key, at::Tensor& tensor, Shape, bool) override { put(key, tensor); }
  void operator()(const char* key, std::deque<at::Tensor>& tensors, Shape) override;

  void put(const std::string& key, const at::Tensor& tensor);
  void put_number(const std::string& key, std::int64_t number, const char* kind);
  void put_number(const std::string& key, double number);

 private:
  void note(const std::string& key, const char* kind);
  std::string prefix_;
  std::vector<NamedTensor>& out_;
  boost::json::object* numbers_;
};

/// Reads a parameter's state into an object without one. Its tensors stand in the memory of `present`, the state that
/// the parameter has now, where that is alike, and get their numbers when the restoration is carried out.
class StateIn final : public StateFields {
 public:
  /// `what` ("optimizer 'main', first.weight") begins the lines of the table.
  StateIn(std::string what, std::string prefix, SavedTensors& saved, Restoration& restoration,
          const at::Tensor& parameter, std::int64_t flat, std::vector<NamedTensor> present)
      : what_(std::move(what)),
        prefix_(std::move(prefix)),
        saved_(saved),
        restoration_(restoration),
        parameter_(parameter),
        flat_(flat),
        present_(std::move(present)) {}
  void operator()(const char* key, std::int64_t& number) override;
  void operator()(const char* key, double& number) override;
  void operator()(const char* key, at::Tensor& tensor, Shape shape, bool required) override;
  void operator()(const char* key, std::deque<at::Tensor>& tensors, Shape shape) override;

  /// What is saved of it and was not asked for: (key, view).
  std::vector<std::pair<std::string, tenon_tensor_view>> others();
  /// A line about the state as a whole.
  void refuse(const std::string& line);
  const at::Tensor& parameter() const noexcept { return parameter_; }

 private:
  const tenon_tensor_view* number(const char* key, at::ScalarType type);
  at::Tensor take(const std::string& key, const tenon_tensor_view& view, Shape shape);

  std::string what_, prefix_;
  SavedTensors& saved_;
  Restoration& restoration_;
  at::Tensor parameter_;
  std::int64_t flat_;
  std::vector<NamedTensor> present_;
};

}  // namespace tenon::torch_engine

#endif
