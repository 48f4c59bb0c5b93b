#!/usr/bin/env python3
"""Check that every include points down, and that the outside is touched only where it may be.

 - a floor of src/ sees itself and the floors below it, never a sibling or a floor above
 - wire/ sees freestanding C only; base/ the C library; what is POSIX or Linux belongs to sys/
 - OpenSSL belongs to the few files named here
 - cli/ and examples/ see the public headers, as any program does
 - public headers see each other, freestanding C and <stdio.h>
 - the codings' libraries belong to coding/, libidn2 to wire/idna.c
 - nothing is called util, common, misc, helper or internal
"""

import argparse
import pathlib
import re
import sys

FLOORS = {"base": 0, "wire": 1, "coding": 1, "sys": 1, "net": 2, "http": 3, "client": 4,
          "server": 4, "gateway": 5}
OPENSSL_FILES = re.compile(r"src/net/(tls_openssl\w*\.[ch]|(local_ca|digest)\.c)$")
# C17 4, with <string.h>, whose functions a compiler may call anyway, and the SIMD intrinsics.
FREESTANDING = {"float.h", "iso646.h", "limits.h", "stdalign.h", "stdarg.h", "stdbool.h",
                "stddef.h", "stdint.h", "stdnoreturn.h"}
WIRE = FREESTANDING | {"string.h", "emmintrin.h", "smmintrin.h", "immintrin.h", "arm_neon.h"}
# The C library without what ends the process, jumps, or changes it as a whole.
HOSTED = WIRE | {"ctype.h", "errno.h", "inttypes.h", "math.h", "stdatomic.h", "stdio.h",
                 "stdlib.h", "time.h"}
CODINGS = {"zlib.h", "brotli/decode.h", "brotli/encode.h", "zstd.h", "zstd_errors.h"}
# A request's body may come from a FILE.
PUBLIC = FREESTANDING | {"stdio.h"}
NOWHERE = {"assert.h", "locale.h", "setjmp.h"}
BAD_NAMES = re.compile(r"(^|[_-])(utils?|commons?|misc|helpers?|internals?)([_.-]|$)", re.I)
FOLDERS = ("src", "include", "cli", "examples", "tests", "fuzz", "bench", "tools", "docs", "cmake")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def includes(path):
    """(line, bracket, name) of every include."""
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def judge_system(place, name):
    """What is wrong with <name> in a file of src/ (place is its path), or None."""
    floor = place.split("/")[1]
    if name.startswith("skua/"):
        return None
    if name.startswith("openssl/"):
        return None if OPENSSL_FILES.search(place) else "only the TLS files may include OpenSSL"
    if name in CODINGS:
        return None if floor == "coding" else "<%s> belongs to coding/" % name
    if name == "idn2.h":
        return None if place == "src/wire/idna.c" else "<idn2.h> belongs to wire/idna.c"
    if name in NOWHERE:
        return "the library does not use <%s>" % name
    if floor == "sys":
        return None
    allowed = WIRE if floor == "wire" else HOSTED
    if name in allowed:
        return None
    if name in HOSTED:
        return "wire/ includes freestanding C only, not <%s>" % name
    return "<%s> belongs to sys/" % name


def judge_own(root, place, name):
    """What is wrong with "name" in a file of src/, or None."""
    floor = place.split("/")[1]
    other = name.split("/")[0] if "/" in name else ""
    if other not in FLOORS:
        return 'write "floor/file.h", not "%s"' % name
    if not (root / "src" / name).exists():
        return '"%s" does not exist' % name
    if other == floor or FLOORS[other] < FLOORS[floor]:
        return None
    direction = "sideways" if FLOORS[other] == FLOORS[floor] else "up"
    return '"%s" points %s from %s/' % (name, direction, floor)


def check_src(root, path):
    place = path.relative_to(root).as_posix()
    if place.split("/")[1] not in FLOORS or place.count("/") != 2:
        yield place, 1, "src/ holds floors, floors hold files"
        return
    for line, bracket, name in includes(path):
        wrong = judge_own(root, place, name) if bracket == '"' else judge_system(place, name)
        if wrong:
            yield place, line, wrong


def check_public(root, path):
    place = path.relative_to(root).as_posix()
    for line, bracket, name in includes(path):
        if bracket != "<" or not (name.startswith("skua/") or name in PUBLIC):
            yield place, line, "a public header includes <skua/...>, freestanding C and <stdio.h> only"


def check_program(root, path):
    """cli/ and examples/: a quoted include may name a neighbour in the same folder only."""
    place = path.relative_to(root).as_posix()
    for line, bracket, name in includes(path):
        if bracket == '"' and not ("/" not in name and (path.parent / name).exists()):
            yield place, line, '"%s" is not a public header' % name
        if name.startswith("openssl/"):
            yield place, line, "a program of this project uses the library's TLS, not OpenSSL"


def check_names(root):
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if "__pycache__" not in path.parts and BAD_NAMES.search(path.stem):
                yield path.relative_to(root).as_posix(), 1, "say what it holds: not %s" % path.name


def check(root):
    """Every violation below root: (path, line, text)."""
    for rule, patterns in ((check_src, ("src/**/*.c", "src/**/*.h")),
                           (check_public, ("include/skua/*.h",)),
                           (check_program, ("cli/**/*.[ch]", "examples/**/*.[ch]"))):
        for pattern in patterns:
            for path in sorted(root.glob(pattern)):
                yield from rule(root, path)
    yield from check_names(root)


def main():
    parser = argparse.ArgumentParser(description="Check that includes point down.")
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent)
    root = parser.parse_args().root
    wrong = list(check(root))
    for path, line, text in wrong:
        print("%s:%d: %s" % (path, line, text))
    if not any(root.glob("src/*/*.[ch]")):
        sys.exit("check_layers: no sources below %s" % root)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
