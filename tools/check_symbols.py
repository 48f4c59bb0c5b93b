#!/usr/bin/env python3
"""Check the symbol tables of a build.

 - the shared library exports the functions of the public headers, all of them and no others
 - every global symbol of the archive begins with skua_ or sk_
 - the archive holds no writable variable: there is no global mutable state
 - the archive calls nothing that ends the process, prints, or installs a signal handler, and
   allocates in base/mem.c alone
"""

import argparse
import pathlib
import re
import subprocess
import sys

import headers

ROOT = pathlib.Path(__file__).resolve().parent.parent
WRITABLE = re.compile(r"^(\.data|\.bss|\.tdata|\.tbss|\*COM\*)(?!\.rel\.ro)")
ALLOCATION = {"malloc", "calloc", "realloc", "free", "strdup", "strndup", "aligned_alloc",
              "posix_memalign", "asprintf", "vasprintf", "getline"}
MEMORY_FILE = "mem.c.o"
NEVER = {
    "ends the process": {"exit", "_exit", "_Exit", "abort", "quick_exit", "__assert_fail", "raise",
                         "kill"},
    "prints": {"printf", "puts", "putchar", "vprintf", "perror", "psignal", "__printf_chk",
               "__vprintf_chk", "stdout", "stderr"},
    "changes the process": {"signal", "sigaction", "sigprocmask", "setlocale", "setenv", "putenv",
                            "chdir", "umask", "atexit", "srand"},
    "keeps a hidden global": {"strtok", "gmtime", "localtime", "ctime", "asctime", "strerror",
                              "rand", "gethostbyname", "inet_ntoa", "getpwuid"},
    "knows no bound": {"strcpy", "strcat", "sprintf", "vsprintf", "gets", "alloca"},
}


def output_of(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported(library):
    """Names of the functions and variables that a shared library exports, version nodes aside."""
    table = output_of("nm", "-D", "--defined-only", "--format=posix", str(library))
    rows = [line.split() for line in table.splitlines()]
    return {row[0].split("@")[0] for row in rows if row[1] != "A"}


def check_exports(library, declared):
    found = exported(library)
    for name in sorted(found - declared):
        yield "%s exports %s, which no public header declares" % (library.name, name)
    for name in sorted(declared - found):
        yield "%s lacks %s, which a public header declares" % (library.name, name)


def members(archive):
    """(object file, symbol, class letter) of every symbol in an archive."""
    table = output_of("nm", "-A", "--format=posix", str(archive))
    for line in table.splitlines():
        match = re.match(r".*\[(.+)\]: (\S+) (\S)", line)
        if match:
            yield match.groups()


def check_names(archive):
    for member, name, kind in members(archive):
        if kind.isupper() and kind != "U" and not re.match(r"skua_|sk_", name):
            yield "%s: global %s begins with neither skua_ nor sk_" % (member, name)


def check_calls(archive):
    for member, name, kind in members(archive):
        if kind != "U":
            continue
        plain = re.sub(r"^__(\w+)_chk$", r"\1", name)
        if plain in ALLOCATION and member != MEMORY_FILE:
            yield "%s: calls %s past base/mem.h" % (member, plain)
        for what, names in NEVER.items():
            # Where the length is given, the fortified names are the bounded calls' own.
            if name in names or plain in names:
                yield "%s: uses %s, which %s" % (member, plain, what)


def check_state(archive):
    """Writable sections of the archive must be empty."""
    table = output_of("objdump", "-h", "-w", str(archive))
    member = ""
    for line in table.splitlines():
        match = re.match(r"(\S+):\s+file format", line)
        if match:
            member = match.group(1)
        row = line.split()
        if len(row) > 3 and row[0].isdigit() and WRITABLE.match(row[1]) and int(row[2], 16):
            yield "%s: %s bytes of writable variables in %s" % (member, int(row[2], 16), row[1])


def check(build, include):
    shared, static = build / "libskua.so", build / "libskua.a"
    declared = {function.name for function in headers.functions(include)}
    yield from check_exports(shared, declared)
    yield from check_names(static)
    yield from check_state(static)
    yield from check_calls(static)


def main():
    parser = argparse.ArgumentParser(description="Check the symbol tables of a build.")
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--include", type=pathlib.Path, default=ROOT / "include" / "skua")
    args = parser.parse_args()
    problems = list(check(args.build, args.include))
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
