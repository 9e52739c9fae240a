// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
#include <boost/test/unit_test.hpp>
#include <cerrno>
#include <filesystem>
#include <memory>
#include <set>
#include <string>

#include "checkpoint/checkpoint.hpp"
#include "checkpoint/folder.hpp"
#include "sample_content.hpp"
#include "scratch_folder.hpp"

using namespace tenon::checkpoint;
using namespace tenon::test;
using Names = std::set<std::string>;
namespace fs = std::filesystem;

namespace {

/// As on a network file system or a memory stick.
class PlainFileSystem : public FileSystem {
 public:
  int rename_new_at(int, const char*, int, const char*) override {
    errno = EINVAL;
    return -1;
  }
  int make_link_at(const char*, int, const char*) override {
    errno = EPERM;
    return -1;
  }
};

struct OpenFolder {
  ScratchFolder scratch;
  PlainFileSystem plain;
  std::unique_ptr<Folder> folder = Folder::open(scratch.path(), "run-1");

  fs::path path(const std::string& name) const { return scratch.path() / name; }
  Names entries() const {
    Names names = tenon::test::entries(scratch.path());
    names.erase(".tenon-lock");
    return names;
  }
};

void check_refused(Folder& folder, const std::string& ref, const std::string& target, const std::string& text) {
  const auto fits = [&](const WriteError& error) {
    BOOST_TEST_MESSAGE(error.what());
    return std::string(error.what()).find(text) != std::string::npos;
  };
  BOOST_CHECK_EXCEPTION(folder.set_ref(ref, target), WriteError, fits);
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(a_ref_is_a_relative_link_that_moves, OpenFolder) {
  folder->write(full_content("a"));
  folder->write(full_content("sub/b"));
  BOOST_TEST(!folder->ref("last").has_value());
  folder->set_ref("last", "a");
  BOOST_TEST(fs::read_symlink(path("last.ckpt")) == "a.ckpt");
  folder->set_ref("last", "sub/b");
  BOOST_TEST(folder->ref("last").value() == "sub/b");
  Checkpoint::open(path("last.ckpt")).verify();
  BOOST_TEST((entries() == Names{"a.ckpt", "sub", "last.ckpt"}));
}

BOOST_FIXTURE_TEST_CASE(what_a_ref_points_at_is_not_removed, OpenFolder) {
  folder->write(full_content("a"));
  folder->set_ref("last", "a");
  BOOST_CHECK_THROW(folder->remove("a"), WriteError);
  folder.reset();
  folder = Folder::open(scratch.path(), "run-1");
  BOOST_CHECK_THROW(folder->remove("a"), WriteError);
  folder->write(full_content("b"));
  folder->set_ref("last", "b");
  folder->remove("a");
  BOOST_TEST((entries() == Names{"b.ckpt", "last.ckpt"}));
}

BOOST_FIXTURE_TEST_CASE(a_ref_never_takes_the_place_of_something_else, OpenFolder) {
  folder->write(full_content("a"));
  folder->write(full_content("real"));
  write_text(path("file.ckpt"), "theirs");
  fs::create_symlink("/etc", path("outside.ckpt"));
  fs::create_symlink("../a.ckpt", path("upwards.ckpt"));
  for (const char* ref : {"real", "file", "outside", "upwards"}) {
    check_refused(*folder, ref, "a", "is there and is no pointer to a checkpoint of this folder");
    BOOST_TEST(!folder->ref(ref).has_value());
  }
  check_refused(*folder, "last", "missing", "there is no such checkpoint");
  check_refused(*folder, "sub/last", "a", "without '/'");
  check_refused(*folder, "../last", "a", "inside its folder");
  BOOST_TEST(read_text(path("file.ckpt")) == "theirs");
  BOOST_TEST((entries() == Names{"a.ckpt", "real.ckpt", "file.ckpt", "outside.ckpt", "upwards.ckpt"}));
}

BOOST_FIXTURE_TEST_CASE(without_links_and_exclusive_renames_everything_works_with_a_text_file, OpenFolder) {
  folder = nullptr;
  folder = Folder::open(scratch.path(), "run-1", true, plain);
  BOOST_TEST(folder->write(full_content("a")).name == "a");
  BOOST_TEST(folder->write(full_content("a")).name == "a-v1");
  write_text(path("b.ckpt"), "theirs");
  BOOST_TEST(folder->write(full_content("b")).name == "b-v1");
  fs::create_directory(path("c.ckpt"));
  BOOST_TEST(folder->write(full_content("c")).name == "c-v1");
  folder->set_ref("last", "a");
  folder->set_ref("last", "a-v1");
  BOOST_TEST(read_text(path("last.ref")) == "a-v1.ckpt\n");
  BOOST_TEST(folder->ref("last").value() == "a-v1");
  folder->remove("a");
  BOOST_CHECK_THROW(folder->remove("a-v1"), WriteError);
  write_text(path("note.ref"), "theirs");
  check_refused(*folder, "note", "a-v1", "'note.ref' is there and is no pointer");
  BOOST_TEST((entries() == Names{"a-v1.ckpt", "b.ckpt", "b-v1.ckpt", "c.ckpt", "c-v1.ckpt", "last.ref", "note.ref"}));
}
