# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom. Reads the #include lines of every source file and prints each that goes through no door.

  doors.py SOURCE_DIR [--built BUILD_DIR]   the check; with BUILD_DIR also of what the built libraries link to
  doors.py --self-test                      plants one violation of each rule and wants each to be found
"""
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP_FOLDERS = {"sdk", "framework", "plugins", "tests", "examples", "packaging"}
TOP_FILES = {"CMakeLists.txt", "CMakePresets.json", "README.md", "LICENSE", "NOTICE"}
NOT_OURS = re.compile(r"^(build.*|runs|CMakeUserPresets\.json|compile_commands\.json|\..*)$")
SOURCE = re.compile(r"\.(c|h|cpp|hpp)$")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<([^>]+)>|"([^"]+)")')

STANDARD = set("""algorithm any array atomic barrier bit bitset cassert cctype cerrno cfenv cfloat charconv chrono cinttypes
  climits clocale cmath compare complex concepts condition_variable coroutine csetjmp csignal cstdarg cstddef cstdint cstdio
  cstdlib cstring ctime cuchar cwchar cwctype deque exception execution filesystem forward_list fstream functional future
  initializer_list iomanip ios iosfwd iostream istream iterator latch limits list locale map memory memory_resource mutex new
  numbers numeric optional ostream queue random ranges ratio regex scoped_allocator semaphore set shared_mutex
  source_location span sstream stack stdexcept stop_token streambuf string string_view syncstream system_error thread tuple
  type_traits typeindex typeinfo unordered_map unordered_set utility valarray variant vector version
  assert.h ctype.h errno.h fenv.h float.h inttypes.h limits.h locale.h math.h setjmp.h signal.h stdalign.h stdarg.h
  stdatomic.h stdbool.h stddef.h stdint.h stdio.h stdlib.h stdnoreturn.h string.h threads.h time.h uchar.h wchar.h wctype.h
  """.split())
LIBRARIES = {"torch": "LibTorch", "ATen": "LibTorch", "c10": "LibTorch", "caffe2": "LibTorch", "spdlog": "spdlog",
             "fmt": "spdlog", "boost": "Boost", "CLI": "CLI11", "valijson": "valijson", "xxhash.h": "xxHash", "xxh_x86dispatch.h": "xxHash",
             "protozero": "protozero", "gloo": "Gloo", "benchmark": "Google Benchmark"}
SYSTEM = re.compile(r"^(sys/|linux/|asm/|net/|netinet/|arpa/|cpuid\.h|immintrin\.h|x86intrin\.h)|^[a-z]+\.h$")

# room: (its files, rooms and single headers it may include, libraries it may include)
HOST = ["Boost", "system"]
ROOMS = {
    "sdk": (r"sdk/", ["sdk"], []),
    "policy": (r"plugins/policy/", ["policy", "sdk"], ["system", "protozero", "Boost"]),
    "plugin": (r"plugins/", ["plugin", "policy", "sdk"], ["system", "protozero", "Boost"]),
    "example plugin": (r"examples/plugin_[^/]*/", ["example plugin", "sdk"], []),
    "example": (r"examples/", ["example", "public", "sdk"], ["LibTorch", "system"]),
    "public": (r"framework/include/", ["public", "sdk"], ["LibTorch", "Boost"]),
    "checkpoint": (r"framework/checkpoint/", ["checkpoint", "public"], HOST + ["xxHash"]),
    "chain": (r"framework/chain/", ["chain", "public", "sdk"], HOST + ["spdlog"]),
    "manifest": (r"framework/manifest/", ["manifest", "public", "sdk"], HOST + ["valijson"]),
    "trainer": (r"framework/loop/(train|run|resolve|trainer)\.", ["trainer", "loop", "manifest", "chain", "checkpoint", "public", "sdk"],
                HOST + ["spdlog"]),
    "loop": (r"framework/loop/", ["loop", "chain", "checkpoint", "public", "sdk"], HOST + ["spdlog"]),
    "replay": (r"framework/replay/", ["replay", "checkpoint", "public", "sdk", "framework/loop/engine.hpp"], HOST),
    "torch": (r"framework/torch/", ["torch", "checkpoint", "public", "sdk", "framework/loop/engine.hpp"],
              HOST + ["LibTorch", "Gloo"]),
    "cli": (r"framework/cli/", ["cli", "trainer", "loop", "replay", "manifest", "chain", "checkpoint", "public", "sdk"],
            HOST + ["spdlog", "CLI11"]),
    "test plugin": (r"tests/bad_plugins/", ["test plugin", "sdk"], []),
    "test with LibTorch": (r"tests/(torch|benchmarks|resume|interop)/|tests/runs/stories_task", ["*"], ["*"]),
    "test": (r"tests/", ["*"], ["*", "-LibTorch"]),
}
# Folders of their own that share a file all the same.
SHARED = {("examples/gan", "examples/digits/digits_data.hpp")}
SEES_LIBTORCH = {"torch", "public", "example", "test with LibTorch"}


def room_of(path):
    for room, (pattern, _, _) in ROOMS.items():
        if re.match(pattern, path):
            return room
    return None


def owner(path):
    """Plugins and examples are rooms of one folder each: none may include another's files."""
    return "/".join(path.split("/")[:2])


