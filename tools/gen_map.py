#!/usr/bin/env python3
"""Write the symbol version map of the shared library from the public headers.

A function is exported under the version that its comment names behind "Since:".
"""

import argparse
import collections
import pathlib
import re

import headers


def version_of(function):
    match = re.match(r"(\d+)\.(\d+)", function.sections.get("Since", ""))
    return tuple(int(part) for part in match.groups()) if match else (0, 1)


def version_map(functions):
    """The map's text: one node a version, each inheriting from the one before."""
    nodes = collections.defaultdict(set)
    for function in functions:
        nodes[version_of(function)].add(function.name)
    out, parent = [], ""
    for version in sorted(nodes):
        name = "SKUA_%d.%d" % version
        out.append(name + " {\n    global:\n")
        out += ["        %s;\n" % symbol for symbol in sorted(nodes[version])]
        out.append("%s}%s;\n" % ("" if parent else "    local:\n        *;\n", parent))
        parent = " " + name
    return "".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--include", required=True, help="folder of the public headers")
    parser.add_argument("--output", required=True)
    args = parser.parse_args()
    text = version_map(headers.functions(args.include))
    output = pathlib.Path(args.output)
    if not output.exists() or output.read_text() != text:
        output.write_text(text)


if __name__ == "__main__":
    main()
