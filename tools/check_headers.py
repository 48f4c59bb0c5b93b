#!/usr/bin/env python3
"""Check that each public header compiles alone, as C11 and as C++17, and that skua.h has them all."""

import argparse
import os
import pathlib
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wpedantic", "-Werror"]
LANGUAGES = (("C11", ["cc", "-std=c11", "-Wstrict-prototypes", "-xc"]),
             ("C++17", ["c++", "-std=c++17", "-Wold-style-cast", "-xc++"]))


def compile_alone(name, include, command):
    """Compile a file that includes nothing but the header, twice: the guard must hold."""
    source = "#include <skua/%s>\n#include <skua/%s>\nint main(void);\n" % (name, name)
    tool = os.environ.get("CC" if command[0] == "cc" else "CXX", command[0])
    return subprocess.run([tool, *command[1:-1], *WARNINGS, "-I", include, "-fsyntax-only",
                           command[-1], "-"], input=source, capture_output=True, text=True)


def check(include):
    """Every problem, as text."""
    paths = sorted((include / "skua").glob("*.h"))
    whole = include / "skua" / "skua.h"
    included = whole.read_text() if whole.exists() else ""
    for path in paths:
        for language, command in LANGUAGES:
            done = compile_alone(path.name, str(include), command)
            if done.returncode != 0:
                yield "%s does not compile alone as %s:\n%s" % (path, language, done.stderr)
        if path != whole and "#include <skua/%s>" % path.name not in included:
            yield "skua.h does not include <skua/%s>" % path.name
    if not paths:
        yield "no headers below %s" % include


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent / "include")
    problems = list(check(parser.parse_args().include))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
