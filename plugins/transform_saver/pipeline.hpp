// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// The option "transforms": which transforms a save goes through, in order.
#ifndef TENON_PLUGINS_TRANSFORM_SAVER_PIPELINE_HPP
#define TENON_PLUGINS_TRANSFORM_SAVER_PIPELINE_HPP

#include <tenon/plugin.hpp>

#include <string>
#include <vector>

namespace tenon::transform_saver {

class Pipeline {
 public:
  /// Reads it and writes short forms out: {"cast": "f16"} is {"cast": {"dtype": "f16"}}, {"scale": 0.5} is
  /// {"scale": {"factor": 0.5}}. Throws Error when the callback that a name speaks of is not in the manifest.
  explicit Pipeline(Host host);

  /// Borrows from this pipeline.
  std::vector<tenon_transform_use> uses() const;
  /// {"transforms": [{"scale": {"factor": 0.5}}, {"cast": {"dtype": "f16"}}]}
  std::string metadata(Host host) const;
  /// From on_fit_start on. Throws Error naming the option where a use cannot be carried out.
  void check(Host host) const;

 private:
  struct Use {
    std::string name;
    std::string options;
    std::string pointer;
  };
  std::vector<Use> uses_;
};

}  // namespace tenon::transform_saver

#endif
