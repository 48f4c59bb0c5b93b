"""Chromium against `skua serve`: its pages are followed as a reader would, and uploads to."""

import struct
import urllib.parse
import urllib.request
import zlib

import pytest

import devtools

pytestmark = pytest.mark.skipif(not devtools.CHROMIUM, reason="there is no /usr/bin/chromium")

ODD = ["<script>alert(1)<!--.txt", "<img src=x onerror=alert(1)>", "a\"b'c&d.txt", "%41.txt",
       "\u00fcn\u00ef \u6587\u4ef6-\u0444\u0430\u0439\u043b.txt", "javascript:alert(1)", "a?b#c",
       "..x", "\u202egnp.exe", "x" * 200]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    with devtools.Browser(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def files(tmp_path):
    """A directory to serve that is empty yet."""
    (tmp_path / "files").mkdir()
    return tmp_path / "files"


def links_of(page):
    """The text of the links in the first column."""
    return page.evaluate("[...document.querySelectorAll('td a')].map(a => a.textContent)")


def path_of(page):
    return urllib.parse.unquote(page.evaluate("location.pathname"))


def test_listing(serve, site, browser):
    server = serve(site)
    page = browser.open(server.url)
    assert {"hello.txt", "sub/", "\u00fcml\u00e4ut <&>\".txt"} <= set(links_of(page))
    server.wait_for(r'"GET / HTTP/1\.1" 200 ')
    assert page.complaints() == []


def test_b11_names_are_nothing_but_text(serve, files, browser):
    """Each is shown as it is, its link leads to it, and nothing in it runs."""
    odd = [name for name in ODD if not name.startswith(".")]
    for name in ODD:
        (files / name).write_text("of " + name)
    page = browser.open(serve(files).url)
    assert set(links_of(page)) == set(odd)
    assert page.evaluate("document.scripts.length + document.images.length") == 0
    links = "[...document.querySelectorAll('td a')].map(a => [a.textContent, a.href])"
    for name, href in page.evaluate(links):
        with urllib.request.urlopen(href, timeout=30) as answer:
            assert answer.read().decode() == "of " + name
    assert page.complaints() == []


def test_b11_sort_links(serve, files, browser):
    for name, size in ("a", 30), ("b", 1), ("c", 200):
        (files / name).write_bytes(b"x" * size)
    page = browser.open(serve(files).url)
    assert links_of(page) == ["a", "b", "c"]
    page.click("th:nth-child(2) a")
    assert links_of(page) == ["c", "a", "b"]
    sorted_by = "document.querySelector('[aria-sort=%s]').textContent"
    assert page.evaluate(sorted_by % "descending") == "Size"
    page.click("th:nth-child(2) a")
    assert links_of(page) == ["b", "a", "c"]
    assert page.evaluate(sorted_by % "ascending") == "Size"


def test_b11_steps(serve, files, browser):
    """Down by the rows, and up by the heading and the row of the parent."""
    deep = files / "one" / "t<w>o & \u00fc" / "three"
    deep.mkdir(parents=True)
    page = browser.open(serve(files).url)
    for name in ("one", "t<w>o & \u00fc", "three"):
        page.click("tbody tr:last-child td a")
        assert path_of(page).endswith("/%s/" % name)
    assert page.evaluate("document.title") == "/one/t<w>o & \u00fc/three/"
    page.click("h1 a:nth-child(3)")
    assert path_of(page) == "/one/t<w>o & \u00fc/"
    page.click("tbody tr:first-child td a")
    assert path_of(page) == "/one/"
    page.click("h1 a")
    assert path_of(page) == "/"


def first_pixel(png):
    """The colour of the first pixel: the one that no filter of a PNG's first line changes."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            assert png[at + 16] == 8 and png[at + 17] in (2, 6)  # bytes of RGB, or RGBA
        if kind == b"IDAT":
            packed += png[at + 8:at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(packed)[1:4])


def test_b11_dark_and_light(serve, site, browser):
    """The style sheet is taken, in spite of the policy, and follows the reader's choice."""
    page = browser.open(serve(site).url)
    page.prefer("light")
    assert first_pixel(page.picture()) == (255, 255, 255)
    page.prefer("dark")
    assert max(first_pixel(page.picture())) < 64
    assert page.complaints() == []


def test_b11_narrow(serve, files, browser):
    """On a telephone nothing sticks out at the side."""
    for name in ODD:
        (files / name).write_text("x")
    page = browser.open(serve("--upload", files).url, width=360, height=640)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert page.evaluate("getComputedStyle(document.querySelector('.t')).display") == "none"


def test_page(serve, site, browser):
    page = browser.open(serve(site).url + "page.html")
    assert page.evaluate("document.title") == "page"


def test_redirect_to_the_index(serve, site, browser):
    server = serve(site)
    page = browser.open(server.url + "with%20index")
    assert page.evaluate("document.body.innerText.trim()") == "the index"
    server.wait_for(r'"GET /with%20index HTTP/1\.1" 30[18] ')


# ---- uploads ----


@pytest.mark.parametrize("arguments", [[], ["--tls"]])
def test_b12_upload_by_form(serve, files, tmp_path, browser, monkeypatch, arguments):
    """Files are chosen, the button is pressed, and the listing shows them."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    names = ["new \u00fc.txt", "<b>&'.txt", "big.bin"]
    for name in names:
        (tmp_path / name).write_bytes(name.encode() * (200000 if name == "big.bin" else 1))
    (files / "sub").mkdir()
    url = serve("--upload", *arguments, files).url
    browser.call("Security.setIgnoreCertificateErrors", ignore=True)
    page = browser.open(url + "sub/?sort=size")
    page.choose("input[type=file]", *[tmp_path / name for name in names])
    page.click("button")
    assert path_of(page) == "/sub/"
    assert set(links_of(page)) == {"../", *names}
    for name in names:
        assert (files / "sub" / name).read_bytes() == (tmp_path / name).read_bytes()
    assert page.complaints() == []


def test_b12_upload_by_form_of_a_name_that_is_taken(serve, files, tmp_path, browser):
    """The reader is told which, also of a body that is longer than what the sockets hold."""
    (files / "taken.bin").write_text("mine")
    for name in ("taken.bin", "free.bin"):
        (tmp_path / name).write_bytes(b"x" * 20000000)
    page = browser.open(serve("--upload", files).url)
    page.choose("input[type=file]", tmp_path / "taken.bin", tmp_path / "free.bin")
    page.click("button")
    assert "taken.bin: Nothing was uploaded" in page.evaluate("document.body.innerText")
    assert [path.name for path in files.iterdir()] == ["taken.bin"]
    assert (files / "taken.bin").read_text() == "mine"


def test_b12_no_file_chosen(serve, files, browser):
    """The form does not go out without one."""
    page = browser.open(serve("--upload", files).url)
    assert page.evaluate("document.forms[0].checkValidity()") is False


def test_b12_upload_from_a_page_of_another_site(serve, files, tmp_path, browser):
    """With a form that looks like ours, and all that a browser sends with it."""
    evil = tmp_path / "evil"
    evil.mkdir()
    server = serve("--upload", files)
    (evil / "index.html").write_text(
        '<form method="post" enctype="multipart/form-data" action="%s">'
        '<input type="file" name="file"><button>Win</button></form>' % server.url)
    (tmp_path / "new").write_text("x")
    page = browser.open(serve(evil).url.replace("127.0.0.1", "localhost"))
    page.choose("input", tmp_path / "new")
    page.click("button")
    assert "another site" in page.evaluate("document.body.innerText")
    assert list(files.iterdir()) == []
