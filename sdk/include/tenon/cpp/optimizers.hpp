// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// tenon/cpp/optimizers.hpp - look at optimizers, ask for other settings.
#ifndef TENON_CPP_OPTIMIZERS_HPP
#define TENON_CPP_OPTIMIZERS_HPP

#include <vector>

#include "host.hpp"

namespace tenon {

/// Optimizers and their groups count from 0; there are none before on_fit_start.
class Optimizers {
 public:
  explicit Optimizers(Host host) : service_(host) {}

  std::uint32_t count() const { return service_.ask(&tenon_optimizers::count); }
  tenon_optimizer_info info(std::uint32_t optimizer) const {
    auto out = sized<tenon_optimizer_info>();
    service_.call(&tenon_optimizers::info, optimizer, &out);
    return out;
  }
  /// "lr" first.
  std::vector<std::string_view> option_names(std::uint32_t optimizer, std::uint32_t group = 0) const {
    std::vector<std::string_view> out;
    tenon_text name{};
    while (
        service_.found(&tenon_optimizers::option_name, optimizer, group, static_cast<std::uint32_t>(out.size()), &name))
      out.push_back(view(name));
    return out;
  }
  /// Nothing where the optimizer's type has no such setting.
  std::optional<double> option(std::uint32_t optimizer, std::uint32_t group, std::string_view name) const {
    double out = 0.0;
    if (!service_.found(&tenon_optimizers::option, optimizer, group, text(name), &out)) return std::nullopt;
    return out;
  }
  std::vector<tenon_tensor> parameters(std::uint32_t optimizer, std::uint32_t group) const {
    std::uint64_t there = 0;
    service_.call(&tenon_optimizers::parameters, optimizer, group, static_cast<tenon_tensor*>(nullptr),
                  std::uint64_t{0}, &there);
    std::vector<tenon_tensor> out(static_cast<std::size_t>(there));
    service_.call(&tenon_optimizers::parameters, optimizer, group, out.data(), there, &there);
    return out;
  }
  /// From the next commit point on.
  tenon_ticket set_option(std::uint32_t optimizer, std::uint32_t group, std::string_view name, double value,
                          std::string_view reason) const {
    tenon_ticket out = 0;
    service_.call(&tenon_optimizers::set_option, optimizer, group, text(name), value, text(reason), &out);
    return out;
  }

 private:
  Service<tenon_optimizers> service_;
};

}  // namespace tenon

#endif
