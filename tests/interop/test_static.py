"""Files as curl and http.client ask for them: parts, resumed downloads, compressed files, conditions;
from `skua serve` and from examples/site."""

import contextlib
import email
import gzip
import http.client
import json
import os
import re
import shutil
import subprocess

import pytest

from conftest import build_directory
from processes import Process

CURL = shutil.which("curl")
needs_curl = pytest.mark.skipif(not CURL, reason="there is no curl")


def curl(*arguments):
    done = subprocess.run([CURL, "-q", "--silent", "--show-error", "--max-time", "30", "--noproxy",
                           "*", *map(str, arguments)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def application(tmp_path):
    """A folder as a build of a browser's application leaves it, and a file beside it."""
    root = tmp_path / "public"
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text("<p>the application")
    (root / "404.html").write_text("<p>not here")
    (root / "assets" / "app.js").write_text("let a = 1;\n" * 5000)
    (tmp_path / "report").write_bytes(os.urandom(100000))
    with gzip.open(root / "assets" / "app.js.gz", "wt") as file:
        file.write("let a = 1;\n" * 5000)
    return root


@pytest.fixture
def site(application):
    """The URL of examples/site over it."""
    with contextlib.ExitStack() as stack:
        server = Process([str(build_directory() / "examples" / "site"), "http://127.0.0.1:0",
                          str(application), str(application.parent / "report")])
        stack.callback(server.stop)
        yield server.wait_for(r"^serving at (http://.*/)$").group(1)


# ---- curl ----


@needs_curl
@pytest.mark.parametrize("asked,part", [("0-4", b"hello"), ("7-", b"world\n"), ("-6", b"world\n"),
                                        ("0-0", b"h"), ("2-200", b"llo, world\n")])
def test_b11_curl_range(serve, site_of_files, asked, part):
    url = serve(site_of_files).url + "hello.txt"
    for _ in range(3):
        assert curl("-r", asked, url) == part
    assert curl("-r", asked, "-o", "/dev/null", "-w", "%{http_code}", url) == b"206"


@pytest.fixture
def site_of_files(tmp_path):
    root = tmp_path / "files"
    root.mkdir()
    (root / "hello.txt").write_text("hello, world\n")
    (root / "large").write_bytes(os.urandom(5000000))
    return root


@needs_curl
def test_b11_curl_several_ranges(serve, site_of_files):
    whole = (site_of_files / "large").read_bytes()
    url = serve(site_of_files).url + "large"
    out = curl("-i", "-r", "0-9,1000000-2999999,-5", url)
    head, _, body = out.partition(b"\r\n\r\n")
    kind = re.search(rb"Content-Type: ([^\r]*)", head).group(1)
    message = email.message_from_bytes(b"Content-Type: " + kind + b"\r\n\r\n" + body)
    parts = [part.get_payload(decode=True) for part in message.get_payload()]
    assert [part["Content-Range"] for part in message.get_payload()] == [
        "bytes 0-9/5000000", "bytes 1000000-2999999/5000000", "bytes 4999995-4999999/5000000"]
    # What the parser makes of line ends is not for bytes: the lengths are told by the ranges.
    assert len(parts) == 3
    for text in (whole[:10], whole[1000000:3000000], whole[-5:]):
        assert b"\r\n\r\n" + text + b"\r\n--" in out


@needs_curl
def test_b11_curl_resumes(serve, site_of_files, tmp_path):
    whole = (site_of_files / "large").read_bytes()
    url = serve(site_of_files).url + "large"
    (tmp_path / "out").write_bytes(whole[:1234567])
    assert curl("-C", "-", "-o", tmp_path / "out", "-w", "%{size_download}", url) == \
        b"%d" % (5000000 - 1234567)
    assert (tmp_path / "out").read_bytes() == whole
    # Nothing is left to be had: 416, which curl knows for a success.
    assert curl("-C", "-", "-o", tmp_path / "out", "-w", "%{http_code}", url) == b"416"
    assert (tmp_path / "out").read_bytes() == whole


@needs_curl
def test_b11_curl_newer_than(serve, site_of_files, tmp_path):
    url = serve(site_of_files).url + "hello.txt"
    code = ["-o", tmp_path / "out", "-w", "%{http_code}", url]
    assert curl("-R", *code) == b"200"  # the copy has the file's time
    assert curl("-z", tmp_path / "out", *code) == b"304"
    assert curl("-z", "Thu, 01 Jan 1998 00:00:00 GMT", *code) == b"200"


@needs_curl
def test_b11_curl_compressed(site, application):
    text = (application / "assets" / "app.js").read_bytes()
    packed = (application / "assets" / "app.js.gz").read_bytes()
    url = site + "assets/app.js"
    assert curl(url) == text
    assert curl("--compressed", url) == text
    assert curl("-H", "Accept-Encoding: gzip", url) == packed
    assert curl("-H", "Accept-Encoding: gzip;q=0", url) == text
    assert curl("-H", "Accept-Encoding: gzip", "-r", "0-99", url) == packed[:100]
    out = curl("-i", "-H", "Accept-Encoding: gzip", url).partition(b"\r\n\r\n")[0].decode()
    assert "\nContent-Encoding: gzip" in out and "\nVary: Accept-Encoding" in out
    assert "\nContent-Type: text/javascript" in out
    assert "\nCache-Control: public, max-age=31536000, immutable" in out


@needs_curl
def test_b11_site(site, application):
    status = ["-o", "/dev/null", "-w", "%{http_code}"]
    assert curl(site + "users/7") == b"<p>the application"
    assert curl(site + "none.css") == b"<p>not here"
    assert curl(*status, site + "none.css") == b"404"
    assert curl(*status, "-X", "POST", site + "assets/app.js") == b"405"
    assert curl(*status, "-T", "/dev/null", site + "assets/app.js") == b"405"
    report = (application.parent / "report").read_bytes()
    assert curl(site + "report") == report
    assert curl("-r", "50000-", site + "report") == report[50000:]


# ---- http.client ----


def test_b11_http_client(serve, site_of_files):
    """Parts, 416 and 304 over one connection, with the whole between them."""
    whole = (site_of_files / "large").read_bytes()
    server = serve(site_of_files)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)

    def ask(**fields):
        connection.request("GET", "/large", headers={k.replace("_", "-"): v
                                                     for k, v in fields.items()})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()

    status, fields, body = ask()
    assert (status, body) == (200, whole)
    tag, date = fields["ETag"], fields["Last-Modified"]
    status, fields, body = ask(Range="bytes=100-199", If_Range=tag)
    assert (status, body) == (206, whole[100:200])
    assert fields["Content-Range"] == "bytes 100-199/5000000" and fields["ETag"] == tag
    assert ask(Range="bytes=100-199", If_Range='"x"')[::2] == (200, whole)
    assert ask(Range="bytes=100-199", If_Range="W/" + tag)[::2] == (200, whole)
    assert ask(Range="bytes=5000000-")[0] == 416
    assert ask(Range="bytes=1-2", If_None_Match=tag)[0] == 304
    assert ask(Range="bytes=1-2", If_Match='"x"')[0] == 412
    assert ask(Range="bytes=1-2", If_Modified_Since=date)[0] == 304
    assert len(ask(Range="bytes=0-0,2-1000001")[2]) > 1000001
    assert ask(Range="bytes=0-1,1-2")[0] == 200
    connection.close()


def test_b11_listing_as_json(serve, site_of_files):
    server = serve(site_of_files)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("GET", "/?sort=size", headers={"Accept": "application/json"})
    answer = connection.getresponse()
    assert answer.headers["Content-Type"] == "application/json"
    listing = json.loads(answer.read())
    assert [(e["name"], e["type"], e["size"]) for e in listing["entries"]] == [
        ("large", "file", 5000000), ("hello.txt", "file", 13)]
    assert all(e["mtime"] > 1700000000 for e in listing["entries"])
    connection.close()