def library_of(name):
    first = name.split("/")[0]
    if first in LIBRARIES:
        return LIBRARIES[first]
    if name in STANDARD:
        return "standard"
    return "system" if SYSTEM.search(name) else "unknown"


class Tree:
    def __init__(self, root):
        self.root = root
        self.files = sorted(self.walk())
        self.includes = {path: list(self.read(path)) for path in self.files}
        self.violations = []

    def walk(self):
        for top in TOP_FOLDERS:
            for folder, _, names in os.walk(os.path.join(self.root, top)):
                for name in names:
                    if SOURCE.search(name):
                        yield os.path.relpath(os.path.join(folder, name), self.root)

    def read(self, path):
        """(line number, what is written, our file or None)"""
        with open(os.path.join(self.root, path), encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                found = INCLUDE.match(line)
                if not found:
                    continue
                name = found[2] or found[3]
                places = ["framework", "framework/include", "sdk/include"]
                if room_of(path) in ("plugin", "policy", "test", "test with LibTorch"):
                    places.append("plugins")
                if room_of(path) in ("test", "test with LibTorch"):
                    places.append("tests")
                if found[3]:
                    places.insert(0, os.path.dirname(path))
                yield number, name, self.find(name, places)

    def find(self, name, places):
        for place in places:
            path = os.path.normpath(os.path.join(place, name))
            if os.path.isfile(os.path.join(self.root, path)):
                return path
        return None

    def libraries_behind(self, path, seen):
        """What a file includes in the end: {library: the way to it}."""
        if path in seen:
            return {}
        seen.add(path)
        found = {}
        for _, name, ours in self.includes.get(path, []):
            if ours is None:
                found.setdefault(library_of(name), [path, name])
                continue
            for library, way in self.libraries_behind(ours, seen).items():
                found.setdefault(library, [path] + way)
        return found

    def complain(self, path, number, text):
        self.violations.append("%s:%d: %s" % (path, number, text))

    def check(self):
        for entry in sorted(os.listdir(self.root)):
            folder = os.path.isdir(os.path.join(self.root, entry))
            if entry not in (TOP_FOLDERS if folder else TOP_FILES) and not NOT_OURS.match(entry):
                self.complain(entry, 0, "nothing else stands at the top than " + ", ".join(sorted(TOP_FOLDERS | TOP_FILES)))
        for path in self.files:
            self.check_file(path)
        return self.violations

    def check_file(self, path):
        room = room_of(path)
        if room is None:
            self.complain(path, 0, "is in no room: tell tests/doors/doors.py whom it may include")
            return
        _, doors, libraries = ROOMS[room]
        for number, name, ours in self.includes[path]:
            if ours is None:
                self.check_library(path, number, name, room, libraries)
            elif "*" not in doors and room_of(ours) not in doors and ours not in doors:
                self.complain(path, number, "%s must not include %s of %s" % (room, ours, room_of(ours)))
            elif room == room_of(ours) and room in ("plugin", "example", "example plugin") and owner(path) != owner(ours) and (owner(path), ours) not in SHARED:
                self.complain(path, number, "%s must not include %s of another one" % (owner(path), ours))

        behind = self.libraries_behind(path, set())
        if "LibTorch" in behind and room not in SEES_LIBTORCH:
            self.complain(path, 0, "reaches LibTorch: " + " -> ".join(behind["LibTorch"]))
        if "LibTorch" in behind and "spdlog" in behind:
            self.complain(path, 0, "LibTorch's fmt meets spdlog's: %s and %s" % (
                " -> ".join(behind["LibTorch"]), " -> ".join(behind["spdlog"])))

    def check_library(self, path, number, name, room, allowed):
        library = library_of(name)
        if library == "standard" or library in allowed:
            return
        if library == "unknown":
            if "*" not in allowed:
                self.complain(path, number, "%s is neither ours nor of a library that %s may include" % (name, room))
        elif "*" not in allowed or "-" + library in allowed:
            self.complain(path, number, "%s must not include %s (%s)" % (room, name, library))


def needed(library):
    text = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout
    return re.findall(r"\(NEEDED\).*\[(.*)\]", text)


def check_built(build):
    """libtenon and the program link no LibTorch; first-party plugins link nothing but the C and C++ libraries."""
    violations = []
    plain = re.compile(r"^(libc|libm|libstdc\+\+|libgcc_s|libpthread|ld-linux[^.]*|linux-vdso|libasan|libubsan|libtsan)\.so")
    for name in ("lib/libtenon.so", "bin/tenon"):
        path = os.path.join(build, name)
        for library in needed(path) if os.path.exists(path) else []:
            if re.match(r"^lib(torch|c10|tenon_torch)", library):
                violations.append("%s links %s: it must start without LibTorch" % (path, library))
    plugins = os.path.join(build, "plugins")
    for name in sorted(os.listdir(plugins)) if os.path.isdir(plugins) else []:
        if not name.endswith(".so"):
            continue
        for library in needed(os.path.join(plugins, name)):
            if not plain.match(library):
                violations.append("%s links %s: a first-party plugin stands on the SDK alone" % (os.path.join(plugins, name), library))
    return violations


GOOD = {
    "README.md": "",
    "sdk/include/tenon/plugin.hpp": '#include <vector>\n#include "base.h"',
    "sdk/include/tenon/base.h": "#include <stdint.h>",
    "framework/include/tenon/failure.hpp": "#include <string>",
    "framework/include/tenon/task.hpp": "#include <torch/nn/module.h>",
    "framework/checkpoint/folder.hpp": "#include <tenon/failure.hpp>\n#include <sys/stat.h>",
    "framework/chain/chain.hpp": "#include <tenon/plugin.hpp>\n#include <boost/json.hpp>",
    "framework/chain/log.cpp": "#include <spdlog/spdlog.h>",
    "framework/loop/engine.hpp": "#include <tenon/base.h>",
    "framework/include/tenon/trainer_options.hpp": "#include <limits>",
    "framework/loop/loop.hpp": '#include "chain/chain.hpp"\n#include "checkpoint/folder.hpp"',
    "framework/loop/train.cpp": '#include "manifest/manifest.hpp"\n#include "loop/loop.hpp"',
    "framework/manifest/manifest.hpp": '#include <tenon/trainer_options.hpp>',
    "framework/replay/replay.cpp": '#include "loop/engine.hpp"',
    "framework/torch/engine.cpp": '#include "loop/engine.hpp"\n#include <ATen/ATen.h>',
    "framework/cli/main.cpp": '#include "manifest/manifest.hpp"\n#include <CLI/CLI.hpp>',
    "plugins/policy/top_k.hpp": "#include <tenon/plugin.hpp>",
    "plugins/csv_logger/csv_logger.cpp": '#include "policy/top_k.hpp"\n#include <unistd.h>',
    "plugins/console/screen.hpp": "",
    "examples/digits/digits.cpp": "#include <tenon/task.hpp>",
    "examples/plugin_c/nan_guard.c": "#include <tenon/base.h>\n#include <math.h>",
    "tests/chain/hooks.cpp": '#include "chain/chain.hpp"\n#include <boost/test/unit_test.hpp>',
}
# (file, what is added to it, words of the complaint)
PLANTED = [
    ("extra/notes.md", "", "extra:0: nothing else stands at the top"),
    ("script.sh", "", "script.sh:0: nothing else stands at the top"),
    ("sdk/include/tenon/base.h", "#include <unistd.h>", "sdk must not include unistd.h"),
    ("sdk/include/tenon/plugin.hpp", "#include <boost/json.hpp>", "sdk must not include boost/json.hpp (Boost)"),
    ("sdk/include/tenon/plugin.hpp", "#include <tenon/failure.hpp>", "sdk must not include framework/include/tenon/failure.hpp"),
    ("framework/checkpoint/folder.hpp", "#include <tenon/base.h>", "checkpoint must not include sdk/include/tenon/base.h"),
    ("framework/checkpoint/folder.hpp", '#include "chain/chain.hpp"', "checkpoint must not include framework/chain/chain.hpp"),
    ("framework/checkpoint/folder.hpp", "#include <ATen/ATen.h>", "checkpoint must not include ATen/ATen.h (LibTorch)"),
    ("framework/chain/chain.hpp", '#include "loop/loop.hpp"', "chain must not include framework/loop/loop.hpp of loop"),
    ("framework/chain/chain.hpp", "  #  include  <tenon/task.hpp>",
     "reaches LibTorch: framework/chain/chain.hpp -> framework/include/tenon/task.hpp -> torch/nn/module.h"),
    ("framework/loop/loop.hpp", '#include "manifest/manifest.hpp"', "loop must not include framework/manifest/manifest.hpp"),
    ("framework/loop/loop.hpp", '#include "torch/engine.cpp"', "loop must not include framework/torch/engine.cpp"),
    ("framework/manifest/manifest.hpp", '#include "loop/loop.hpp"', "manifest must not include framework/loop/loop.hpp"),
    ("framework/manifest/manifest.hpp", '#include "chain/chain.hpp"', "manifest must not include framework/chain/chain.hpp"),
    ("framework/replay/replay.cpp", '#include "chain/chain.hpp"', "replay must not include framework/chain/chain.hpp"),
    ("framework/torch/engine.cpp", '#include "loop/loop.hpp"', "torch must not include framework/loop/loop.hpp"),
    ("framework/torch/engine.cpp", "#include <spdlog/spdlog.h>", "LibTorch's fmt meets spdlog's"),
    ("framework/cli/main.cpp", "#include <torch/torch.h>", "cli must not include torch/torch.h (LibTorch)"),
    ("framework/misc/misc.cpp", "", "framework/misc/misc.cpp:0: is in no room"),
    ("plugins/csv_logger/csv_logger.cpp", '#include "chain/chain.hpp"', "plugin must not include framework/chain/chain.hpp"),
    ("plugins/csv_logger/csv_logger.cpp", "#include <torch/torch.h>", "plugin must not include torch/torch.h (LibTorch)"),
    ("plugins/csv_logger/csv_logger.cpp", '#include "console/screen.hpp"',
     "plugins/csv_logger must not include plugins/console/screen.hpp of another one"),
    ("plugins/policy/top_k.hpp", '#include "console/screen.hpp"', "policy must not include plugins/console/screen.hpp"),
    ("examples/plugin_c/nan_guard.c", "#include <tenon/failure.hpp>", "example plugin must not include framework/include"),
    ("examples/digits/digits.cpp", '#include "loop/engine.hpp"', "example must not include framework/loop/engine.hpp"),
    ("tests/chain/hooks.cpp", "#include <torch/torch.h>", "test must not include torch/torch.h (LibTorch)"),
    ("framework/chain/chain.hpp", "#include <sqlite/sqlite3.h>", "sqlite/sqlite3.h is neither ours nor of a library"),
]


def plant(root, files):
    for path, text in files.items():
        full = os.path.join(root, path)
        os.makedirs(os.path.dirname(full) or root, exist_ok=True)
        with open(full, "w", encoding="utf-8") as file:
            file.write(text + "\n")


def self_test():
    wrong = []
    for path, added, words in [("README.md", "", "")] + PLANTED:
        root = tempfile.mkdtemp(prefix="tenon-doors-")
        try:
            plant(root, GOOD)
            plant(root, {path: GOOD.get(path, "") + "\n" + added})
            found = Tree(root).check()
        finally:
            shutil.rmtree(root)
        if words and not any(words in violation for violation in found):
            wrong.append("not found in %s: %s\n  but: %s" % (path, words, found))
        if not words and found:
            wrong.append("found where nothing is wrong: %s" % found)
    print("\n".join(wrong) or "each of the %d planted violations was found" % len(PLANTED))
    return 1 if wrong else 0


def main(arguments):
    if arguments == ["--self-test"]:
        return self_test()
    if len(arguments) not in (1, 3) or (len(arguments) == 3 and arguments[1] != "--built"):
        print(__doc__)
        return 2
    tree = Tree(arguments[0])
    violations = tree.check()
    if len(arguments) == 3:
        violations += check_built(arguments[2])
    for violation in violations:
        print(violation)
    print("%d files, %d includes, %d violations" % (
        len(tree.files), sum(len(lines) for lines in tree.includes.values()), len(violations)))
    return 1 if violations or not tree.files else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
