# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Code in the project's pages is taken from files that are compiled and run.

A block that follows a line `<!-- from PATH -->` must stand in that file, line by line and in one piece (white space at
the ends of lines aside). Links to files of the repository must lead somewhere. In a table whose last column is `test`, every
row names a test that exists, and the trainer's table has a row for every option of the manifest. The options' table of a
plugin in SCHEMAS has a row for every option of its schema, with the default and an example that the schema takes. The exit
codes in README.md are those that `tenon --help` prints. Prints every difference; exits 1 when there is one.
"""

import json
import pathlib
import re
import sys

BLOCK = re.compile(r"<!-- from (?P<path>\S+) -->\s*\n```[a-z]*\n(?P<code>.*?)\n```", re.S)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")


# Where the raw strings stand that, one behind the other, are a plugin's schema: (file, number of the string in it).
SCHEMAS = {
    "checkpoint": [("checkpoint/checkpoint.cpp", 0), ("policy/saver_schema.hpp", 0), ("checkpoint/checkpoint.cpp", 1)],
    "early_stopping": [("early_stopping/early_stopping.cpp", 0)],
}
TYPES = {"string": str, "integer": int, "number": (int, float), "boolean": bool, "null": type(None)}


def lines(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip("\n").splitlines())


def check(root: pathlib.Path, page: pathlib.Path) -> list[str]:
    text = page.read_text(encoding="utf-8")
    name = page.relative_to(root)
    wrong = []
    for block in BLOCK.finditer(text):
        source = root / block["path"]
        if not source.is_file():
            wrong.append(f"{name}: takes code from {block['path']}, which is not there")
        elif lines(block["code"]) not in lines(source.read_text(encoding="utf-8")):
            wrong.append(f"{name}: a block said to be from {block['path']} does not stand there like that")
    for link in LINK.finditer(text):
        if not (page.parent / link["target"]).exists():
            wrong.append(f"{name}: the link to {link['target']} leads nowhere")
    return wrong


def test_cases(root: pathlib.Path) -> set[str]:
    cases = set()
    for source in (root / "tests").rglob("*.cpp"):
        cases.update(re.findall(r"BOOST_\w*TEST_CASE\(\s*(\w+)", source.read_text(encoding="utf-8")))
    return cases


def proven_rows(text: str) -> list[tuple[str, str]]:
    """First and last cell of each row of the tables whose last column is `test`."""
    rows, proven = [], False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells:
            proven = False
        elif cells[-1] == "test":
            proven = True
        elif proven and not set(cells[0]) <= set("-:"):
            rows.append((cells[0], cells[-1]))
    return rows


def check_proofs(root: pathlib.Path, page: pathlib.Path, cases: set[str]) -> list[str]:
    name = page.relative_to(root)
    wrong = []
    rows = proven_rows(page.read_text(encoding="utf-8"))
    for first, last in rows:
        named = re.findall(r"`(\w+)`", last)
        if not named:
            wrong.append(f"{name}: the row of {first} names no test")
        wrong += [f"{name}: the row of {first} names the test {case}, which is not there" for case in named if case not in cases]
    if page.name == "TRAINER.md":
        schema = (root / "framework/manifest/manifest_schema.cpp").read_text(encoding="utf-8")
        trainer = schema[schema.index('"trainer": {') : schema.index('"plugins": {')]
        options = set(re.findall(r'^        "(\w+)": \{', trainer, re.M))
        told = {option for first, _ in rows for option in re.findall(r"`(\w+)`", first)}
        wrong += [f"{name}: the option {option} has no row" for option in sorted(options - told)]
        wrong += [f"{name}: the option {option} is none of the manifest's" for option in sorted(told - options)]
    return wrong


def schema_of(root: pathlib.Path, plugin: str) -> dict:
    parts = []
    for path, number in SCHEMAS[plugin]:
        parts.append(re.findall(r'R"\((.*?)\)"', (root / "plugins" / path).read_text(encoding="utf-8"), re.S)[number])
    return json.loads("".join(parts))


def takes(schema: dict, value) -> bool:
    """Of JSON Schema what the plugins' options use."""
    if "enum" in schema:
        return any(value == one and type(value) is type(one) for one in schema["enum"])
    names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool)) for name in names):
        return False
    if isinstance(value, str):
        return len(value) >= schema.get("minLength", 0)
    return value is None or value >= schema.get("minimum", value)


def check_options(root: pathlib.Path, plugin: str) -> list[str]:
    name = f"plugins/{plugin}/README.md"
    options = schema_of(root, plugin)["properties"]
    header, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in re.search(r"^\| option \|.*?(?=\n\n)", (root / name).read_text(encoding="utf-8"), re.S | re.M)[0].splitlines()
    ]
    if header[:4] != ["option", "default", "meaning", "example"]:
        return [f"{name}: the options' table does not begin with option, default, meaning, example"]
    told = {cells[0].strip("`"): cells for cells in rows[1:]}
    wrong = [f"{name}: the option {option} has no row" for option in sorted(options.keys() - told.keys())]
    wrong += [f"{name}: the option {option} is none of the plugin's" for option in sorted(told.keys() - options.keys())]
    for option in sorted(options.keys() & told.keys()):
        schema, (_, default, meaning, example, *_) = options[option], told[option]
        if not meaning:
            wrong.append(f"{name}: the row of {option} has no meaning")
        given = schema.get("default")
        if given is not None and default != f"`{given if isinstance(given, str) else json.dumps(given)}`":
            wrong.append(f"{name}: the default of {option} is {json.dumps(given)}, not {default}")
        try:
            member = json.loads("{" + example.strip("`") + "}")
        except ValueError:
            member = {}
        if list(member) != [option] or not takes(schema, member[option]):
            wrong.append(f"{name}: the example of {option}, {example or 'nothing'}, is not one that the plugin takes")
    return wrong


def exit_codes(root: pathlib.Path) -> list[str]:
    """The same table stands in the README and behind --help, which has no backticks."""
    page = re.search(r"## Exit codes\n\n\| code \| meaning \|\n\|---\|---\|\n(.*?)\n\n", (root / "README.md").read_text(encoding="utf-8"), re.S)
    help_text = re.search(r'"Exit codes:\\n"\n(.*?);\n', (root / "framework/cli/command_line.cpp").read_text(encoding="utf-8"), re.S)
    if not page or not help_text:
        return ["README.md or framework/cli/command_line.cpp has no table of exit codes"]
    told = re.findall(r'"\s*(\d[\d+ n]*?)  (.*?)\\n"', help_text[1])
    written = [tuple(cell.strip() for cell in row.strip("|").split("|")) for row in page[1].replace("`", "").splitlines()]
    return [f"README.md says {a}, tenon --help says {b}" for a, b in zip(written, told) if a != b] + (
        [] if len(written) == len(told) else ["README.md and tenon --help have different numbers of exit codes"])


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    pages = [p for p in root.rglob("*.md") if not any(part.startswith((".", "build")) for part in p.relative_to(root).parts)]
    cases = test_cases(root)
    wrong = [message for page in sorted(pages) for message in check(root, page) + check_proofs(root, page, cases)]
    for plugin in SCHEMAS:
        wrong += check_options(root, plugin)
    wrong += exit_codes(root)
    print("\n".join(wrong) if wrong else f"{len(pages)} pages: every block and link is right")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
