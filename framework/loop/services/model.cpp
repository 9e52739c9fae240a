// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "chain/abi.hpp"
#include "loop/services/services.hpp"

namespace tenon::loop {

namespace {

using chain::AbiError;
using chain::guard;

/// Asked of the engine once: texts that a callback was given stay where they are.
const std::vector<ModuleInfo>& modules_of(LoopServices& services) {
  static const std::vector<ModuleInfo> none;
  if (!services.fit_started) return none;
  if (!services.modules) services.modules = services.engine->modules();
  return *services.modules;
}

std::uint64_t TENON_CALL count(const tenon_host* host) {
  try {
    return modules_of(on_loop_thread(host).services).size();
  } catch (...) {
    return 0;
  }
}

tenon_status TENON_CALL module_at(const tenon_host* host, std::uint64_t index, tenon_module_info* out,
                                  tenon_error* error) {
  return guard(error, [&] {
    const Caller c = on_loop_thread(host);
    const std::vector<ModuleInfo>& modules = modules_of(c.services);
    if (index >= modules.size())
      throw AbiError(TENON_E_NOT_FOUND, !c.services.fit_started
                                            ? "there are no modules before on_fit_start"
                                            : "there is no module " + std::to_string(index) + "; the model has " +
                                                  std::to_string(modules.size()));
    const ModuleInfo& found = modules[index];
    tenon_module_info info{};
    info.struct_size = sizeof info;
    info.depth = found.depth;
    info.parent = found.parent;
    info.path = chain::to_text(found.path);
    info.type = chain::to_text(found.type);
    info.shapes_json = chain::to_text(found.shapes_json);
    info.parameters = found.parameters;
    info.trainable = found.trainable;
    info.buffers = found.buffers;
    info.bytes = found.bytes;
    chain::fill_sized(out, info);
  });
}

}  // namespace

const tenon_model model_service{sizeof(tenon_model), 0, &count, &module_at};

}  // namespace tenon::loop
