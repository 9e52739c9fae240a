// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Runs the built program in a folder of its own, as a user would.
#ifndef TENON_TESTS_RUNS_PROGRAM_HPP
#define TENON_TESTS_RUNS_PROGRAM_HPP

#include <sys/wait.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace runs_test {

namespace fs = std::filesystem;

inline const fs::path build_folder = TENON_BINARY_DIR;

struct Outcome {
  int code = 0;  ///< exit code, 128 + signal when it was killed
  std::string out, err;
};

inline std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

inline std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

class Workplace {
 public:
  Workplace() {
    std::string name = (fs::temp_directory_path() / "tenon-runs-XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a folder like " + name);
    root_ = fs::canonical(name);
  }
  Workplace(const Workplace&) = delete;
  ~Workplace() {
    std::error_code ignored;
    fs::remove_all(root_, ignored);
  }
  fs::path operator/(const std::string& name) const { return root_ / name; }
  const fs::path& root() const { return root_; }

  fs::path write(const std::string& name, const std::string& text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
    return root_ / name;
  }

  /// A manifest that trains digits for two epochs with these callbacks (the inside of a JSON list).
  void manifest(const std::string& callbacks, const std::string& rest = "",
                const std::string& task = "{\"library\": \"digits\"}") const {
    write("run.json", "{\"task\": " + task +
                          ", \"trainer\": {\"max_epochs\": 2, \"threads\": 1, \"limit_train_batches\": 5}" + rest +
                          ", \"callbacks\": [" + callbacks + "]}");
  }

  /// `arguments` is for the shell; run in the workplace.
  Outcome run(const std::string& arguments) const {
    const std::string command = "cd '" + root_.string() + "' && env -u TENON_PLUGIN_PATH XDG_DATA_HOME='" +
                                (root_ / "data").string() + "' '" + (build_folder / "bin/tenon").string() + "' " +
                                arguments + " > out.txt 2> err.txt < /dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read(root_ / "out.txt"),
            read(root_ / "err.txt")};
  }

 private:
  fs::path root_;
};

}  // namespace runs_test

#endif
