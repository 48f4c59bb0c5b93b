"""Files that a browser brings to `skua serve` in a form: all or none, from its own pages."""

import errno
import fcntl
import os
import pathlib
import re
import resource
import shutil
import socket
import subprocess

import pytest

PROJECT = pathlib.Path(__file__).resolve().parents[2]

BOUNDARY = "----b"
TYPE = "multipart/form-data; boundary=" + BOUNDARY


def part(name, content, filename=None):
    more = b"" if filename is None else b'; filename="%s"' % os.fsencode(filename)
    return b'--%s\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n' % (
        BOUNDARY.encode(), name.encode(), more, content)


def form(*files):
    """A form's body; each file is a pair of name and content."""
    return b"".join(part("file", content, name) for name, content in files) + \
        b"--%s--\r\n" % BOUNDARY.encode()


@pytest.fixture
def post(http_get):
    """Post a body as a form: status, fields, page."""
    def run(server, path, body, **fields):
        headers = {"Content-Type": TYPE, **{name.replace("_", "-"): value
                                            for name, value in fields.items()}}
        return http_get(server, path, "POST", body=body, headers=headers)
    return run


def names(directory):
    return set(os.listdir(directory))


def test_b12_form(serve, site, post):
    before = names(site)
    server = serve("--upload", site)
    big = os.urandom(3000000)
    status, fields, _ = post(server, "/", form(("new \u00fc.bin", big), ("empty", b""),
                                               ("a'b&c.txt", b"--not the boundary\r\n")))
    assert (status, fields["Location"]) == (303, "./")
    assert names(site) == before | {"new \u00fc.bin", "empty", "a'b&c.txt"}
    assert (site / "new \u00fc.bin").read_bytes() == big
    assert (site / "a'b&c.txt").read_bytes() == b"--not the boundary\r\n"
    (site / "made here").write_bytes(b"")
    assert (site / "empty").stat().st_mode == (site / "made here").stat().st_mode


def test_b12_form_in_a_directory_below(serve, site, post):
    (site / "sub" / "deep er").mkdir()
    server = serve("--upload", site)
    assert post(server, "/sub/deep%20er/?sort=size", form(("new", b"x")))[0] == 303
    assert (site / "sub" / "deep er" / "new").read_bytes() == b"x"
    assert post(server, "/sub/", form(("new", b"x")))[0] == 303
    assert (site / "sub" / "new").read_bytes() == b"x"


@pytest.mark.parametrize("path, made", [("/none/", None), ("/hello.txt/", None), ("/sub", None),
                                        ("/.well-known/", ".well-known"), ("/sub//", None),
                                        ("/link/", "link"), ("/sub%2Fx/", "sub/x")])
def test_directories_that_take_no_form(serve, site, tmp_path, post, path, made):
    (site / "sub" / "x").mkdir()
    (site / ".well-known").mkdir()
    (tmp_path / "outside").mkdir()
    (site / "link").symlink_to(tmp_path / "outside")
    assert post(serve("--upload", site), path, form(("new", b"x")))[0] == 404
    assert not list(tmp_path.rglob("new"))


def test_b12_form_into_another_directory(serve, site, tmp_path, post, http_get):
    """What comes to any path goes there, and since that is not shown the answer says so."""
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    server = serve("--upload=%s" % inbox, site)
    for path, name in [("/", "one"), ("/sub/", "two")]:
        assert b'enctype="multipart/form-data"' in http_get(server, path)[2]
        assert post(server, path, form((name, b"x")))[0::2] == (201, b"Uploaded: 1 file.\n")
    assert names(inbox) == {"one", "two"}


def test_b12_form_is_off_by_default(serve, site, post, http_get):
    server = serve(site)
    assert post(server, "/", form(("new", b"x")))[0] == 405
    status, fields, page = http_get(server, "/")
    assert b"<form" not in page and "form-action 'none'" in fields["Content-Security-Policy"]
    assert not (site / "new").exists()


def test_b12_form_in_the_listing(serve, site, http_get):
    server = serve("--upload", site)
    for path in ("/", "/sub/"):
        status, fields, page = http_get(server, path)
        assert page.count(b"<form") == 1 and b"<script" not in page
        assert "form-action 'self'" in fields["Content-Security-Policy"]


# ---- all of them or none ----


