// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "loop/open_engine.hpp"

#include <dlfcn.h>
#include <tenon/failure.hpp>

#include <boost/dll/runtime_symbol_info.hpp>
#include <boost/dll/shared_library.hpp>

namespace tenon::loop {

namespace {

boost::dll::shared_library& torch_library() {
  // RTLD_LOCAL, after ourselves: LibTorch exports symbols of its own copy of libstdc++, which must not replace ours.
  static boost::dll::shared_library* library = nullptr;
  const std::filesystem::path file =
      std::filesystem::path(boost::dll::this_line_location().string()).parent_path() / "libtenon_torch.so";
  if (!library) {
    auto opened = std::make_unique<boost::dll::shared_library>();
    std::error_code wrong;
    opened->load(file, wrong, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    if (wrong) {
      const char* why = dlerror();  // Boost's own code for it is always the same
      throw Failure(ExitCode::task,
                    "'" + file.string() +
                        "', which knows LibTorch, cannot be loaded: " + (why ? why : "no reason given") +
                        "\n  LibTorch must be where it was when Tenon was built. `bash packaging/setup.sh` brings back "
                        "what it had downloaded into its cache; to use another LibTorch, build again with it");
    }
    library = opened.release();
  }
  return *library;
}

}  // namespace

std::unique_ptr<Engine> open_torch_engine(const EngineRequest& request) {
  return std::unique_ptr<Engine>(torch_library().get<OpenEngine>("tenon_open_engine")(request));
}

void append_pt(std::span<const checkpoint::TensorRecord> tensors, const checkpoint::Append& append) {
  torch_library().get<checkpoint::AppendPt>("tenon_append_pt")(tensors, append);
}

}  // namespace tenon::loop
