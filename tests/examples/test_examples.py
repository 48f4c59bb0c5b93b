"""The server in examples/ and the code in README.md do what they say."""

import contextlib
import http.client
import os
import pathlib
import re
import signal
import subprocess
import urllib.parse

from conftest import EXAMPLES

ROOT = pathlib.Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def started(name, *arguments, where="http://127.0.0.1:0"):
    process = subprocess.Popen([EXAMPLES / name, where, *arguments], stderr=subprocess.PIPE,
                               text=True)
    try:
        line = process.stderr.readline()
        url = re.fullmatch(r"serving at (https?://127\.0\.0\.1:\d+)/?\n", line).group(1)
        yield process, url
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def serving(folder, *certificate):
    where = "https://127.0.0.1:0" if certificate else "http://127.0.0.1:0"
    return started("serve", folder, *certificate, where=where)


def connect_to(url):
    return http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc, timeout=10)


def fetch(url, path):
    with contextlib.closing(connect_to(url)) as connection:
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


def test_the_two_ends_meet(run, tmp_path):
    (tmp_path / "a.bin").write_bytes(os.urandom(300000))
    with serving(tmp_path) as (_, url):
        assert run("get", url + "/static/a.bin").stdout == (tmp_path / "a.bin").read_bytes()


def test_the_two_ends_meet_over_tls(run, certificate, tmp_path):
    (tmp_path / "a.txt").write_text("a file\n")
    with serving(tmp_path, certificate, certificate) as (_, url):
        trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
        assert run("get", url + "/static/a.txt", env=trusting).stdout == b"a file\n"
        assert run("get", url + "/static/a.txt").returncode == 1


def test_serve_says_what_failed(run, tmp_path):
    done = run("serve", "http://127.0.0.1:0", str(tmp_path / "missing"))
    assert done.returncode == 1 and b"missing" in done.stderr
    assert b"serving at" not in done.stderr


def test_chat_tells_all_and_ends_in_order():
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    with started("chat") as (process, url), contextlib.ExitStack() as stack:
        assert b"EventSource" in fetch(url, "/")[2]
        listeners = []
        for _ in range(3):
            connection = stack.enter_context(contextlib.closing(connect_to(url)))
            connection.request("GET", "/events")
            listeners.append(connection.getresponse())
        with contextlib.closing(connect_to(url)) as speaker:
            for text, status in (("text=hello", 204), ("text=a%0Ab", 204), ("other=x", 400)):
                speaker.request("POST", "/say", text, form)
                answer = speaker.getresponse()
                answer.read()
                assert answer.status == status
        process.send_signal(signal.SIGTERM)
        for listener in listeners:
            assert listener.read() == b"data: hello\n\ndata: a\ndata: b\n\n"
        assert process.wait(10) == 0


def test_inbox_takes_forms_whole_or_not(tmp_path):
    part = b'--b\r\nContent-Disposition: form-data; name="f"; filename="../x"\r\n\r\ncontent\r\n'
    cases = ((part + part + b"--b--\r\n", "multipart/form-data; boundary=b", 201),
             (part, "multipart/form-data; boundary=b", 400), (b"x", "text/plain", 415))
    with started("inbox", tmp_path) as (process, url):
        for body, content_type, status in cases:
            with contextlib.closing(connect_to(url)) as connection:
                connection.request("POST", "/", body, {"Content-Type": content_type})
                assert connection.getresponse().status == status
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
    assert [path.read_bytes() for path in tmp_path.iterdir()] == 2 * [b"content"]


def test_readme_code_compiles():
    blocks = re.findall(r"^```c\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    assert len(blocks) >= 2
    for block in blocks:
        source = "#include <skua/skua.h>\n#include <stdio.h>\n" + block
        command = ["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter",
                   "-I", ROOT / "include", "-fsyntax-only", "-xc", "-"]
        done = subprocess.run(command, input=source, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