def test_b12_form_with_a_name_that_is_taken(serve, site, post):
    before = names(site)
    server = serve("--upload", site)
    for files in ([("hello.txt", b"other")], [("new", b"x"), ("hello.txt", b"other")],
                  [("hello.txt", b"other"), ("new", b"x")], [("new", b"x"), ("new", b"y")],
                  [("sub", b"x")]):
        status, _, page = post(server, "/", form(*files))
        assert status == 409
        assert (files[-1][0] if files[0][0] == "new" else files[0][0]).encode() in page
    assert names(site) == before
    assert (site / "hello.txt").read_bytes() == b"hello, world\n"


def test_b12_form_overwrites_when_it_is_told_to(serve, site, tmp_path, post):
    before = names(site)
    server = serve("--upload", "--upload-overwrite", site)
    assert post(server, "/", form(("hello.txt", b"other"), ("link out", b"mine")))[0] == 303
    assert (site / "hello.txt").read_bytes() == b"other"
    assert (tmp_path / "outside.txt").read_text() == "outside"
    assert not (site / "link out").is_symlink()
    assert post(server, "/", form(("sub", b"other")))[0] == 409
    assert names(site) == before


@pytest.mark.parametrize("name", [".hidden", "..", "a/b", "/etc/x", "a\\b", "C:\\x",
                                  "../outside.txt", "a\tb", "a\x1b[2J", "a\x7f", "a\u0085",
                                  "a\udcff", "x" * 256])
def test_b12_form_with_a_name_that_is_none(serve, site, tmp_path, post, name):
    before = names(site), names(tmp_path), names(site / "sub")
    assert post(serve("--upload", site), "/", form(("fine", b"x"), (name, b"x")))[0] == 400
    assert (names(site), names(tmp_path), names(site / "sub")) == before


def test_b12_form_that_finds_no_room(serve, site, post):
    """Not even what of it would have found some is taken."""
    before = names(site)
    server = serve("--upload", "--threads", 1, site)
    pid = server.popen.pid
    unbounded = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (50000, unbounded[1]))
    assert post(server, "/", form(("fits", b"x"), ("more", b"x" * 50001), ("too", b"x")))[0] == 413
    assert names(site) == before
    assert post(server, "/", form(("fits", b"x"), ("too", b"x" * 50000)))[0] == 303
    assert names(site) == before | {"fits", "too"}


def test_b12_form_that_is_too_large(serve, site, post):
    """Each of its files may be as large."""
    before = names(site)
    server = serve("--upload", "--upload-max", "1k", site)
    assert post(server, "/", form(("fits", b"x" * 1024), ("too", b"y" * 1024)))[0] == 303
    assert post(server, "/", form(("new", b"x"), ("more", b"x" * 1025)))[0] == 413
    assert post(server, "/", form(*[("%d" % i, b"x") for i in range(101)]))[0] == 400
    assert names(site) == before | {"fits", "too"}


@pytest.mark.parametrize("body, content_type, status", [
    (b"", TYPE, 400), (form(("new", b"x"))[:-5], TYPE, 400), (b"x", "text/plain", 415),
    (form(("new", b"x")), "multipart/form-data", 400), (form(), TYPE, 400),
    (form(("", b"")), TYPE, 400), (part("text", b"x") + form(), TYPE, 400),
])
def test_b12_form_that_is_none(serve, site, http_get, body, content_type, status):
    before = names(site)
    server = serve("--upload", site)
    assert http_get(server, "/", "POST", body=body,
                    headers={"Content-Type": content_type})[0] == status
    assert names(site) == before


def test_b12_form_that_breaks_off_leaves_nothing(serve, site):
    before = names(site)
    server = serve("--upload", site)
    with server.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n"
                           b"Content-Type: " + TYPE.encode() + b"\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(form(("new", b"x" * 1000))[:500])
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
    assert server.stop() == 0
    assert names(site) == before


# ---- other sites ----


@pytest.mark.parametrize("fields, status", [
    ({}, 303),
    ({"Origin": "http://HOST"}, 303), ({"Origin": "https://HOST"}, 303),
    ({"Origin": "http://evil.example"}, 403), ({"Origin": "null"}, 403),
    ({"Origin": "http://HOST.evil.example"}, 403), ({"Origin": "http://localhost"}, 403),
    ({"Sec-Fetch-Site": "same-origin"}, 303), ({"Sec-Fetch-Site": "none"}, 303),
    ({"Sec-Fetch-Site": "cross-site"}, 403), ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Sec-Fetch-Site": "cross-site", "Origin": "http://HOST"}, 403),
])
def test_b12_form_of_another_site(serve, site, post, http_get, fields, status):
    server = serve("--upload", site)
    fields = {name: value.replace("HOST", "%s:%d" % (server.host, server.port))
              for name, value in fields.items()}
    assert post(server, "/", form(("new", b"x")), **fields)[0] == status
    assert (site / "new").exists() == (status == 303)
    assert http_get(server, "/put", "PUT", body=b"x", headers=fields)[0] == \
        (201 if status == 303 else 403)


