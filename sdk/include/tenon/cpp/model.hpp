// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/model.hpp - the tree of modules.
#ifndef TENON_CPP_MODEL_HPP
#define TENON_CPP_MODEL_HPP

#include <vector>

#include "host.hpp"

namespace tenon {

class Model {
 public:
  explicit Model(Host host) : service_(host) {}

  std::uint64_t count() const { return service_.ask(&tenon_model::count); }
  tenon_module_info module_at(std::uint64_t index) const {
    auto out = sized<tenon_module_info>();
    service_.call(&tenon_model::module_at, index, &out);
    return out;
  }
  /// All of them, parents before children; none before on_fit_start.
  std::vector<tenon_module_info> modules() const {
    std::vector<tenon_module_info> out(static_cast<std::size_t>(count()));
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = module_at(i);
    return out;
  }

 private:
  Service<tenon_model> service_;
};

}  // namespace tenon

#endif
