"""Chromium against `skua serve`."""

import html
import os
import re
import shutil
import subprocess
import urllib.parse

import pytest

CHROMIUM = shutil.which("chromium", path="/usr/bin")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no /usr/bin/chromium")


@pytest.fixture
def browse(tmp_path):
    """The document that Chromium has made of a URL."""
    def run(url):
        env = {**os.environ, "HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path),
               "XDG_CACHE_HOME": str(tmp_path)}
        done = subprocess.run(
            [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
             "--no-first-run", "--disable-background-networking", "--disable-component-update",
             "--disable-sync", "--user-data-dir=%s" % (tmp_path / "profile"), "--dump-dom", url],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env,
            timeout=120)
        return done.stdout.decode("utf-8", "replace")
    return run


def test_listing(serve, site, browse):
    server = serve(site)
    page = browse(server.url)
    links = {urllib.parse.unquote(html.unescape(link))
             for link in re.findall(r'<a href="([^"]*)"', page)}
    assert links >= {"hello.txt", "sub/", "\u00fcml\u00e4ut <&>\".txt"}
    server.wait_for(r'"GET / HTTP/1\.1" 200 ')


def test_page(serve, site, browse):
    assert "<title>page</title>" in browse(serve(site).url + "page.html")


def test_redirect_to_the_index(serve, site, browse):
    server = serve(site)
    assert "<p>the index" in browse(server.url + "with%20index")
    server.wait_for(r'"GET /with%20index HTTP/1\.1" 30[18] ')
