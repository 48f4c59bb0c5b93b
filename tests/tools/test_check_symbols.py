"""tools/check_symbols.py sees symbols, variables and calls that must not be there."""

import subprocess

import check_symbols
import pytest

HEADER = "/* a */\nSKUA_API int skua_a(void);\n"
GOOD = """
#define API __attribute__((visibility("default")))
static const char *const names[] = {"one", "two"};
const char *sk_name(int n);
const char *sk_name(int n) { return names[n & 1]; }
API int skua_a(void);
API int skua_a(void) { return sk_name(0)[0]; }
"""


@pytest.fixture
def build(tmp_path):
    """build(source, file) compiles a library of one file and returns what is wrong with it."""
    def make(source, file="a.c", header=HEADER):
        (tmp_path / "include").mkdir()
        (tmp_path / "include" / "a.h").write_text(header)
        (tmp_path / file).write_text(source)
        flags = ["-O1", "-w", "-fPIC", "-fvisibility=hidden"]
        for command in (["gcc", *flags, "-c", file, "-o", file + ".o"],
                        ["gcc", "-shared", file + ".o", "-o", "libskua.so"],
                        ["ar", "rc", "libskua.a", file + ".o"]):
            subprocess.run(command, cwd=tmp_path, check=True)
        return list(check_symbols.check(tmp_path, tmp_path / "include"))
    return make


def test_good_library_passes(build):
    assert build(GOOD) == []


@pytest.mark.parametrize("addition, wrong", [
    ("API int skua_b(void) { return 1; }", "exports skua_b, which no public header"),
    ("API int sk_b(void) { return 1; }", "exports sk_b, which no public header"),
    ("API const int skua_table[] = {1, 2};", "exports skua_table, which no public header"),
    ("int helper(void) { return 1; }", "global helper begins with neither"),
    ("int sk_count; ", "writable variables in .bss"),
    ("int *sk_count(void) { static int n = 3; return &n; }", "writable variables in .data"),
    ("int *sk_count(void) { static _Thread_local int n; return &n; }", "writable variables in .tbss"),
    ("void abort(void); void sk_b(void) { abort(); }", "abort, which ends the process"),
    ("int puts(const char *); void sk_b(void) { puts(\"\"); }", "puts, which prints"),
    ("void *malloc(unsigned long); void *sk_b(void) { return malloc(9); }", "malloc past"),
    ("char *strcpy(char *, const char *); void sk_b(char *p, char *q) { strcpy(p, q); }",
     "strcpy, which knows no bound"),
    ("char *strerror(int); char *sk_b(void) { return strerror(9); }", "strerror, which keeps"),
])
def test_bad_symbol_is_seen(build, addition, wrong):
    problems = build(GOOD + addition + "\n")
    assert any(wrong in problem for problem in problems), problems


def test_missing_export_is_seen(build):
    problems = build(GOOD, header=HEADER + "/* b */\nSKUA_API int skua_b(void);\n")
    assert problems == ["libskua.so lacks skua_b, which a public header declares"]


def test_mem_c_may_allocate(build):
    assert build(GOOD + "void *malloc(unsigned long); void *sk_b(void) { return malloc(9); }\n",
                 file="mem.c") == []
