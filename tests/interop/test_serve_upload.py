"""Uploads to `skua serve`: whole or not at all, within the directory, nothing overwritten."""

import http.client
import os
import resource
import socket
import subprocess

import pytest


def put(server, path, body, **options):
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("PUT", path, body=body, **options)
    answer = connection.getresponse()
    status = answer.status
    answer.read()
    connection.close()
    return status


def names(directory):
    return set(os.listdir(directory))


def test_b12_upload(serve, site, http_get):
    before = names(site)
    server = serve("--upload", site)
    content = os.urandom(3000000)
    assert put(server, "/new%20%C3%BC.bin", content) == 201
    assert (site / "new \u00fc.bin").read_bytes() == content
    assert http_get(server, "/new%20%C3%BC.bin")[2] == content
    assert put(server, "/chunked", iter([b"ab", b"cd"]), encode_chunked=True,
               headers={"Transfer-Encoding": "chunked"}) == 201
    assert (site / "chunked").read_bytes() == b"abcd"
    assert put(server, "/empty", b"") == 201
    assert names(site) == before | {"new \u00fc.bin", "chunked", "empty"}


def test_b12_upload_is_off_by_default(serve, site):
    assert put(serve(site), "/new", b"x") == 405
    assert not (site / "new").exists()


def test_b12_upload_into_another_directory(serve, site, tmp_path):
    (tmp_path / "inbox").mkdir()
    server = serve("--upload=%s" % (tmp_path / "inbox"), site)
    assert put(server, "/new", b"x") == 201
    assert (tmp_path / "inbox" / "new").read_bytes() == b"x"
    assert not (site / "new").exists()
    (tmp_path / "inbox" / "sub").mkdir()
    assert put(server, "/sub/new", b"x") == 404


def test_b12_upload_below(serve, site):
    server = serve("--upload", site)
    assert put(server, "/sub/new", b"x") == 201
    assert (site / "sub" / "new").read_bytes() == b"x"
    assert put(server, "/none/new", b"x") == put(server, "/hello.txt/new", b"x") == 404


def test_b12_upload_overwrites_when_it_is_told_to(serve, site):
    for arguments, status, content in [([], 409, b"hello, world\n"),
                                       (["--upload-overwrite"], 204, b"other")]:
        server = serve("--upload", *arguments, site)
        assert put(server, "/hello.txt", b"other") == status
        assert (site / "hello.txt").read_bytes() == content
        assert put(server, "/sub", b"other") == 409
        assert (site / "sub").is_dir()


def test_an_upload_takes_the_place_of_a_link_not_of_its_target(serve, site, tmp_path):
    assert put(serve("--upload", "--upload-overwrite", site), "/link%20out", b"other") == 204
    assert (tmp_path / "outside.txt").read_text() == "outside"
    assert (site / "link out").read_bytes() == b"other" and not (site / "link out").is_symlink()


@pytest.mark.parametrize("name", [".hidden", ".new", "..", "a%2Fb", "%2Fetc%2Fx", "a%5Cb",
                                  "..%2Foutside.txt", "a%00b", "a%0Ab", "a%1B%5B2J", "a%7F",
                                  "a%C2%85", "%FF", "", "sub/", "x" * 256, "sub/.new",
                                  "sub/..%2Fnew"])
def test_names_that_are_not_taken(serve, site, tmp_path, name):
    before = names(site), names(tmp_path), names(site / "sub")
    assert put(serve("--upload", site), "/" + name, b"x") in (400, 405)
    assert (names(site), names(tmp_path), names(site / "sub")) == before


def test_b12_uploads_that_find_no_room(serve, site):
    """Some of it is written, and more cannot be: SIGXFSZ ends nobody, and nothing is left."""
    before = names(site)
    server = serve("--upload", "--threads", 1, site)
    pid = server.popen.pid
    unbounded = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (100000, unbounded[1]))
    assert put(server, "/more", b"x" * 100001) == 413
    assert put(server, "/chunked", iter([b"x" * 60000] * 2), encode_chunked=True,
               headers={"Transfer-Encoding": "chunked"}) == 413
    assert names(site) == before
    assert put(server, "/fits", b"x" * 100000) == 201
    assert names(site) == before | {"fits"}


def test_b12_upload_max(serve, site):
    before = names(site)
    server = serve("--upload", "--upload-max", "1k", site)
    assert put(server, "/fits", b"x" * 1024) == 201
    assert put(server, "/more", b"x" * 1025) == 413
    assert put(server, "/chunked", iter([b"x" * 1000] * 2), encode_chunked=True,
               headers={"Transfer-Encoding": "chunked"}) == 413
    assert names(site) == before | {"fits"}


def test_a_part_is_no_whole(serve, site):
    headers = {"Content-Range": "bytes 0-0/2"}
    assert put(serve("--upload", site), "/new", b"x", headers=headers) == 400
    assert not (site / "new").exists()


def test_an_upload_that_breaks_off_leaves_nothing(serve, site):
    before = names(site)
    server = serve("--upload", site)
    with server.connect() as connection:
        connection.sendall(b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"part")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert server.stop() == 0
    assert names(site) == before


def test_who_waits_for_100_hears_before_that_the_name_is_taken(serve, site):
    with serve("--upload", site).connect() as connection:
        connection.sendall(b"PUT /hello.txt HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 409"


def test_b12_two_uploads_of_one_name(serve, site):
    """Both were let in, and one of them is the file."""
    server = serve("--upload", site)
    with server.connect() as one, server.connect() as two:
        for connection in (one, two):
            connection.sendall(b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                               b"Expect: 100-continue\r\n\r\n")
            assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        one.sendall(b"one")
        two.sendall(b"two")
        met = {one.recv(12)[-3:]: b"one", two.recv(12)[-3:]: b"two"}
    assert set(met) == {b"201", b"409"}
    assert (site / "new").read_bytes() == met[b"201"]


def test_b12_upload_with_auth(serve, site):
    server = serve("--upload", "--auth", "u:p", site)
    assert put(server, "/new", b"x") == 401
    assert not (site / "new").exists()
    assert put(server, "/new", b"x", headers={"Authorization": "Basic dTpw"}) == 201


def test_uploads_of_anybody_are_warned_of(serve, site):
    serve("--upload", "--bind", "0.0.0.0", site).wait_for("warning: whoever reaches it can upload")


def test_an_upload_directory_that_is_not_there(skua, site):
    done = subprocess.run([skua, "serve", "-p", "0", "--upload=/nonexistent", str(site)],
                          stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and "--upload: /nonexistent" in done.stderr
