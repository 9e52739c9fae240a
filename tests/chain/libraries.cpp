// Copyright 2026 The Tenon authors
// SPDX-License-Identifier: Apache-2.0
// Finding plugins without loading them, and loading them with every check.
#include <sys/stat.h>

#include <boost/json/serialize.hpp>
#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

#include "chain/abi.hpp"
#include "chain/catalogue.hpp"
#include "chain/library.hpp"
#include "chain/library_section.hpp"
#include "recorder.hpp"
#include "tenon/failure.hpp"

namespace tenon::chain::test {
namespace {

namespace fs = std::filesystem;

const fs::path good = TENON_BINARY_DIR "/tests/plugins_misbehaving", bad = TENON_BINARY_DIR "/tests/plugins_bad";
const TrustPolicy trusting{{TENON_BINARY_DIR}};

template <class Call>
std::string refusal(Call&& call) {
  try {
    call();
  } catch (const Failure& x) {
    BOOST_TEST((x.code() == ExitCode::plugin));
    return x.what();
  }
  return "not refused";
}
std::string refusal_of(const fs::path& file) {
  return refusal([&] { Library::open(file, trusting); });
}
#define CHECK_CONTAINS(text, part) BOOST_TEST(std::string(text).find(part) != std::string::npos, (text))

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
void write(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

BOOST_AUTO_TEST_CASE(identities_are_read_without_loading) {
  const Catalogue catalogue = Catalogue::scan({{good, "the test"}});
  BOOST_TEST(catalogue.files().size() == 5u);
  const Choice choice = catalogue.find("misbehaving");
  BOOST_TEST(choice.file == good / "misbehaving.so");
  BOOST_TEST(choice.kind.id == "org.example.misbehaving");
  BOOST_TEST(choice.kind.version == "0.1.0");
  BOOST_TEST(choice.kind.description == "Misbehaves on request");
  BOOST_TEST(choice.kind.license == "Apache-2.0");
  BOOST_TEST(choice.kind.options_schema.at_pointer("/properties/how/default").as_string() == "fail");
  BOOST_TEST(catalogue.find("org.example.second").file == good / "two_kinds.so");
  BOOST_TEST(bytes_of("/proc/self/maps").find("two_kinds.so") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(the_first_match_wins_and_the_other_is_reported) {
  const Folder folder;
  fs::copy_file(good / "two_kinds.so", folder.path() / "z.so");
  const Catalogue catalogue = Catalogue::scan({{folder.path(), "first"}, {good, "second"}});
  BOOST_TEST(catalogue.find("misbehaving").kind.id == "org.example.other_misbehaving");
  BOOST_TEST(catalogue.find("org.example.misbehaving").file == good / "misbehaving.so");
  BOOST_REQUIRE(catalogue.duplicates().size() == 3u);
  const Duplicate& duplicate = catalogue.duplicates()[0];
  BOOST_TEST(duplicate.name == "misbehaving");
  BOOST_TEST(duplicate.used == folder.path() / "z.so");
  BOOST_TEST(duplicate.ignored == good / "misbehaving.so");
}

BOOST_AUTO_TEST_CASE(a_missing_plugin_is_told_with_the_folders_and_the_nearest_name) {
  const Catalogue catalogue =
      Catalogue::scan({{"/nowhere/at/all", "plugins.paths of the manifest"}, {good, "beside the program"}});
  const std::string text = refusal([&] { catalogue.find("misbehavin", "run.json:12 /callbacks/2/plugin"); });
  BOOST_TEST(text ==
             "run.json:12 /callbacks/2/plugin: there is no plugin 'misbehavin'; did you mean 'misbehaving'?\n"
             "looked in:\n"
             "  /nowhere/at/all (plugins.paths of the manifest; not there)\n"
             "  " +
                 good.string() +
                 " (beside the program)\n"
                 "correct the name, or put the plugin's library into one of these folders");
}

BOOST_AUTO_TEST_CASE(files_that_are_no_plugins_are_listed_with_their_problem) {
  const Catalogue catalogue = Catalogue::scan({{bad, "the test"}});
  const auto problem = [&](const char* name) {
    for (const LibraryFile& library : catalogue.files())
      if (library.file.filename() == name) return library.problem;
    return std::string("not listed");
  };
  BOOST_TEST(problem("text_file.so") == "is not an ELF file");
  BOOST_TEST(problem("plain_library.so") ==
             "is a shared library, but no Tenon plugin: it has no section .tenon.identity");
  CHECK_CONTAINS(problem("wrong_json.so"), "is damaged: its identity is not JSON");
  BOOST_TEST(problem("newer_abi.so") == "");
  BOOST_TEST(refusal([&] { catalogue.find("text_file"); }) ==
             "there is no plugin 'text_file': '" + (bad / "text_file.so").string() + "' is not an ELF file");
}

BOOST_AUTO_TEST_CASE(a_name_with_a_slash_is_a_path_from_the_manifests_folder) {
  const Catalogue catalogue = Catalogue::scan({}, good.parent_path());
  BOOST_TEST(catalogue.find("plugins_misbehaving/misbehaving.so").file == good / "misbehaving.so");
  BOOST_TEST(catalogue.find((good / "misbehaving.so").string()).kind.name == "misbehaving");
  CHECK_CONTAINS(refusal([&] { catalogue.find("./two_kinds.so"); }), "cannot be read: No such file");
  CHECK_CONTAINS(refusal([&] { catalogue.find("plugins_misbehaving/two_kinds.so"); }),
                 "name one of 'misbehaving', 'second'");
}

BOOST_AUTO_TEST_CASE(folders_are_searched_in_the_documented_order) {
  setenv("TENON_PLUGIN_PATH", "/env/one::relative:/env/two/:/opt/acme", 1);
  setenv("XDG_DATA_HOME", "/home/someone/data", 1);
  const std::vector<fs::path> command_line{"/typed"}, manifest{"/opt/acme/", "/opt/other"};
  std::vector<SearchFolder> folders;
  const std::string said = stderr_of([&] { folders = plugin_search_path(command_line, manifest, "/usr/bin"); });
  std::vector<std::string> paths;
  for (const SearchFolder& folder : folders) paths.push_back(folder.path.string());
  const std::vector<std::string> expected{"/typed",       "/opt/acme",
                                          "/opt/other",   "/env/one",
                                          "/env/two",     "/home/someone/data/tenon/plugins",
                                          "/usr/plugins", "/usr/lib/tenon/plugins"};
  BOOST_TEST(paths == expected, boost::test_tools::per_element());
  BOOST_TEST(said ==
             "warning: 'relative' of $TENON_PLUGIN_PATH is left out: nothing is looked for in the working "
             "directory; write the whole path\n");
  setenv("XDG_DATA_HOME", "relative", 1);
  setenv("HOME", "/home/someone", 1);
  unsetenv("TENON_PLUGIN_PATH");
  BOOST_TEST(plugin_search_path({}, {}, "/usr/bin").front().path == "/home/someone/.local/share/tenon/plugins");
}

BOOST_AUTO_TEST_CASE(a_task_is_found_beside_the_program_then_beside_the_manifest) {
  const Folder folder;
  fs::create_directories(folder.path() / "tasks");
  fs::create_directories(folder.path() / "manifest/deep");
  for (const char* file : {"tasks/digits.so", "manifest/digits.so", "manifest/mine.so", "manifest/deep/far.so"})
    write(folder.path() / file, "x");
  const fs::path manifest = folder.path() / "manifest";
  const auto folders = task_search_path(folder.path() / "bin", manifest);
  const auto find = [&](const char* name) { return find_task_library(name, folders, manifest); };
  BOOST_TEST(find("digits") == folder.path() / "tasks/digits.so");
  BOOST_TEST(find("mine") == manifest / "mine.so");
  BOOST_TEST(find("deep/far.so") == manifest / "deep/far.so");
  const auto failure = [&](const char* name) {
    try {
      find(name);
    } catch (const Failure& x) {
      BOOST_TEST((x.code() == ExitCode::task));
      return std::string(x.what());
    }
    return std::string("found");
  };
  CHECK_CONTAINS(failure("digit"), "there is no task 'digit'; did you mean 'digits'?\nlooked in:\n  ");
  CHECK_CONTAINS(failure("./none.so"), "there is no task library '" + (manifest / "none.so").string() + "'");
}

BOOST_AUTO_TEST_CASE(a_plugin_is_loaded_once_and_knows_its_bytes) {
  const Library& library = Library::open(good / "misbehaving.so", trusting);
  BOOST_TEST(library.info().file == fs::canonical(good / "misbehaving.so"));
  BOOST_TEST(library.info().sha256 == file_sha256(good / "misbehaving.so"));
  BOOST_TEST(library.kinds().size() == 1u);
  BOOST_TEST(library.kind("org.example.misbehaving").name == std::string("misbehaving"));
  BOOST_TEST(&Library::open(good / ".." / "plugins_misbehaving" / "misbehaving.so", trusting) == &library);
  CHECK_CONTAINS(refusal([&] { library.kind("org.example.none"); }), "has no plugin of the id 'org.example.none'");
}

BOOST_AUTO_TEST_CASE(bytes_must_match_the_manifests_sha256) {
  const fs::path file = good / "needs_future.so";
  const std::string wrong(64, '0'), right = file_sha256(file);
  const std::string text = refusal([&] { Library::open(file, trusting, wrong); });
  CHECK_CONTAINS(text, "has the SHA-256 " + right + ", the manifest's \"sha256\" says " + wrong);
  BOOST_TEST(bytes_of("/proc/self/maps").find("needs_future.so") == std::string::npos);  // refused before it was loaded
  std::string upper = right;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  Library::open(file, trusting, upper);
  BOOST_TEST(refusal([&] { Library::open(file, trusting, wrong); }) == text);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_with_a_library_is_said) {
  const std::string name = "plugin library '" + fs::canonical(bad).string() + "/";
  BOOST_TEST(refusal_of(bad / "text_file.so") == name + "text_file.so' is not an ELF file");
  CHECK_CONTAINS(refusal_of(bad / "plain_library.so"), "no Tenon plugin");
  BOOST_TEST(refusal_of(bad / "no_symbol.so") ==
             name + "no_symbol.so' exports no tenon_entry_v1: build it with the SDK's tenon_add_plugin, against ABI 1");
  BOOST_TEST(refusal_of(bad / "wrong_magic.so") ==
             name + "wrong_magic.so' has an entry that is not as the SDK makes it; build it again");
  BOOST_TEST(refusal_of(bad / "wrong_identity.so") ==
             name +
                 "wrong_identity.so' is not what it says it is: the version is '1.0.0' in its identity and '1.0.1' in "
                 "its entry; build it again");
  BOOST_TEST(refusal_of(bad / "newer_abi.so") ==
             name + "newer_abi.so' (org.example.newer_abi 2.0.0) needs a host of ABI 1.900 or newer; this one (Tenon " +
                 TENON_VERSION + ") has ABI " + version_text(TENON_ABI_VERSION) +
                 ". Update Tenon, or use an older version of the plugin");
  CHECK_CONTAINS(refusal_of(bad / "not_there.so"), "No such file or directory");
  CHECK_CONTAINS(refusal([&] { Library::open("tests/plugins_misbehaving/misbehaving.so", trusting); }),
                 "is not an absolute path");
}

BOOST_AUTO_TEST_CASE(a_service_that_no_host_has_is_named) {
  const tenon_descriptor& kind = Library::open(good / "needs_future.so", trusting).kind("org.example.needs_future");
  Bench bench;
  const std::string text = refusal([&] { bench.add(kind, "seer"); });
  BOOST_TEST(text ==
             "run.json:7 /callbacks/0: callback 'seer' (org.example.needs_future 1.0.0) needs the service "
             "tenon.clairvoyance/1, which this host (Tenon " TENON_VERSION ", ABI " +
                 version_text(TENON_ABI_VERSION) + ") does not have; a newer Tenon may");
}

BOOST_AUTO_TEST_CASE(files_of_other_machines_and_kinds_are_told_apart) {
  const Folder folder;
  const fs::path file = folder.path() / "x.so";
  const std::string whole = bytes_of(good / "misbehaving.so");
  const auto problem = [&](const std::string& bytes) {
    write(file, bytes);
    try {
      read_identity(file);
    } catch (const std::runtime_error& x) {
      return std::string(x.what());
    }
    return std::string();
  };
  const auto with = [&](std::size_t at, char value) {
    std::string bytes = whole;
    bytes[at] = value;
    return bytes;
  };
  BOOST_TEST(problem(whole) == "");
  BOOST_TEST(problem("") == "is not an ELF file");
  BOOST_TEST(problem("\x7f"
                     "ELF") == "is damaged: it ends before its own tables do");
  BOOST_TEST(problem(with(18, 40)) == "was built for another kind of machine");
  BOOST_TEST(problem(with(4, 1)) == "was built for another kind of machine");
  BOOST_TEST(problem(with(16, 2)) == "is not a shared library");
  BOOST_TEST(problem(whole.substr(0, whole.size() / 2)) == "is damaged: it ends before its own tables do");
  fs::remove(file);
  BOOST_TEST(mkfifo(file.c_str(), 0600) == 0);
  BOOST_CHECK_EXCEPTION(read_identity(file), NotALibrary,
                        [](const NotALibrary& x) { return std::string(x.what()) == "is not a regular file"; });
}

// Whatever stands in a file, reading its identity answers or refuses; a sanitizer would tell of a step outside.
BOOST_AUTO_TEST_CASE(damaged_files_never_get_the_better_of_the_reader) {
  const Folder folder;
  const fs::path file = folder.path() / "x.so";
  const std::string whole = bytes_of(good / "needs_future.so");
  std::mt19937 random(20261122);
  std::size_t refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string bytes = whole;
    // The header, and the table of sections at the end, are where offsets stand.
    for (int change = 0; change < 4; ++change) {
      const std::size_t at = round % 2 ? random() % 64 : bytes.size() - 1 - random() % 2400;
      bytes[at] = static_cast<char>(random());
    }
    if (round % 5 == 0) bytes.resize(random() % bytes.size());
    write(file, bytes);
    try {
      read_identity(file);
    } catch (const std::runtime_error&) {
      ++refused;
    }
  }
  BOOST_TEST(refused > 500u);
}

}  // namespace
}  // namespace tenon::chain::test
