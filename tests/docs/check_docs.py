# Copyright 2026 The Tenon authors
# SPDX-License-Identifier: Apache-2.0
"""Code in the project's pages is taken from files that are compiled and run.

A block that follows a line `<!-- from PATH -->` must stand in that file, line by line and in one piece (white space at
the ends of lines aside). Links to files of the repository must lead somewhere. Prints every difference; exits 1 when
there is one.
"""

import pathlib
import re
import sys

BLOCK = re.compile(r"<!-- from (?P<path>\S+) -->\s*\n```[a-z]*\n(?P<code>.*?)\n```", re.S)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)(?P<target>[^)#\s]+)")


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


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    pages = [p for p in root.rglob("*.md") if not any(part.startswith((".", "build")) for part in p.relative_to(root).parts)]
    wrong = [message for page in sorted(pages) for message in check(root, page)]
    print("\n".join(wrong) if wrong else f"{len(pages)} pages: every block and link is right")
    return 1 if wrong or not pages else 0


if __name__ == "__main__":
    sys.exit(main())
