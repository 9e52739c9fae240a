// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Optimizers' states from a checkpoint.
#include <torch/optim/optimizer.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <exception>
#include <memory>
#include <set>
#include <tenon/json_text.hpp>

#include "torch/error_text.hpp"
#include "torch/optimizers.hpp"
#include "torch/restoration.hpp"

namespace tenon::torch_engine {
namespace {

namespace optim = torch::optim;
namespace json = boost::json;

/// "a, b, c and 4 more"
std::string listed(const json::array& names) {
  constexpr std::size_t most = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < most; ++i)
    text += (i == 0 ? "" : ", ") + (names[i].is_string() ? std::string(names[i].get_string()) : json_text(names[i]));
  return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

void compare_parameters(const std::string& what, const json::array& saved, const json::array& now,
                        Restoration& restoration) {
  if (saved == now) return;
  const auto without = [](const json::array& from, const json::array& others) {
    json::array left;
    for (const json::value& one : from)
      if (std::find(others.begin(), others.end(), one) == others.end()) left.push_back(one);
    return left;
  };
  const json::array only_saved = without(saved, now), only_now = without(now, saved);
  if (only_saved.empty() && only_now.empty() && saved.size() == now.size())
    restoration.refuse(what + ": its parameters stood in another order when saved: " + listed(saved));
  else
    restoration.differs(what + ", parameters", listed(only_saved), listed(only_now));
}

}  // namespace

void Optimizers::restore(const json::array& described, SavedTensors& saved, bool options, Restoration& restoration) {
  std::set<std::string> known;
  for (std::size_t i = 0; i < optimizers_.size(); ++i) {
    known.insert(optimizers_[i].name);
    const json::object* found = nullptr;
    for (const json::value& one : described)
      if (one.is_object() && string_at(one.get_object(), "name") == optimizers_[i].name) found = &one.get_object();
    if (found != nullptr)
      restore_one(i, *found, saved, options, restoration);
    else
      restoration.differs("optimizer '" + optimizers_[i].name + "'", "", kinds_[i]->name());
  }
  for (const json::value& one : described)
    if (one.is_object() && known.count(string_at(one.get_object(), "name")) == 0)
      restoration.differs("optimizer '" + string_at(one.get_object(), "name") + "'",
                          string_at(one.get_object(), "type"), "");
  if (!restoration.fits()) return;  // its tensors are then left over, too
  for (const std::string& name : saved.unused("optimizer/")) restoration.differs(name, "a tensor", "");
}

void Optimizers::restore_one(std::size_t index, const json::object& described, SavedTensors& saved, bool with_options,
                             Restoration& restoration) {
  const NamedOptimizer& one = optimizers_[index];
  const OptimizerKind& kind = *kinds_[index];
  const std::string what = "optimizer '" + one.name + "'";
  if (const std::string type = string_at(described, "type"); type != kind.name())
    return restoration.differs(what, type, kind.name());
  const json::array& groups = array_at(described, "groups");
  auto& now = one.optimizer->param_groups();
  if (groups.size() != now.size())
    return restoration.differs(what + ", parameter groups", std::to_string(groups.size()), std::to_string(now.size()));

  std::int64_t flat = 0;
  for (const optim::OptimizerParamGroup& group : now)
    for (const at::Tensor& parameter : group.params()) flat += parameter.numel();
  for (std::size_t g = 0; g < now.size(); ++g) {
    const json::object& group = groups[g].is_object() ? groups[g].get_object() : object_at({}, "");
    compare_parameters(what + ", group " + std::to_string(g), array_at(group, "parameters"), names_of(now[g].params()),
                       restoration);
    const auto restored = with_options ? restore_options(index, g, group, restoration) : nullptr;
    const optim::OptimizerOptions& options = restored ? *restored : now[g].options();
    for (const at::Tensor& parameter : now[g].params()) {
      const std::string& name = *model_.name_of(parameter);
      const std::string prefix = "optimizer/" + one.name + "/" + name + "/";
      auto& states = one.optimizer->state();
      void* const key = parameter.unsafeGetTensorImpl();
      const auto present = states.find(key);
      if (!saved.any(prefix)) {
        if (kind.has_state_from_start())
          restoration.differs(what + ", state of " + name, "", "needed by " + kind.name());
        else if (present != states.end())
          restoration.then([&states, key] { states.erase(key); });
        continue;
      }
      if (kind.needs_fresh_state() && !one.make_state) {
        restoration.refuse(what + ": its type '" + kind.name() + "' needs NamedOptimizer::make_state to be restored");
        break;
      }
      std::vector<NamedTensor> tensors;
      if (present != states.end() && !kind.needs_fresh_state()) {
        StateOut out("", tensors);
        kind.append_state(*present->second, out);
      }
      StateIn in(what + ", " + name, prefix, saved, restoration, parameter, flat, std::move(tensors));
      // What is copied later must be copyable.
      auto state = std::make_shared<std::unique_ptr<optim::OptimizerParamState>>(
          kind.read_state(options, in, one.make_state, object_at(described, "numbers")));
      restoration.then([&states, key, state] { states[key] = std::move(*state); });
    }
  }
  // In a running training counts do not go back.
  restoration.then(
      [this, index, steps = count_at(described, "steps")] { steps_[index] = std::max(steps_[index], steps); });
}

std::unique_ptr<optim::OptimizerOptions> Optimizers::restore_options(std::size_t index, std::size_t group,
                                                                     const json::object& described,
                                                                     Restoration& restoration) {
  const OptimizerKind& kind = *kinds_[index];
  const std::string what = "optimizer '" + optimizers_[index].name + "', group " + std::to_string(group);
  optim::OptimizerOptions& now = optimizers_[index].optimizer->param_groups()[group].options();
  const json::object& saved = object_at(described, "options");
  std::unique_ptr<optim::OptimizerOptions> options;
  try {
    options = now.clone();
    kind.read_options(*options, saved);
  } catch (const std::exception& error) {
    restoration.refuse(what + ", options: " + error_text(error));
    return nullptr;
  }
  const json::object& told = object_at(described, "begun_with");
  const json::object& begun = told.empty() ? saved : told;
  for (const auto& option : begun_with_[index][group].get_object())
    if (const json::value* old = begun.if_contains(option.key()); old != nullptr && *old != option.value())
      restoration.remark(what + ": " + std::string(option.key()) + " is " + json_text(option.value()) +
                         " in the task, but the run was begun with " + json_text(*old) +
                         "; it goes on with what was saved");
  restoration.then([this, index, group, &kind, saved, begun] {
    kind.read_options(optimizers_[index].optimizer->param_groups()[group].options(), saved);
    begun_with_[index][group] = begun;
  });
  return options;
}

}  // namespace tenon::torch_engine
