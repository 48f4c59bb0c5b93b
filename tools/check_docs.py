#!/usr/bin/env python3
"""Check that every public function carries its manual in the comment directly above it.

One sentence in the imperative first; then Returns: unless it returns nothing, Owns: where it
gives out something by pointer, Thread: with one of the three words, and Since:. A type that is
spelled out needs a comment, too. The table of error codes in docs/errors.md has every code of
SKUA_ERROR_MAP, with its number and its Python name.
"""

import argparse
import pathlib
import re
import sys

import headers

ROOT = pathlib.Path(__file__).resolve().parent.parent
THREADS = ("any", "one at a time", "its loop")
# First words that are no verb in the imperative: "Returns the ...", "This function ...".
NOT_IMPERATIVE = re.compile(r"^(\w+s|The|This|A|An|It|Function|Used)\b")
IMPERATIVE_IN_S = {"Address", "Pass", "Press", "Process", "Access", "Discuss"}
# A question as the whole summary is how a predicate is described: "Is the body read to its end?"
QUESTION = re.compile(r"^(Is|Has|Have|Does|Did|Do|Are|Was|Can|May|Will)\b[^.]*\?")


def gives_out_pointer(function):
    """Does it return a pointer, or hand one out through a T **?"""
    return function.result.endswith("*") or bool(re.search(r"\*\*\w", function.arguments))


def check_function(function):
    """What is wrong with a function's comment."""
    if not function.comment:
        yield "has no comment directly above it"
        return
    first = function.text.split(" ", 1)[0].strip(".,:;")
    if not function.text or not re.match(r"[A-Z]", function.text):
        yield "its comment does not begin with a sentence"
    elif (NOT_IMPERATIVE.match(function.text) and first not in IMPERATIVE_IN_S
          and not QUESTION.match(function.text)):
        yield "its first sentence is not in the imperative: %r" % first
    sections = function.sections
    if function.result != "void" and "Returns" not in sections:
        yield "lacks Returns:"
    if function.result == "void" and "Returns" in sections:
        yield "has Returns: and returns nothing"
    if gives_out_pointer(function) and "Owns" not in sections:
        yield "gives out a pointer and lacks Owns:"
    if not sections.get("Thread", "").startswith(THREADS):
        yield "Thread: must begin with one of: " + ", ".join(THREADS)
    if not re.match(r"\d+\.\d+$", sections.get("Since", "")):
        yield "Since: must be a version such as 0.1"
    if list(sections) != [name for name in headers.SECTIONS if name in sections]:
        yield "sections stand in the order " + ", ".join(headers.SECTIONS)


def check(include):
    """Every problem: (file, line, name, text)."""
    for header in headers.parse_all(include):
        if not re.match(r"skua/%s - \S" % re.escape(header.path.name), header.comment):
            yield header.path, 1, header.path.name, "its head does not say what it is for"
        for item in header.items:
            if item.kind == "function":
                for text in check_function(item):
                    yield item.file, item.line, item.name, text
            elif item.kind == "type" and not item.comment and "{" in item.code:
                yield item.file, item.line, item.name, "has no comment directly above it"


# X(NAME, -1, "PythonName", CLASS, "text"), and the beginning of its row in the table.
MAP_ROW = re.compile(r'X\((\w+), (-\d+), "(\w+)",')
TABLE_ROW = re.compile(r"^\| (\w+) \| (-\d+) \| (\w+) \|", re.M)


def check_errors(error_header, table):
    """Every way in which the table of error codes differs from the map."""
    codes = MAP_ROW.findall(error_header.read_text())
    rows = TABLE_ROW.findall(table.read_text())
    for row in codes:
        if row not in rows:
            yield table, 1, row[0], "lacks its row: | %s | %s | %s |" % row
    for row in rows:
        if row not in codes or rows.count(row) > 1:
            yield table, 1, row[0], "has a row that is no code's, or a second one"


def main():
    parser = argparse.ArgumentParser(description="Check the manual against what it describes.")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include" / "skua")
    parser.add_argument("--errors", type=pathlib.Path, default=ROOT / "docs" / "errors.md")
    args = parser.parse_args()
    if not headers.functions(args.include):
        sys.exit("check_docs: no functions below %s" % args.include)
    problems = list(check(args.include))
    problems += check_errors(args.include / "error.h", args.errors)
    for path, line, name, text in problems:
        print("%s:%d: %s %s" % (path, line, name, text))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
