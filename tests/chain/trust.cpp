// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Whose files may be loaded. Real files with real modes; where another owner is needed, the policy is told that the
// user is somebody else.
#include "chain/trust.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>
#include <fstream>
#include <string>

#include "recorder.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

namespace fs = std::filesystem;

/// <folder>/plugins/csv.so, below the system's temporary folder.
struct Fixture {
  Fixture() {
    umask(022);
    fs::create_directories(plugins);
    std::ofstream(file) << "x";
  }
  Folder folder;
  fs::path plugins = folder.path() / "plugins", file = plugins / "csv.so";
  TrustPolicy policy;

  std::string reason() const { return distrust(file, policy).value_or("trusted"); }
};

#define CHECK_REASON(...) BOOST_TEST(reason() == (__VA_ARGS__))

BOOST_FIXTURE_TEST_CASE(ones_own_file_below_a_sticky_folder_of_roots_is_fine, Fixture) {
  struct stat facts {};
  BOOST_REQUIRE(stat(fs::temp_directory_path().c_str(), &facts) == 0);
  if (!(facts.st_mode & S_ISVTX)) BOOST_TEST_MESSAGE("the temporary folder is not sticky here: only half is tested");
  CHECK_REASON("trusted");
}

BOOST_FIXTURE_TEST_CASE(a_file_that_everyone_may_write_is_refused, Fixture) {
  chmod(file.c_str(), 0666);
  CHECK_REASON("the file '" + file.string() +
               "' can be written by everyone (mode 0666); take that away with chmod o-w '" + file.string() + "'");
}

BOOST_FIXTURE_TEST_CASE(a_folder_above_it_that_everyone_may_write_is_refused, Fixture) {
  chmod(folder.path().c_str(), 0777);
  CHECK_REASON("the folder '" + folder.path().string() +
               "' can be written by everyone (mode 0777); take that away with " + "chmod o-w '" +
               folder.path().string() + "'");
}

BOOST_FIXTURE_TEST_CASE(a_sticky_folder_is_fine_only_when_it_is_roots, Fixture) {
  chmod(folder.path().c_str(), 01777);
  struct stat facts {};
  stat(folder.path().c_str(), &facts);
  if (facts.st_uid == 0)
    CHECK_REASON("trusted");
  else
    CHECK_REASON("the folder '" + folder.path().string() + "' can be written by everyone (mode 1777); take that away " +
                 "with chmod o-w '" + folder.path().string() + "'");
}

BOOST_FIXTURE_TEST_CASE(a_group_may_write_only_where_it_is_the_owners_own, Fixture) {
  const passwd* user = getpwuid(geteuid());
  const group* own = user ? getgrgid(user->pw_gid) : nullptr;
  if (user && own && std::string(user->pw_name) == own->gr_name) {
    BOOST_REQUIRE(chown(file.c_str(), geteuid(), user->pw_gid) == 0);
    chmod(file.c_str(), 0664);
    CHECK_REASON("trusted");
  } else {
    BOOST_TEST_MESSAGE("this user has no group of its own: half is not tested");
  }
  // Any group but the user's own; only root can always give a file away to one.
  gid_t groups[64];
  const int count = geteuid() == 0 ? (groups[0] = 12345, 1) : getgroups(64, groups);
  for (int i = 0; i < count; ++i) {
    if (user && groups[i] == user->pw_gid) continue;
    if (chown(file.c_str(), geteuid(), groups[i]) != 0) continue;
    chmod(file.c_str(), 0664);
    CHECK_REASON("the file '" + file.string() +
                 "' can be written by others than its owner (mode 0664); take that away " + "with chmod g-w '" +
                 file.string() + "'");
    return;
  }
  BOOST_TEST_MESSAGE("this user is in no other group: half is not tested");
}

BOOST_FIXTURE_TEST_CASE(a_strangers_file_is_refused, Fixture) {
  policy.owners = {0};
  if (geteuid() == 0) BOOST_REQUIRE(chown(file.c_str(), 12345, 12345) == 0);
  BOOST_TEST(reason().find("who is neither root, nor you, nor the owner of this program") != std::string::npos,
             reason());
  policy.owners.push_back(geteuid() == 0 ? 12345 : geteuid());
  CHECK_REASON("trusted");
}

BOOST_FIXTURE_TEST_CASE(links_are_followed_and_looked_at, Fixture) {
  const fs::path link = folder.path() / "link.so", folders = folder.path() / "folders";
  fs::create_symlink("plugins", folders);
  fs::create_symlink("folders/../plugins/./csv.so", link);
  BOOST_TEST(!distrust(link, policy));
  chmod(plugins.c_str(), 0777);
  BOOST_TEST(distrust(link, policy).value_or("").find("the folder '" + plugins.string()) == 0u);
  chmod(plugins.c_str(), 0755);
  if (geteuid() == 0) {
    policy.owners = {0};
    BOOST_REQUIRE(lchown(link.c_str(), 12345, 12345) == 0);
    BOOST_TEST(distrust(link, policy).value_or("").find("the link '" + link.string() + "' belongs to") == 0u);
  } else {
    BOOST_TEST_MESSAGE("only root can give a link away: a stranger's link is not tested");
  }
}

BOOST_FIXTURE_TEST_CASE(links_in_a_circle_end, Fixture) {
  fs::create_symlink("b", folder.path() / "a");
  fs::create_symlink("a", folder.path() / "b");
  file = folder.path() / "a";
  CHECK_REASON("'" + file.string() + "' leads through too many symbolic links");
}

BOOST_FIXTURE_TEST_CASE(what_is_not_there_or_not_absolute_is_refused, Fixture) {
  file = plugins / "none.so";
  CHECK_REASON("'" + file.string() + "' cannot be looked at: No such file or directory");
  file = "csv.so";
  CHECK_REASON("'csv.so' is not an absolute path: nothing is looked for in the working directory");
}

BOOST_FIXTURE_TEST_CASE(a_trusted_folder_lets_it_pass_and_says_so, Fixture) {
  chmod(file.c_str(), 0666);
  BOOST_CHECK_EXCEPTION(check_trust(file, policy), Failure, [&](const Failure& x) {
    BOOST_TEST(x.what() == "'" + file.string() + "' is not loaded, since it has all rights of this program: " +
                               reason() + ". Or trust it as it is with --trust '" + plugins.string() + "'");
    return x.code() == ExitCode::plugin;
  });
  policy.trusted = {plugins};
  const std::string said = stderr_of([&] { check_trust(file, policy); });
  BOOST_TEST(said == "warning: '" + file.string() + "' is loaded because '" + plugins.string() +
                         "' is trusted on your word, although " + reason() + "\n");
  policy.trusted = {folder.path() / "plug"};  // the beginning of a name is not the folder
  BOOST_CHECK_THROW(check_trust(file, policy), Failure);
  chmod(file.c_str(), 0644);
  BOOST_TEST(stderr_of([&] { check_trust(file, policy); }) == "");
}

}  // namespace
}  // namespace tenon::chain::test
