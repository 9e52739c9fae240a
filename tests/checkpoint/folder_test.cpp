// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include "checkpoint/folder.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>

#include "checkpoint/document.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
using Names = std::set<std::string>;

BOOST_AUTO_TEST_CASE(a_written_checkpoint_has_its_three_files_and_nothing_else_is_left) {
  const ScratchFolder scratch;
  {
    const auto folder = Folder::open(scratch.path() / "a" / "checkpoints", "run-1");
    const Written written = folder->write(full_content("epoch=3-step=120"));
    BOOST_TEST(written.name == "epoch=3-step=120");
    BOOST_TEST(written.path == scratch.path() / "a" / "checkpoints" / "epoch=3-step=120.ckpt");
    BOOST_TEST((entries(written.path) == Names{"checkpoint.json", "model.safetensors", "training.safetensors"}));
    folder->set_ref("last", written.name);
    BOOST_TEST(folder->ref("last").value() == written.name);
    BOOST_TEST_MESSAGE(read_text(written.path / "checkpoint.json"));
    BOOST_TEST(folder->write(full_content("epoch=3-step=120")).name == "epoch=3-step=120-v1");
    folder->remove("epoch=3-step=120-v1");
  }
  BOOST_TEST((entries(scratch.path() / "a" / "checkpoints") == Names{"epoch=3-step=120.ckpt", "last.ckpt"}));
}
