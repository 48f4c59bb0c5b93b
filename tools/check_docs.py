#!/usr/bin/env python3
"""Check that every public function carries its manual in the comment directly above it.

One sentence in the imperative first; then Returns: unless it returns nothing, Owns: where it
gives out something by pointer, Thread: with one of the three words, and Since:. A type that is
spelled out needs a comment, too.
"""

import argparse
import pathlib
import re
import sys

import headers

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


def main():
    parser = argparse.ArgumentParser(description="Check the comments in the public headers.")
    parser.add_argument("--include", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent / "include" / "skua")
    include = parser.parse_args().include
    if not headers.functions(include):
        sys.exit("check_docs: no functions below %s" % include)
    problems = list(check(include))
    for path, line, name, text in problems:
        print("%s:%d: %s %s" % (path, line, name, text))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
