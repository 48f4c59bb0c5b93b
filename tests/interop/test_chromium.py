"""Chromium against `skua serve`."""

import html
import os
import re
import shutil
import struct
import subprocess
import urllib.parse
import zlib

import pytest

CHROMIUM = shutil.which("chromium", path="/usr/bin")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no /usr/bin/chromium")


@pytest.fixture
def chromium(tmp_path):
    """Run Chromium with these arguments: what it prints."""
    def run(*arguments):
        env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
               "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--user-data-dir=%s" % (tmp_path / "profile"), *arguments],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            timeout=120)
        return done.stdout.decode("utf-8", "replace")
    return run


@pytest.fixture
def browse(chromium):
    """The document that Chromium has made of a URL."""
    return lambda url: chromium("--dump-dom", url)


@pytest.fixture
def corner(chromium, tmp_path):
    """The colour of a page's first pixel, as red, green and blue."""
    def look(url, *arguments):
        picture = tmp_path / "picture.png"
        chromium("--screenshot=%s" % picture, "--window-size=400,300", *arguments, url)
        return first_pixel(picture.read_bytes())
    return look


def first_pixel(png):
    """The one that no filter of a PNG's first line changes."""
    at, packed = 8, b""
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        if kind == b"IHDR":
            assert png[at + 16] == 8 and png[at + 17] in (2, 6)  # bytes of RGB, or RGBA
        if kind == b"IDAT":
            packed += png[at + 8:at + 8 + length]
        at += 12 + length
    return tuple(zlib.decompress(packed)[1:4])


def test_listing(serve, site, browse):
    server = serve(site)
    page = browse(server.url)
    links = {urllib.parse.unquote(html.unescape(link))
             for link in re.findall(r'<a href="([^"]*)"', page)}
    assert links >= {"hello.txt", "sub/", "\u00fcml\u00e4ut <&>\".txt"}
    server.wait_for(r'"GET / HTTP/1\.1" 200 ')


def links_of(page):
    return [html.unescape(link) for link in re.findall(r'<td><a href="([^"]*)"', page)]


def test_b11_sort_link(serve, tmp_path, browse):
    """The links in the heads are followed as a reader would, and the rows come as they say."""
    (tmp_path / "files").mkdir()
    for name, size in ("a", 30), ("b", 1), ("c", 200):
        (tmp_path / "files" / name).write_bytes(b"x" * size)
    url = serve(tmp_path / "files").url
    page = browse(url)
    assert links_of(page) == ["a", "b", "c"]
    link = html.unescape(re.search(r'<a href="([^"]*)">Size</a>', page).group(1))
    page = browse(urllib.parse.urljoin(url, link))
    assert links_of(page) == ["c", "a", "b"]
    assert re.search(r'<th [^>]*aria-sort="descending"[^>]*><a [^>]*>Size</a>', page)
    link = html.unescape(re.search(r'<a href="([^"]*)">Size</a>', page).group(1))
    assert links_of(browse(urllib.parse.urljoin(url, link))) == ["b", "a", "c"]


def test_b11_dark_and_light(serve, site, corner):
    """The style sheet is taken, in spite of the policy, and follows the reader's choice."""
    url = serve(site).url
    assert corner(url) == (255, 255, 255)
    dark = corner(url, "--blink-settings=preferredColorScheme=0")
    assert max(dark) < 64


def test_page(serve, site, browse):
    assert "<title>page</title>" in browse(serve(site).url + "page.html")


def test_redirect_to_the_index(serve, site, browse):
    server = serve(site)
    assert "<p>the index" in browse(server.url + "with%20index")
    server.wait_for(r'"GET /with%20index HTTP/1\.1" 30[18] ')
