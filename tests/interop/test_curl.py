"""curl against `skua serve`."""

import hashlib
import json
import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("curl"), reason="there is no curl")


def curl(*arguments, **options):
    done = subprocess.run(["curl", "-q", "--silent", "--show-error", "--max-time", "30",
                           "--noproxy", "*", *map(str, arguments)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60, **options)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def told(*arguments):
    """What curl has to say about a transfer, as it writes it in JSON."""
    status, out, err = curl("--output", "/dev/null", "--write-out", "%{json}", *arguments)
    assert status == 0, err
    return json.loads(out)


def test_get(serve, site):
    assert curl(serve(site).url + "hello.txt") == (0, b"hello, world\n", "")


def test_head(serve, site):
    status, out, _ = curl("--head", serve(site).url + "hello.txt")
    assert status == 0
    assert out.startswith(b"HTTP/1.1 200 OK\r\n") and b"Content-Length: 13\r\n" in out


def test_not_found(serve, site):
    server = serve(site)
    assert told(server.url + "none")["http_code"] == 404
    assert curl("--fail", server.url + "none")[0] == 22


def test_etag(serve, site, tmp_path):
    url = serve(site).url + "hello.txt"
    arguments = ["--etag-save", tmp_path / "tag", "--etag-compare", tmp_path / "tag"]
    (tmp_path / "tag").touch()
    assert told(*arguments, url)["http_code"] == 200
    assert told(*arguments, url)["http_code"] == 304
    (site / "hello.txt").write_text("changed")
    assert told(*arguments, url)["http_code"] == 200


def test_time_condition(serve, site):
    url = serve(site).url + "hello.txt"
    assert told("--time-cond", "2040-01-01", url)["http_code"] in (200, 304)
    assert told("--time-cond", "1990-01-01", url)["http_code"] == 200


def test_redirect_is_followed(serve, site):
    answer = told("--location", serve(site).url + "sub")
    assert (answer["http_code"], answer["num_redirects"]) == (200, 1)
    assert answer["url_effective"].endswith("/sub/")


def test_two_urls_on_one_connection(serve, site):
    url = serve(site).url
    status, out, err = curl("--verbose", url + "hello.txt", url + "page.html", url + "none")
    assert status == 0
    assert out.startswith(b"hello, world\n<!doctype html>")
    assert err.count("Connected to") == 1 and err.count("Re-using existing connection") == 2


def test_http_1_0(serve, site):
    status, out, err = curl("--http1.0", "--verbose", serve(site).url + "hello.txt")
    assert (status, out) == (0, b"hello, world\n")
    assert "> GET /hello.txt HTTP/1.0" in err


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_other_methods(serve, site, method):
    assert told("--request", method, serve(site).url + "hello.txt")["http_code"] == 405


@pytest.mark.parametrize("path, expected", [("hello.txt", (405,)), ("none", (404, 405))])
def test_an_upload_that_expects_100(serve, site, tmp_path, path, expected):
    (tmp_path / "up").write_bytes(b"x" * 3000000)
    answer = told("--header", "Expect: 100-continue", "--upload-file", tmp_path / "up",
                  serve(site).url + path)
    assert answer["http_code"] in expected
    assert answer["size_upload"] == 0


@pytest.mark.parametrize("size, fields", [
    (1000, []), (200000, []), (3000000, []), (1000, ["--header", "Transfer-Encoding: chunked"])])
def test_an_upload_that_does_not_ask(serve, site, tmp_path, size, fields):
    """The answer gets through, although the body was not wanted: what is still on its way is
    waited for, within bounds."""
    (tmp_path / "up").write_bytes(b"x" * size)
    for _ in range(5):
        answer = told("--header", "Expect:", *fields, "--upload-file", tmp_path / "up",
                      serve(site).url + "hello.txt")
        assert answer["http_code"] in (405, 413)


def test_a_big_file(serve, big_file, tmp_path):
    path, digest = big_file
    status, _, err = curl("--output", tmp_path / "out", serve(path.parent).url + path.name)
    assert status == 0, err
    got = hashlib.sha256((tmp_path / "out").read_bytes()).hexdigest()
    (tmp_path / "out").unlink()
    assert got == digest


def test_a_slow_reader_gets_all(serve, big_file):
    """The server waits for a client that reads little at a time."""
    path, _ = big_file
    answer = told("--limit-rate", "100M", serve(path.parent).url + path.name)
    assert answer["size_download"] == 100 << 20


def test_odd_names(serve, site):
    url = serve(site).url
    assert curl(url + "sp%20ace%2520.txt")[1] == b"odd name"
    assert curl(url + "%C3%BCml%C3%A4ut%20%3C%26%3E%22.txt")[1] == b"odder name"


def test_path_as_is(serve, site):
    url = serve(site).url
    for path in ("../outside.txt", "sub/../../outside.txt", "%2e%2e/outside.txt"):
        status, out, _ = curl("--path-as-is", url + path)
        assert status == 0 and b"outside\n" != out and b"<p>outside" not in out


def test_tls(serve, site, ca):
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    assert server.scheme == "https"
    url = "https://localhost:%d/hello.txt" % server.port
    arguments = ["--resolve", "localhost:%d:127.0.0.1" % server.port, url]
    assert curl("--cacert", ca.cert, *arguments) == (0, b"hello, world\n", "")
    assert curl(*arguments)[0] == 60
    for version in ("--tlsv1.2", "--tls-max", "1.2"), ("--tlsv1.3",):
        assert curl("--cacert", ca.cert, *version, *arguments)[1] == b"hello, world\n"
    assert curl("--cacert", ca.cert, "--tls-max", "1.1", *arguments)[0] == 35
