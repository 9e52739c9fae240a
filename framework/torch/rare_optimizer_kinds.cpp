// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The kinds that need LibTorch's archives, which compile slowly: LBFGS, and optimizers of the user's own.
#include <cxxabi.h>
#include <torch/optim/lbfgs.h>
#include <torch/serialize/archive.h>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <typeinfo>

#include "torch/error_text.hpp"
#include "torch/known_kind.hpp"

namespace tenon::torch_engine {

namespace {

namespace optim = torch::optim;
namespace json = boost::json;

void lbfgs_options(optim::LBFGSOptions& o, OptionFields& field) {
  field("lr", o.lr());
  field("max_iter", o.max_iter());
  field("max_eval", o.max_eval());
  field("tolerance_grad", o.tolerance_grad());
  field("tolerance_change", o.tolerance_change());
  field("history_size", o.history_size());
  field("line_search_fn", o.line_search_fn());
}

std::vector<Setting> lbfgs_settings() {
  using O = optim::LBFGSOptions;
  return {number<O, &O::lr>("lr"), number<O, &O::tolerance_grad>("tolerance_grad"),
          number<O, &O::tolerance_change>("tolerance_change")};
}

/// `al` is left out, and a state that is read back has none: step() makes it and fills it before it reads it, and
/// between steps it holds undefined tensors.
void lbfgs_state(optim::LBFGSParamState& s, const optim::LBFGSOptions*, StateFields& field) {
  field("func_evals", s.func_evals());
  field("n_iter", s.n_iter());
  field("t", s.t());
  field("prev_loss", s.prev_loss());
  field("d", s.d(), Shape::flat, false);
  field("H_diag", s.H_diag(), Shape::one, false);
  field("prev_flat_grad", s.prev_flat_grad(), Shape::flat, false);
  field("old_dirs", s.old_dirs(), Shape::flat);
  field("old_stps", s.old_stps(), Shape::flat);
  field("ro", s.ro(), Shape::one);
}

class LbfgsKind final : public KnownKind<optim::LBFGSOptions, optim::LBFGSParamState> {
 public:
  LbfgsKind() : KnownKind("LBFGS", lbfgs_settings(), lbfgs_options, lbfgs_state) {}
  bool needs_closure() const override { return true; }
};

/// An archive can be read from once it has been saved. The bytes are ours: LibTorch's reader never sees a file's.
torch::serialize::InputArchive readable(torch::serialize::OutputArchive& written) {
  std::stringstream bytes;
  written.save_to(bytes);
  torch::serialize::InputArchive archive;
  archive.load_from(bytes);
  return archive;
}

/// What an object writes into an archive, by key.
template <class Object, class Take>
void each_written(const Object& object, const Take& take) {
  torch::serialize::OutputArchive written;
  object.serialize(written);
  torch::serialize::InputArchive archive = readable(written);
  for (const std::string& key : archive.keys()) {
    c10::IValue value;
    archive.read(key, value);
    take(key, value);
  }
}

json::value to_json(const c10::IValue& value) {
  if (value.isDouble()) return value.toDouble();
  if (value.isInt()) return value.toInt();
  if (value.isBool()) return value.toBool();
  if (value.isString()) return json::value(value.toStringRef());
  if (value.isTuple()) {
    json::array parts;
    for (const c10::IValue& part : value.toTupleRef().elements()) parts.push_back(to_json(part));
    return parts;
  }
  return nullptr;
}

/// The inverse, of the type that `like` has.
c10::IValue from_json(const std::string& key, const json::value& value, const c10::IValue& like) {
  if (like.isDouble() && value.is_number()) return value.to_number<double>();
  if (like.isInt() && value.is_int64()) return value.get_int64();
  if (like.isBool() && value.is_bool()) return value.get_bool();
  if (like.isString() && value.is_string()) return std::string(value.get_string());
  if (like.isTuple() && value.is_array() && value.get_array().size() == like.toTupleRef().elements().size()) {
    std::vector<c10::IValue> parts;
    for (const json::value& part : value.get_array())
      parts.push_back(from_json(key, part, like.toTupleRef().elements()[parts.size()]));
    return c10::ivalue::Tuple::create(std::move(parts));
  }
  if (like.isNone() || value.is_null()) {  // an option that may be absent: the saved value alone tells its type
    if (value.is_null()) return {};
    if (value.is_double()) return value.get_double();
    if (value.is_int64()) return value.get_int64();
    if (value.is_bool()) return value.get_bool();
    if (value.is_string()) return std::string(value.get_string());
  }
  throw std::invalid_argument(key + " is saved as " + json::serialize(value) + ", which is of another type");
}

c10::IValue number_of(const at::Tensor& tensor, std::string_view kind) {
  if (kind == "float") return tensor.item<double>();
  if (kind == "bool") return tensor.item<std::int64_t>() != 0;
  return tensor.item<std::int64_t>();
}

std::string type_name(const optim::Optimizer& optimizer) {
  const char* mangled = typeid(optimizer).name();
  int failed = 0;
  char* readable = abi::__cxa_demangle(mangled, nullptr, nullptr, &failed);
  const std::string name = failed == 0 ? readable : mangled;
  std::free(readable);
  return name;
}

/// An optimizer that derives from torch::optim::Optimizer and of which nothing else is known. Its learning rate can be
/// set where its options override get_lr() and set_lr().
class OwnKind final : public OptimizerKind {
 public:
  OwnKind(std::string name, bool has_lr)
      : OptimizerKind(has_lr ? std::vector<Setting>{{"lr", [](const optim::OptimizerOptions& o) { return o.get_lr(); },
                                                     [](optim::OptimizerOptions& o, double value) { o.set_lr(value); }}}
                             : std::vector<Setting>{}),
        name_(std::move(name)) {}
  const std::string& name() const override { return name_; }

