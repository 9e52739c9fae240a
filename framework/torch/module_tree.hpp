// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#ifndef TENON_TORCH_MODULE_TREE_HPP
#define TENON_TORCH_MODULE_TREE_HPP

#include <string>
#include <string_view>
#include <vector>

#include "loop/engine.hpp"

namespace torch::nn {
class Module;
}

namespace tenon::torch_engine {

/// As Engine::modules(). A module that is registered in several places stands in each of them.
std::vector<loop::ModuleInfo> module_tree(const torch::nn::Module& model);

/// "Linear" of "torch::nn::LinearImpl", as people write it: without namespaces, and without the "Impl" that LibTorch's
/// module holders add. Template arguments stay: "Block<Linear, 3>".
std::string type_name(std::string_view demangled);

}  // namespace tenon::torch_engine

#endif
