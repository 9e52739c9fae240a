// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// What the chain's tests share: a callback made of functions given by the test, and a chain in a folder of its own.
#ifndef TENON_TESTS_CHAIN_RECORDER_HPP
#define TENON_TESTS_CHAIN_RECORDER_HPP

#include <tenon/plugin.hpp>

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

#include "chain/chain.hpp"

namespace tenon::chain::test {

/// A folder under the system's temporary one, gone with the object.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "tenon-test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// What `body` makes the process write to stderr.
inline std::string stderr_of(const std::function<void()>& body) {
  const Folder folder;
  const std::string file = (folder.path() / "stderr").string();
  const int kept = dup(STDERR_FILENO), captured = open(file.c_str(), O_RDWR | O_CREAT, 0600);
  dup2(captured, STDERR_FILENO);
  body();
  dup2(kept, STDERR_FILENO);
  close(kept);
  close(captured);
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A host that has no service of its own.
struct NoServices : ServiceProvider {
  const void* service(std::string_view) override { return nullptr; }
};

/// One chain with all it needs.
struct Bench {
  Folder folder;
  NoServices services;
  Chain chain;

  explicit Bench(AbiModel model = {})
      : chain(services, {folder.path() / "run", folder.path() / "manifest"}, std::move(model)) {}

  Callback& add(const tenon_descriptor& kind, const std::string& id, std::optional<OnError> on_error = std::nullopt,
                boost::json::object options = {}) {
    return chain.add({kind.name, id, on_error, std::move(options), "run.json:7 /callbacks/0"}, kind, {});
  }
};

}  // namespace tenon::chain::test

#endif
