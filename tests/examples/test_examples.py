"""The programs in examples/ and the code in README.md do what they say."""

import contextlib
import http.client
import http.server
import os
import pathlib
import re
import shutil
import signal
import subprocess
import threading
import urllib.parse

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLES = pathlib.Path(os.environ["SKUA_BUILD_DIR"]) / "examples"


def run(name, *arguments, **options):
    return subprocess.run([EXAMPLES / name, *arguments], capture_output=True, timeout=30, **options)


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what it was sent, and answers with it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        self.server.seen = (self.command, self.path, dict(self.headers.items()), self.read_body())
        status = 404 if self.path == "/missing" else 200
        self.send_response(status)
        body = b"got " + self.server.seen[3]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer


@pytest.fixture
def peer():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        server.url = "http://127.0.0.1:%d" % server.server_port
        yield server
        server.shutdown()
        thread.join()


def test_get(peer):
    done = run("get", peer.url + "/x")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"got ", b"")
    assert peer.seen[:2] == ("GET", "/x")


def test_get_says_what_failed():
    done = run("get", "http://127.0.0.1:1/")
    assert done.returncode == 1 and done.stdout == b""
    assert re.fullmatch(rb"get: .*refused.*\n", done.stderr)


def test_post(peer):
    done = run("post", peer.url + "/v1/items", '{"n":1}')
    assert (done.returncode, done.stdout) == (0, b'200 OK\ngot {"n":1}\n')
    command, path, fields, body = peer.seen
    assert (command, path, body) == ("POST", "/v1/items", b'{"n":1}')
    assert fields["Content-Type"] == "application/json" and fields["Content-Length"] == "7"


@pytest.mark.parametrize("size", [0, 1, 100000])
def test_upload(peer, size):
    data = os.urandom(size)
    done = run("upload", peer.url, "/blob", input=data)
    assert (done.returncode, done.stdout) == (0, b"200\n")
    assert (peer.seen[0], peer.seen[1], peer.seen[3]) == ("PUT", "/blob", data)


def test_upload_reports_the_status(peer):
    done = run("upload", peer.url, "/missing", input=b"x")
    assert (done.returncode, done.stdout) == (1, b"404\n")


def test_upload_reports_what_a_step_latched():
    done = run("upload", "http://127.0.0.1:1", "/blob", input=b"x")
    assert done.returncode == 1 and b"refused" in done.stderr


@contextlib.contextmanager
def serving(folder, *certificate):
    where = "https://127.0.0.1:0" if certificate else "http://127.0.0.1:0"
    process = subprocess.Popen([EXAMPLES / "serve", where, folder, *certificate],
                               stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline()
        url = re.fullmatch(r"serving at (https?://127\.0\.0\.1:\d+)/?\n", line).group(1)
        yield process, url
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def fetch(url, path):
    connection = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=10)
    with contextlib.closing(connection):
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.getheader("Content-Type"), response.read()


def test_serve(tmp_path):
    (tmp_path / "a.txt").write_text("a file\n")
    with serving(tmp_path) as (process, url):
        assert fetch(url, "/hello/you") == (200, "text/plain; charset=utf-8", b"hello you\n")
        assert fetch(url, "/steps") == (200, "text/html", b"Hello, World!")
        status, kind, body = fetch(url, "/static/a.txt")
        assert (status, body) == (200, b"a file\n") and kind.startswith("text/plain")
        assert fetch(url, "/nothing")[0] == 404
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_the_two_ends_meet(tmp_path):
    (tmp_path / "a.bin").write_bytes(os.urandom(300000))
    with serving(tmp_path) as (_, url):
        assert run("get", url + "/static/a.bin").stdout == (tmp_path / "a.bin").read_bytes()


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl command")
def test_the_two_ends_meet_over_tls(tmp_path):
    (tmp_path / "a.txt").write_text("a file\n")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=example",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", cert],
                   check=True, capture_output=True, timeout=30)
    with serving(tmp_path, cert, key) as (_, url):
        trusting = {**os.environ, "SSL_CERT_FILE": str(cert)}
        assert run("get", url + "/static/a.txt", env=trusting).stdout == b"a file\n"
        assert run("get", url + "/static/a.txt").returncode == 1


def test_serve_says_what_failed(tmp_path):
    done = run("serve", "http://127.0.0.1:0", str(tmp_path / "missing"))
    assert done.returncode == 1 and b"missing" in done.stderr


def test_readme_code_compiles():
    blocks = re.findall(r"^```c\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert len(blocks) >= 2
    for block in blocks:
        source = "#include <skua/skua.h>\n#include <stdio.h>\n" + block
        command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
                   "-I", ROOT / "include", "-fsyntax-only", "-xc", "-"]
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