@pytest.mark.parametrize("cors, status", [("https://a.example", 303), ("https://b.example", 403),
                                          ("*", 403)])
def test_b12_form_of_a_site_that_is_named(serve, site, post, http_get, cors, status):
    """All may be let read; who may write is named."""
    server = serve("--upload", "--cors=" + cors, site)
    fields = {"Origin": "https://a.example", "Sec-Fetch-Site": "cross-site"}
    assert post(server, "/", form(("new", b"x")), **fields)[0] == status
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "PUT"}
    methods = http_get(server, "/x", "OPTIONS", headers=asks)[1]["Access-Control-Allow-Methods"]
    assert methods == ("GET, HEAD" if cors == "*" else "GET, HEAD, PUT, POST")


def test_b12_form_with_auth(serve, site, post):
    server = serve("--upload", "--auth", "u:p", site)
    assert post(server, "/", form(("new", b"x")))[0] == 401
    assert not (site / "new").exists()
    assert post(server, "/", form(("new", b"x")), Authorization="Basic dTpw")[0] == 303


def test_b12_form_of_curl(serve, site, curl, tmp_path):
    (tmp_path / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    server = serve("--upload", site)
    got = curl("-L", "-o", tmp_path / "page", "-w", "%{http_code} %{num_redirects}",
               "-F", "file=@%s" % (tmp_path / "a.txt"), "-F", "file=@%s" % (tmp_path / "b.txt"),
               server.url)
    assert got.out == b"200 1"
    assert (site / "a.txt").read_text() + (site / "b.txt").read_text() == "ab"
    assert re.search('>b.txt</a>', (tmp_path / "page").read_text())


# ---- what is left behind ----


def test_b12_killed_in_the_middle_of_an_upload(serve, site):
    """Where a file system keeps files without a name nothing is left, elsewhere not for long."""
    before = names(site)
    server = serve("--upload", site)
    with server.connect() as connection:
        connection.sendall(b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.popen.kill()
        server.wait()
    serve("--upload", site)
    assert names(site) == before


def test_b12_leftovers_are_swept(serve, site):
    """Those of our own names, and of these only what nobody is writing."""
    left, written, other = (site / (".skua-upload-" + name)
                            for name in ("0123456789abcdef", "fedcba9876543210", "mine"))
    for path in (left, written, other):
        path.write_text("x")
    with open(written) as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        serve("--upload", site)
        assert not left.exists() and written.exists() and other.exists()


@pytest.fixture(scope="module")
def file_probe(tmp_path_factory):
    """Run file_probe.c: what it prints, by name."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    probe = tmp_path_factory.mktemp("probe") / "probe"
    subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-I", PROJECT / "cli", "-o", probe,
                    PROJECT / "tests/interop/file_probe.c", PROJECT / "cli/serve_file.c"],
                   check=True, timeout=120)

    def run(*arguments):
        done = subprocess.run([probe, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
                              timeout=30, check=True)
        return {name: int(number) for name, number in map(str.split, done.stdout.splitlines())}
    return run


@pytest.mark.parametrize("nameless", [0, 1])
def test_b12_with_and_without_files_that_have_no_name(tmp_path, file_probe, nameless):
    """Both ways lead to the same."""
    met = file_probe(tmp_path, nameless, "new", 0, "one")
    if nameless and not met["may-be-nameless"]:
        pytest.skip("no files without names here")
    assert (met["errno"], met["names"]) == (0, 0 if nameless else 1)
    assert file_probe(tmp_path, nameless, "new", 0, "two")["errno"] == errno.EEXIST
    assert names(tmp_path) == {"new"} and (tmp_path / "new").read_text() == "one"
    assert file_probe(tmp_path, nameless, "new", 1, "three")["errno"] == 0
    assert names(tmp_path) == {"new"} and (tmp_path / "new").read_text() == "three"
    (tmp_path / "sub").mkdir()
    assert file_probe(tmp_path, nameless, "sub", 1, "x")["errno"] in (errno.EISDIR, errno.EEXIST)
    assert names(tmp_path) == {"new", "sub"}
