// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The kinds that need LibTorch's archives, which compile slowly: LBFGS, and optimizers of the user's own.
#include <cxxabi.h>
#include <torch/optim/lbfgs.h>
#include <torch/serialize/archive.h>

#include <boost/json/array.hpp>
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

json::object describe_lbfgs(const optim::LBFGSOptions& o) {
  json::object options{{"lr", o.lr()},
                       {"max_iter", o.max_iter()},
                       {"max_eval", nullptr},
                       {"tolerance_grad", o.tolerance_grad()},
                       {"tolerance_change", o.tolerance_change()},
                       {"history_size", o.history_size()},
                       {"line_search_fn", nullptr}};
  if (o.max_eval()) options["max_eval"] = *o.max_eval();
  if (o.line_search_fn()) options["line_search_fn"] = *o.line_search_fn();
  return options;
}

std::vector<Setting> lbfgs_settings() {
  using O = optim::LBFGSOptions;
  return {number<O, &O::lr>("lr"), number<O, &O::tolerance_grad>("tolerance_grad"),
          number<O, &O::tolerance_change>("tolerance_change")};
}

/// `al` is left out: step() fills it before it reads it, and between steps it holds undefined tensors.
void put_lbfgs(optim::LBFGSParamState& s, const StateOut& out) {
  out("func_evals", s.func_evals());
  out("n_iter", s.n_iter());
  out("t", s.t());
  out("prev_loss", s.prev_loss());
  out("d", s.d());
  out("H_diag", s.H_diag());
  out("prev_flat_grad", s.prev_flat_grad());
  out("old_dirs", s.old_dirs());
  out("old_stps", s.old_stps());
  out("ro", s.ro());
}

class LbfgsKind final : public KnownKind<optim::LBFGSOptions, optim::LBFGSParamState> {
 public:
  LbfgsKind() : KnownKind("LBFGS", lbfgs_settings(), describe_lbfgs, put_lbfgs) {}
  bool needs_closure() const override { return true; }
};

/// What an object writes into an archive, by key.
template <class Object, class Take>
void each_written(const Object& object, const Take& take) {
  torch::serialize::OutputArchive written;
  object.serialize(written);
  std::stringstream bytes;
  written.save_to(bytes);
  torch::serialize::InputArchive archive;
  archive.load_from(bytes);
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

  void append_state(optim::OptimizerParamState& state, const StateOut& out) const override {
    try {
      each_written(state, [&](const std::string& key, const c10::IValue& value) {
        if (value.isTensor())
          out(key, value.toTensor());
        else if (value.isDouble())
          out(key, value.toDouble());
        else if (value.isInt() || value.isBool())
          out(key, value.isBool() ? std::int64_t{value.toBool()} : value.toInt());
        else
          throw std::invalid_argument("'" + key + "' is neither a tensor nor a number");
      });
    } catch (const std::exception& error) {
      throw std::runtime_error("the state of optimizer type '" + name_ + "' cannot be saved: " + error_text(error) +
                               "; let its OptimizerParamState override serialize(OutputArchive&), writing tensors and "
                               "numbers");
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
