// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "torch/module_tree.hpp"

#include <torch/nn/module.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <unordered_set>

namespace tenon::torch_engine {

namespace {

/// Calls `body` with each tensor that exists, once.
template <class Body>
void each_once(const std::vector<at::Tensor>& tensors, const Body& body) {
  std::unordered_set<const void*> seen;
  for (const at::Tensor& tensor : tensors)
    if (tensor.defined() && seen.insert(tensor.unsafeGetTensorImpl()).second) body(tensor);
}

std::string own_shapes(const torch::nn::Module& module) {
  boost::json::object shapes;
  for (const auto& item : module.named_parameters(/*recurse=*/false)) {
    if (!item.value().defined()) continue;
    boost::json::array shape;
    for (const std::int64_t size : item.value().sizes()) shape.emplace_back(size);
    shapes[item.key()] = std::move(shape);
  }
  return boost::json::serialize(shapes);
}

void add(const torch::nn::Module& module, std::string path, std::uint32_t depth, std::uint64_t parent,
         std::vector<loop::ModuleInfo>& to) {
  const std::uint64_t index = to.size();
  loop::ModuleInfo& info = to.emplace_back();
  info.path = path;
  info.type = type_name(module.name());
  info.depth = depth;
  info.parent = parent;
  info.shapes_json = own_shapes(module);
  each_once(module.parameters(), [&](const at::Tensor& tensor) {
    const auto numbers = static_cast<std::uint64_t>(tensor.numel());
    info.parameters += numbers;
    if (tensor.requires_grad()) info.trainable += numbers;
    info.bytes += tensor.nbytes();
  });
  each_once(module.buffers(), [&](const at::Tensor& tensor) {
    info.buffers += static_cast<std::uint64_t>(tensor.numel());
    info.bytes += tensor.nbytes();
  });
  for (const auto& child : module.named_children())
    add(*child.value(), path.empty() ? child.key() : path + "." + child.key(), depth + 1, index, to);
}

}  // namespace

std::vector<loop::ModuleInfo> module_tree(const torch::nn::Module& model) {
  std::vector<loop::ModuleInfo> modules;
  add(model, "", 0, TENON_NO_MODULE, modules);
  return modules;
}

std::string type_name(std::string_view demangled) {
  constexpr std::string_view anonymous = "(anonymous namespace)::";
  std::string out;
  std::size_t name = 0;  // where the one that is being read begins
  const auto end_name = [&] {
    const std::string_view read = std::string_view(out).substr(name);
    if (read.size() > 4 && read.ends_with("Impl")) out.resize(out.size() - 4);
  };
  for (std::size_t i = 0; i < demangled.size(); ++i) {
    const char c = demangled[i];
    if (demangled.substr(i).starts_with(anonymous)) {
      out.resize(name);
      i += anonymous.size() - 1;
    } else if (demangled.substr(i).starts_with("::")) {
      out.resize(name);
      ++i;
    } else if (c == '<' || c == '>' || c == ',' || c == ' ') {
      end_name();
      out += c;
      name = out.size();
    } else {
      out += c;
    }
  }
  end_name();
  return out;
}

}  // namespace tenon::torch_engine
