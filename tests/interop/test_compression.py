"""Replies of examples/compressed as curl, zlib and http.client take them."""

import contextlib
import http.client
import json
import shutil
import subprocess
import urllib.parse
import zlib

import pytest

from conftest import build_directory
from processes import Process

CURL = shutil.which("curl")
LINES = "".join("This is line %d of two thousand.\n" % i for i in range(2000)).encode()


def curl_features():
    if not CURL:
        return ""
    return subprocess.run([CURL, "-q", "--version"], capture_output=True, text=True,
                          timeout=30).stdout


FEATURES = curl_features()
KNOWN = [pytest.param(coding, marks=pytest.mark.skipif(feature not in FEATURES,
                                                       reason="curl knows no " + coding))
         for coding, feature in (("gzip", "libz"), ("br", "brotli"), ("zstd", "zstd"))]


@pytest.fixture(scope="module")
def server():
    with contextlib.ExitStack() as stack:
        program = str(build_directory() / "examples" / "compressed")
        process = Process([program, "http://127.0.0.1:0"])
        stack.callback(process.stop)
        yield process.wait_for(r"^serving at (http://.*)/$").group(1)


def curl(url, *arguments):
    """Head and decoded body; curl is told by -H which codings to ask for."""
    done = subprocess.run([CURL, "-q", "--silent", "--show-error", "--max-time", "30", "--noproxy",
                           "*", "--compressed", "-i", *arguments, url], capture_output=True,
                          timeout=60)
    assert done.returncode == 0, done.stderr
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    return head.decode().lower() + "\r\n", body


@pytest.mark.parametrize("coding", KNOWN)
def test_curl_decodes_a_whole_reply(server, coding):
    head, body = curl(server + "/list", "-H", "Accept-Encoding: " + coding)
    if "content-encoding" not in head:
        pytest.skip("this build does not apply " + coding)
    assert "\r\ncontent-encoding: %s\r\n" % coding in head
    assert "\r\nvary: accept-encoding\r\n" in head
    assert '\r\netag: w/"500 items"\r\n' in head
    length = int(head.split("\r\ncontent-length: ")[1].split("\r\n")[0])
    assert len(json.loads(body)) == 500 and length < len(body) // 3


@pytest.mark.parametrize("coding", KNOWN)
def test_curl_decodes_a_stream(server, coding):
    head, body = curl(server + "/lines", "-H", "Accept-Encoding: " + coding)
    assert body == LINES
    assert "\r\ntransfer-encoding: chunked\r\n" in head


@pytest.mark.parametrize("coding", KNOWN)
def test_curl_reads_events(server, coding):
    _, body = curl(server + "/events", "-N", "-H", "Accept-Encoding: " + coding)
    assert body == b"event: tick\ndata: the same, again\n\n" * 3


@pytest.mark.skipif(not CURL, reason="there is no curl")
def test_curl_as_it_asks_by_itself(server):
    head, body = curl(server + "/lines")
    assert "\r\ncontent-encoding: " in head and body == LINES
    head, _ = curl(server + "/account")
    assert "content-encoding" not in head and "vary" not in head


def fetch(server, path, method="GET", **fields):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(server).netloc, timeout=30)
    with contextlib.closing(connection):
        fields = {name.replace("_", "-"): value for name, value in fields.items()}
        connection.request(method, path, headers=fields)
        response = connection.getresponse()
        return response, response.read()


def test_zlib_reads_it_to_its_end(server):
    for path in ("/list", "/lines", "/events"):
        response, body = fetch(server, path, Accept_Encoding="gzip")
        if not response.getheader("Content-Encoding"):
            pytest.skip("this build does not apply gzip")
        unzip = zlib.decompressobj(16 + zlib.MAX_WBITS)
        plain = unzip.decompress(body)
        assert unzip.eof and unzip.unused_data == b""
        assert plain == fetch(server, path)[1]


def test_who_asks_for_nothing_gets_it_plain(server):
    response, body = fetch(server, "/list")
    assert response.getheader("Content-Encoding") is None
    assert response.getheader("ETag") == '"500 items"'
    assert response.getheader("Vary") == "Accept-Encoding"
    assert int(response.getheader("Content-Length")) == len(body)


def test_head_says_what_get_says(server):
    for asked in ("gzip", "identity"):
        got, _ = fetch(server, "/list", Accept_Encoding=asked)
        head, body = fetch(server, "/list", "HEAD", Accept_Encoding=asked)
        assert body == b""
        for name in ("Content-Length", "Content-Encoding", "ETag", "Vary"):
            assert head.getheader(name) == got.getheader(name)
