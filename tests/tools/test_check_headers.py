"""tools/check_headers.py sees headers that do not stand alone."""

import check_headers
import pytest

GOOD = "#ifndef A_H\n#define A_H\n#include <stddef.h>\nsize_t skua_a(void);\n#endif\n"
WHOLE = "#include <skua/a.h>\n"


def problems(tree, header, whole=WHOLE):
    folder = tree({"include/skua/a.h": header, "include/skua/skua.h": whole}) / "include"
    return "\n".join(check_headers.check(folder))


def test_good_header_passes(tree):
    assert problems(tree, GOOD) == ""


@pytest.mark.parametrize("header, language", [
    (GOOD.replace("#include <stddef.h>\n", ""), "C11"),  # needs another header first
    (GOOD.replace("size_t skua_a(void)", "int skua_a(int class)"), "C++17"),  # no C++
    (GOOD.replace("size_t skua_a(void)", "int skua_a()"), "C11"),  # no prototype
    ("typedef struct a { int n; } a;\n", "C11"),  # no include guard
    (GOOD.replace("size_t skua_a(void);", "struct a { int n; int v[]; int w; };"), "C11"),
])
def test_bad_header_is_seen(tree, header, language):
    assert "as %s" % language in problems(tree, header)


def test_header_that_skua_h_forgets_is_seen(tree):
    assert "skua.h does not include <skua/a.h>" in problems(tree, GOOD, "")


def test_no_headers_is_no_success(tmp_path):
    assert list(check_headers.check(tmp_path))
