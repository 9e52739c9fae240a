// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// A copy of the program in a folder of its own, with just the plugins and tasks that a test puts there.
#ifndef TENON_TESTS_CLI_INSTALLATION_HPP
#define TENON_TESTS_CLI_INSTALLATION_HPP

#include <sys/wait.h>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

namespace cli_test {

namespace fs = std::filesystem;

struct Outcome {
  int code = 0;
  std::string out, err;  ///< with the installation's folder written as <here>
};

class Installation {
 public:
  Installation() {
    std::string name = (fs::temp_directory_path() / "tenon-cli-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder like " + name);
    root_ = fs::canonical(name);
    for (const char* folder : {"bin", "plugins", "tasks", "work"}) fs::create_directory(root_ / folder);
    fs::copy_file(TENON_PROGRAM, root_ / "bin/tenon");
    fs::copy_file(SAMPLE_PLUGIN, root_ / "plugins/sample.so");
    fs::copy_file(SAMPLE_TASK, root_ / "tasks/sample_task.so");
  }
  Installation(const Installation&) = delete;
  Installation& operator=(const Installation&) = delete;
  ~Installation() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }

  const fs::path& root() const { return root_; }

  fs::path write(const fs::path& relative, const std::string& text) const {
    fs::create_directories((root_ / relative).parent_path());
    std::ofstream(root_ / relative) << text;
    return root_ / relative;
  }

  /// Runs the program in <here>/work. `arguments` is for the shell; `environment` is "NAME=value ...".
  Outcome run(const std::string& arguments, const std::string& environment = "") const {
    const std::string command = "cd '" + (root_ / "work").string() + "' && env -u TENON_PLUGIN_PATH XDG_DATA_HOME='" +
                                (root_ / "data").string() + "' TERM=xterm " + environment + " ../bin/tenon " +
                                arguments + " > ../out 2> ../err < /dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read("out"), read("err")};
  }

 private:
  std::string read(const char* name) const {
    std::ostringstream text;
    text << std::ifstream(root_ / name).rdbuf();
    std::string all = text.str();
    for (std::size_t at; (at = all.find(root_.string())) != std::string::npos;)
      all.replace(at, root_.string().size(), "<here>");
    return all;
  }

  fs::path root_;
};

inline boost::json::value parse(const std::string& text) { return boost::json::parse(text); }

}  // namespace cli_test

#endif
