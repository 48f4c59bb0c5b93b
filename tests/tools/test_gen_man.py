"""tools/gen_man.py turns headers into pages that say all the headers say, and only that."""

import re
import subprocess

import gen_man
import pytest

HEADER = '''/* skua/url.h - taking a URL apart.
 *
 * It is called so:
 *
 *     skua_url_parse("http://h/", &url, NULL);
 */
#ifndef SKUA_URL_H
#define SKUA_URL_H

/* A URL in pieces. */
typedef struct skua_url skua_url;

/* How many. One for each
 * finger. */
#define SKUA_URL_MAX 10
#define SKUA_URL_MIN 1

/* Parse a URL. A line may begin with
 * .dots, a "quote" or a \\\\backslash.
 *
 * A second paragraph.
 *
 * Returns: 0, or SKUA_E_NOMEM;
 *          *out is set.
 * Owns: the caller frees *out.
 * Thread: any.
 * Since: 0.1 */
SKUA_API int skua_url_parse(const char *text, skua_url **out,
                            void (*fn)(void *user, int n));

#endif
'''


@pytest.fixture
def page(tree):
    texts, links = gen_man.pages(tree({"url.h": HEADER}), "0.1.0", "May 1, 2026")
    assert links == {"skua_url_parse.3": "skua_url.3"}
    return texts["skua_url.3"]


def render(text):
    done = subprocess.run(["mandoc", "-T", "ascii", "-O", "width=100"], input=text,
                          capture_output=True, text=True, check=True)
    return re.sub(".\b", "", done.stdout)  # struck twice for bold, underlined


def test_page_is_well_formed(page):
    done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning"], input=page,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("text", [
    "skua_url - taking a URL apart",
    "#include <skua/url.h>",
    'skua_url_parse("http://h/", &url, NULL);',
    "skua_url_parse(const char *text, skua_url **out, void (*fn)(void *user, int n));",
    "typedef struct skua_url skua_url;",
    "#define SKUA_URL_MIN 1",
    '.dots, a "quote" or a \\\\backslash.',
    "A second paragraph.",
    "Returns    0, or SKUA_E_NOMEM; *out is set.",
    "Ownership  the caller frees *out.",
    "Threads    any.",
    "Since      0.1",
])
def test_page_says(page, text):
    assert text in render(page)


def test_guards_are_left_out(page):
    assert "SKUA_URL_H" not in page


def test_date_can_be_pinned(monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert gen_man.page_date() == "January 1, 1970"


def test_removed_functions_lose_their_page(tree, tmp_path, root):
    folder = tree({"h/url.h": HEADER}) / "h"
    command = ["/usr/bin/python3", root / "tools" / "gen_man.py", "--include", folder,
               "--version", "1", "--output", tmp_path / "man3"]
    subprocess.run(command, check=True)
    (folder / "url.h").write_text(HEADER.replace("skua_url_parse", "skua_url_read"))
    subprocess.run(command, check=True)
    names = {path.name for path in (tmp_path / "man3").iterdir()}
    assert names == {"libskua.3", "skua_url.3", "skua_url_read.3"}
