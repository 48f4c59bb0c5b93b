"""The client programs in examples/: what an article on HTTP in a program shows, one program each."""

import contextlib
import os
import pathlib
import re
import socket
import threading

import pytest

SOURCES = pathlib.Path(__file__).resolve().parents[2] / "examples"


@pytest.mark.parametrize("name", ["get", "post", "status", "errors", "tls", "timeout", "api_key",
                                  "keep_alive", "log", "upload"])
def test_each_is_short(name):
    assert len((SOURCES / (name + ".c")).read_text().splitlines()) < 40


def test_get(run, peer):
    done = run("get", peer.url + "/x")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"got ", b"")
    assert peer.seen[:2] == ("GET", "/x")


def test_get_says_what_failed(run):
    done = run("get", "http://127.0.0.1:1/")
    assert done.returncode == 1 and done.stdout == b""
    assert re.fullmatch(rb"get: .*refused.*\n", done.stderr)


def test_a23_a_json_body_is_bytes(run, peer):
    done = run("post", peer.url + "/v1/items", '{"n":1}')
    assert (done.returncode, done.stdout) == (0, b'200 OK\ngot {"n":1}\n')
    command, path, fields, body = peer.seen
    assert (command, path, body) == ("POST", "/v1/items", b'{"n":1}')
    assert fields["Content-Type"] == "application/json" and fields["Content-Length"] == "7"


@pytest.mark.parametrize("size", [0, 1, 100000])
def test_upload(run, peer, size):
    data = os.urandom(size)
    done = run("upload", peer.url, "/blob", input=data)
    assert (done.returncode, done.stdout) == (0, b"200\n")
    assert (peer.seen[0], peer.seen[1], peer.seen[3]) == ("PUT", "/blob", data)


def test_upload_reports_the_status(run, peer):
    done = run("upload", peer.url, "/status/404", input=b"x")
    assert (done.returncode, done.stdout) == (1, b"404\n")


def test_upload_reports_what_a_step_latched(run):
    done = run("upload", "http://127.0.0.1:1", "/blob", input=b"x")
    assert done.returncode == 1 and b"refused" in done.stderr


def test_get_over_https(run, secure_peer, certificate):
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    assert run("get", secure_peer.url + "/x", env=trusting).stdout == b"got "
    done = run("get", secure_peer.url + "/x")
    assert done.returncode == 1 and b"certificate" in done.stderr


@pytest.mark.parametrize("status, said, exit_status",
                         [(200, b"success", 0), (204, b"success", 0), (304, b"redirect", 1),
                          (404, b"client", 1), (503, b"server", 2), (599, b"server", 2)])
def test_status_is_handled_by_class(run, peer, status, said, exit_status):
    done = run("status", "%s/status/%d" % (peer.url, status))
    assert (done.returncode, done.stderr) == (exit_status, b"")
    assert b"%d " % status in done.stdout and said in done.stdout


def test_status_of_no_response(run):
    done = run("status", "http://127.0.0.1:1/")
    assert done.returncode == 3 and b"refused" in done.stderr


@pytest.mark.parametrize("url, name, advice",
                         [("nonsense", b"InvalidURL", b"how the URL is written"),
                          ("http://127.0.0.1:1/", b"ConnectionRefusedError", b"nobody listens"),
                          ("http://nobody.invalid/", b"gaierror", b"check the name")])
def test_errors_are_handled_by_code(run, url, name, advice):
    done = run("errors", url)
    assert done.returncode == 1
    assert done.stderr.startswith(name + b" in phase ") and advice in done.stderr


def test_errors_of_tls(run, secure_peer):
    done = run("errors", secure_peer.url)
    assert done.stderr.startswith(b'SSLCertVerificationError in phase "tls"')
    assert b"do not go on" in done.stderr


@contextlib.contextmanager
def answering(data):
    """A peer that sends this to whoever connects, and closes when it has its request."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def answer():
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(30)
                connection.recv(65536)
                connection.sendall(data)

        thread = threading.Thread(target=answer)
        thread.start()
        yield "http://127.0.0.1:%d/" % listener.getsockname()[1]
        thread.join(30)


def test_errors_of_a_peer_that_breaks_off(run):
    with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as url:
        done = run("errors", url)
    assert done.stderr.startswith(b"IncompleteRead in phase") and b"not all of it" in done.stderr


def test_errors_of_a_peer_that_speaks_no_http(run):
    with answering(b"220 smtp.example.org ESMTP\r\n") as url:
        done = run("errors", url)
    assert done.stderr.startswith(b"BadStatusLine") and b"server is at fault" in done.stderr


def test_tls_settings_of_ones_own(run, secure_peer, certificate):
    done = run("tls", secure_peer.url, certificate)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"TLSv1.3 with TLS_") and b"CN=example" in done.stdout


def test_tls_settings_by_default(run, secure_peer, certificate):
    done = run("tls", secure_peer.url)
    assert done.returncode == 1 and b"certificate" in done.stderr
    trusting = {**os.environ, "SSL_CERT_FILE": str(certificate)}
    assert run("tls", secure_peer.url, env=trusting).returncode == 0


def test_timeout(run, peer):
    assert run("timeout", "30", peer.url + "/").returncode == 0
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for limit in ("0.05", "0.5", "5"):  # the machine may be slower than that to send
            done = run("timeout", limit, "http://127.0.0.1:%d/" % silent.getsockname()[1])
            assert done.returncode == 28 and b"too slow, in phase" in done.stderr
            if b'"wait"' in done.stderr:
                break
    assert b'"wait"' in done.stderr


def test_api_key_comes_from_the_environment(run, peer):
    done = run("api_key", peer.url + "/", env={**os.environ, "API_KEY": "s3cret"})
    assert (done.returncode, done.stdout) == (0, b"200\ngot \n")
    assert peer.seen[2]["X-API-Key"] == "s3cret"
    without = {name: value for name, value in os.environ.items() if name != "API_KEY"}
    assert run("api_key", peer.url + "/", env=without).returncode == 2


def test_keep_alive_uses_one_connection(run, peer):
    done = run("keep_alive", peer.url, "/a", "/b", "/status/404")
    assert done.stdout == b"/a: 200, 4 bytes\n/b: 200, 4 bytes\n/status/404: 404, 4 bytes\n"
    assert done.returncode == 0 and len(peer.ports) == 3 and len(set(peer.ports)) == 1


def test_log_has_a_line_for_each_request(run, peer):
    done = run("log", peer.url + "/a", "http://127.0.0.1:1/")
    good, bad = done.stderr.decode().splitlines()
    assert done.returncode == 1 and done.stdout == b""
    assert re.fullmatch(r"[-0-9]{10}T[:0-9]{8}Z INFO \S+/a status=200 bytes=4 "
                        r"first_byte_ms=[0-9.]+ total_ms=[0-9.]+", good)
    assert re.fullmatch(r"\S+ ERROR http://127\.0\.0\.1:1/ error=ConnectionRefusedError "
                        r"phase=connect retry_safe=1 connect: .*refused.*", bad)