  json::object options(const optim::OptimizerOptions& options) const override {
    json::object described;
    try {
      each_written(options, [&](const std::string& key, const c10::IValue& value) { described[key] = to_json(value); });
    } catch (const c10::Error&) {  // serialize() is not overridden: only the learning rate can be told
      described.clear();
    }
    if (const Setting* lr = setting("lr")) described["lr"] = lr->get(options);
    return described;
  }

  void read_options(optim::OptimizerOptions& options, const json::object& saved) const override {
    bool written = true;
    torch::serialize::OutputArchive archive;
    try {
      each_written(options, [&](const std::string& key, const c10::IValue& like) {
        const json::value* value = saved.if_contains(key);
        if (value == nullptr) throw std::invalid_argument(key + " was not saved");
        archive.write(key, from_json(key, *value, like));
      });
    } catch (const c10::Error&) {
      written = false;
    }
    if (written) {
      torch::serialize::InputArchive from = readable(archive);
      options.serialize(from);
    } else if (const Setting* lr = setting("lr")) {
      const json::value* value = saved.if_contains("lr");
      if (value == nullptr || !value->is_number()) throw std::invalid_argument("lr was not saved");
      lr->set(options, value->to_number<double>());
    }
  }

  void append_state(optim::OptimizerParamState& state, StateOut& out) const override {
    try {
      each_written(state, [&](const std::string& key, const c10::IValue& value) {
        if (value.isTensor())
          out.put(key, value.toTensor());
        else if (value.isDouble())
          out.put_number(key, value.toDouble());
        else if (value.isInt())
          out.put_number(key, value.toInt(), "int");
        else if (value.isBool())
          out.put_number(key, std::int64_t{value.toBool()}, "bool");
        else
          throw std::invalid_argument("'" + key + "' is neither a tensor nor a number");
      });
    } catch (const std::exception& error) {
      throw std::runtime_error("the state of optimizer type '" + name_ + "' cannot be saved: " + error_text(error) +
                               "; let its OptimizerParamState override serialize(OutputArchive&), writing tensors and "
                               "numbers");
    }
  }

  bool needs_fresh_state() const override { return true; }

  std::unique_ptr<optim::OptimizerParamState> read_state(const optim::OptimizerOptions&, StateIn& in,
                                                         const MakeState& fresh,
                                                         const json::object& numbers) const override {
    try {
      torch::serialize::OutputArchive written;
      for (const auto& [key, view] : in.others()) {
        const at::Tensor saved = tensor_of(view);
        const json::value* kind = numbers.if_contains(key);
        if (kind != nullptr && kind->is_string() && saved.numel() == 1)
          written.write(key, number_of(saved, kind->get_string()));
        else
          written.write(key, c10::IValue(saved.to(in.parameter().device(), saved.scalar_type(), false, true)));
      }
      torch::serialize::InputArchive archive = readable(written);
      std::unique_ptr<optim::OptimizerParamState> state = fresh();
      state->serialize(archive);
      return state;
    } catch (const std::exception& error) {
      in.refuse("its type '" + name_ + "' cannot read the saved state: " + error_text(error));
      return nullptr;
    }
  }

 private:
  std::string name_;
};

}  // namespace

std::shared_ptr<const OptimizerKind> lbfgs_kind(const optim::Optimizer& optimizer) {
  return dynamic_cast<const optim::LBFGS*>(&optimizer) ? std::make_shared<LbfgsKind>() : nullptr;
}

std::shared_ptr<const OptimizerKind> own_kind(const optim::Optimizer& optimizer) {
  bool has_lr = true;
  try {
    for (const optim::OptimizerParamGroup& group : optimizer.param_groups()) group.options().get_lr();
  } catch (const c10::Error&) {  // LibTorch's way to say that get_lr() is not overridden
    has_lr = false;
  }
  return std::make_shared<OwnKind>(type_name(optimizer), has_lr);
}

}  // namespace tenon::torch_engine
