"""What the options of `skua serve` do to its replies: fields, origins, caches, passwords."""

import base64
import gzip
import json
import pathlib
import re
import signal
import subprocess

import pytest

# "secret", hashed by bcrypt, sha512crypt and yescrypt.
HASHES = {
    "bcrypt": "$2b$04$6FaK/xnI4VHDrtaWfyh7aucj7dYNdZjvIJYpAOW88h8MqKkJnmEtS",
    "sha512": "$6$rounds=1000$abcdefgh$nhYjN017qxiYztzyUpZtPnUQcnLy62KsunSLHNeLahp2EHPlAKmFFlrjEwSXGo2kgY5hR2.peKEg2VGUqIJJu1",
    "yescrypt": "$y$j75$abcdefgh$uMUXG79B2cFpoAYyDccUnsaH/aGTyBYMlnQidzyag01",
}


def basic(text):
    return {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}


def fail(skua, *arguments):
    return subprocess.run([skua, "serve", "-p", "0", *map(str, arguments)], stderr=subprocess.PIPE,
                          text=True, timeout=30)


# ---- fields ----


def test_b12_header(serve, site, http_get):
    server = serve("--header", "X-One: 1", "--header=X-Two:  two words ", site)
    for path, status in [("/hello.txt", 200), ("/none", 404), ("/sub", 301), ("/", 200)]:
        answer = http_get(server, path)
        assert answer[0] == status
        assert (answer[1]["X-One"], answer[1]["X-Two"]) == ("1", "two words")


@pytest.mark.parametrize("arguments, message", [
    (["--header", "X"], "--header: 'X' is not 'NAME: VALUE'"),
    (["--header", ": x"], "is not 'NAME: VALUE'"),
    (["--header", "a b: x"], "is not 'NAME: VALUE'"),
    (["--header", "X: a\r\nY: b"], "a control character in the value of X"),
    (["--header", "content-length: 3"], "content-length is the server's to say"),
    (["--cors=example.org"], "--cors: 'example.org' is no origin (https://example.org)"),
    (["--cors=https://example.org/"], "is no origin"),
    (["--cors=https://"], "is no origin"),
    (["--cache", "soon"], "--cache: 'soon' is no number"),
    (["--protocol", "HTTP/2"], "--protocol: 'HTTP/2' is neither HTTP/1.1 nor HTTP/1.0"),
    (["--auth", "name"], "--auth: a value is not USER:PASSWORD"),
    (["--auth", ":secret"], "--auth: a value is not USER:PASSWORD"),
    (["--auth", "a:" + "x" * 600], "--auth: a value is longer than 512 bytes"),
    (["--upload-overwrite"], "--upload-overwrite needs --upload"),
    (["--upload-max", "1k"], "--upload-max needs --upload"),
    (["--upload", "--upload-max", "0"], "--upload-max: 0 lets nothing in"),
    (["--upload", "--upload-max", "x"], "--upload-max: 'x' is no number of bytes"),
    (["--log", "long"], "--log: 'long' is none of common, combined, json and off"),
    (["-q", "--log-file", "x"], "--quiet writes no access log, --log-file does"),
    (["--log", "off", "--log-file", "x"], "--log off writes no access log, --log-file does"),
    (["--tls-client-ca", "x"], "--tls-client-ca needs --tls, or --tls-cert"),
    (["--tls-ticket-key", "x"], "--tls-ticket-key needs --tls, or --tls-cert"),
    (["--tls-cert", "a", "--tls-cert", "b", "--tls-key", "c"],
     "--tls-key is for none of the certificates, or for each"),
    (["--threads", "many"], "--threads: 'many' is no number from 0 to 1024"),
    (["--qr"], "--qr needs --bind '*': nobody else can reach 127.0.0.1"),
    (["--port"], "option --port needs a value: N"),
    (["--log-file", ""], "--log-file: the name is empty"),
    (["--directory="], "--directory: the name is empty"),
    (["--spa=x"], "option --spa takes no value"),
])
def test_b12_bad_values(skua, arguments, message):
    done = fail(skua, *arguments)
    assert done.returncode == 2
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert "secret" not in done.stderr


def test_b12_cors(serve, site, http_get):
    server = serve("--cors", site)
    for path in ("/hello.txt", "/none"):
        fields = http_get(server, path, headers={"Origin": "https://a.example"})[1]
        assert fields["Access-Control-Allow-Origin"] == "*"
        assert "ETag" in fields["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in fields


def test_b12_cors_of_one_origin_and_its_preflight(serve, site, http_get):
    server = serve("--cors=https://a.example", "--auth", "u:secret", site)
    asks = {"Origin": "https://a.example", "Access-Control-Request-Method": "GET",
            "Access-Control-Request-Headers": "authorization,x-y"}
    status, fields, body = http_get(server, "/hello.txt", "OPTIONS", headers=asks)
    assert (status, body) == (204, b"")
    assert fields["Access-Control-Allow-Origin"] == "https://a.example"
    assert fields["Access-Control-Allow-Credentials"] == "true"
    assert fields["Access-Control-Allow-Methods"] == "GET, HEAD"
    assert fields["Access-Control-Allow-Headers"] == "authorization,x-y"
    assert http_get(server, "/hello.txt", headers=basic("u:secret"))[0] == 200
    assert http_get(server, "/hello.txt", "OPTIONS")[0] == 401


def test_without_cors_no_other_origin_is_let_in(serve, site, http_get):
    fields = http_get(serve(site), "/hello.txt", headers={"Origin": "https://a.example"})[1]
    assert not [name for name in fields if name.startswith("Access-Control")]


@pytest.mark.parametrize("arguments, value", [
    ([], None), (["--cache", "3600"], "max-age=3600"), (["--cache", "0"], "no-cache"),
    (["--cache", "60", "--auth", "u:secret"], "private, max-age=60"),
])
def test_b12_cache(serve, site, http_get, arguments, value):
    fields = http_get(serve(*arguments, site), "/hello.txt", headers=basic("u:secret"))[1]
    assert fields.get("Cache-Control") == value


def test_b12_spa(serve, site, http_get):
    (site / "index.html").write_text("<p>application")
    server = serve("--spa", site)
    for path in ("/", "/users/17", "/none"):
        assert http_get(server, path)[0::2] == (200, b"<p>application")
    assert http_get(server, "/none.js")[0] == 404
    assert http_get(server, "/hello.txt")[2] == b"hello, world\n"


def test_b12_no_list(serve, site, http_get):
    server = serve("--no-list", site)
    assert http_get(server, "/")[0] in (403, 404)
    assert http_get(server, "/with%20index/")[0] == 200


def test_b12_precompressed(serve, site, http_get):
    (site / "hello.txt.gz").write_bytes(b"compressed")
    asks = {"Accept-Encoding": "gzip"}
    status, fields, body = http_get(serve("--precompressed", site), "/hello.txt", headers=asks)
    assert (status, fields["Content-Encoding"], body) == (200, "gzip", b"compressed")
    assert http_get(serve(site), "/hello.txt", headers=asks)[2] == b"hello, world\n"


@pytest.mark.parametrize("version, closes", [("HTTP/1.0", True), ("HTTP/1.1", False)])
def test_b12_protocol(serve, site, http_get, version, closes):
    fields = http_get(serve("--protocol", version, site), "/hello.txt")[1]
    assert (fields.get("Connection") == "close") == closes


def test_b12_listings_are_compressed(serve, site, http_get):
    for i in range(100):
        (site / ("file %d" % i)).write_text("x")
    status, fields, body = http_get(serve(site), "/", headers={"Accept-Encoding": "gzip"})
    if "Content-Encoding" not in fields:
        pytest.skip("built without zlib")
    assert (status, fields["Content-Encoding"]) == (200, "gzip")
    assert b"file 99" in gzip.decompress(body)


# ---- passwords ----


def test_b12_auth(serve, site, http_get):
    server = serve("--auth", "ann:secret", "--auth=b\u00f6b:pass:word", site)
    for path in ("/hello.txt", "/", "/none"):
        status, fields, body = http_get(server, path)
        assert (status, fields["WWW-Authenticate"]) == \
            (401, 'Basic realm="skua", charset="UTF-8"')
        assert b"hello" not in body
    for user in ("ann:secret", "b\u00f6b:pass:word"):
        assert http_get(server, "/hello.txt", headers=basic(user))[0] == 200
    for user in ("ann:secre", "ann:secret2", "ann:", ":secret", ":", "ann", "", "b\u00f6b:pass",
                 "ann:secret\0", "Ann:secret", "ann:" + "x" * 600):
        assert http_get(server, "/hello.txt", headers=basic(user))[0] == 401, user
    for value in ("Basic", "Basic ", "Bearer YW5uOnNlY3JldA==", "Basic YW5uOnNlY3JldA==x",
                  "Basic YW5u!OnNlY3JldA==", "YW5uOnNlY3JldA=="):
        assert http_get(server, "/hello.txt", headers={"Authorization": value})[0] == 401, value
    assert http_get(server, "/hello.txt", headers={"Authorization": "basic YW5uOnNlY3JldA=="})[0] \
        == 200
    assert "secret" not in "".join(server.lines)


@pytest.mark.parametrize("kind", HASHES)
def test_b12_auth_file(serve, site, tmp_path, http_get, kind):
    users = tmp_path / "users"
    users.write_text("# who may\n\nann:%s\nbob:%s\n" % (HASHES[kind], HASHES[kind]))
    server = serve("--auth-file", users, site)
    for user in ("bob:secret", "ann:secret", "ann:secret"):
        assert http_get(server, "/hello.txt", headers=basic(user))[0] == 200
    assert http_get(server, "/hello.txt")[0] == 401
    for user in ("ann:Secret", "eve:secret", "ann:" + HASHES[kind]):
        assert http_get(server, "/hello.txt", headers=basic(user))[0] in (401, 429)
    assert http_get(server, "/hello.txt", headers=basic("ann:secret"))[0] == 200


@pytest.mark.parametrize("text, message", [
    ("ann:secret\n", "line 1 has no hash that is safe here"),
    ("# x\nann:$apr1$x$y\n", "line 2 has no hash that is safe here"),
    ("ann\n", "line 1 is not USER:HASH"),
    ("ann:" + "x" * 2000, "line 1 is too long"),
    ("# nobody\n", "nobody in it"),
])
def test_an_auth_file_that_is_none(skua, site, tmp_path, text, message):
    (tmp_path / "users").write_text(text)
    done = fail(skua, "--auth-file", tmp_path / "users", site)
    assert done.returncode == 1
    assert message in done.stderr and str(tmp_path / "users") in done.stderr
    assert ":secret" not in done.stderr


def test_an_auth_file_that_is_not_there(skua, site):
    done = fail(skua, "--auth-file", "/nonexistent/users", site)
    assert done.returncode == 1 and "/nonexistent/users: No such file" in done.stderr


def test_b12_sighup_reads_the_auth_file_again(serve, site, tmp_path, http_get):
    """Whoever is no longer in it is out, also where the password was right before; what is no such
    file changes nothing."""
    users = tmp_path / "users"
    users.write_text("ann:%s\n" % HASHES["bcrypt"])
    server = serve("--auth-file", users, "--auth", "cat:secret", site)

    def put(text, says):
        (tmp_path / "users.new").write_text(text)
        (tmp_path / "users.new").rename(users)
        server.lines.clear()
        server.signal(signal.SIGHUP)
        server.wait_for(says)

    def is_in(name):
        return http_get(server, "/hello.txt", headers=basic(name + ":secret"))[0] == 200

    assert is_in("ann") and is_in("cat")
    put("bob:%s\n" % HASHES["bcrypt"], "passwords were read again: 1 of %s" % users)
    assert is_in("bob") and is_in("cat") and not is_in("ann")
    put("ann:secret\n", "passwords stay as they were")
    # Lines of the access log may come in between.
    assert "secret" not in server.wait_for(re.escape("--auth-file: %s: line 1" % users)).string
    assert is_in("bob") and not is_in("ann")
    users.unlink()
    server.signal(signal.SIGHUP)
    server.wait_for("No such file")
    assert is_in("bob")


def test_passwords_in_the_clear_are_warned_of(serve, site):
    serve("--auth", "u:p", "--bind", "0.0.0.0", site).wait_for("warning: passwords cross")
    server = serve("--auth", "u:p", site)
    server.stop()
    assert not [line for line in server.lines if "warning" in line]


# ---- the log ----


def test_b12_log_as_json(serve, site, tmp_path, http_get):
    log = tmp_path / "access.log"
    server = serve("--log", "json", "--log-file", log, site)
    http_get(server, "/hello.txt?x=y")
    with server.connect() as connection:
        connection.sendall(b"\x1b[2J\xff / HTTP/1.1\r\n\r\n")
        while connection.recv(65536):
            pass
    server.stop()
    lines = log.read_text("ascii").splitlines()
    assert len(lines) == 2 and all(line.isprintable() for line in lines)
    # Two workers' lines: who of them is heard first is open.
    first, second = sorted(map(json.loads, lines), key=lambda line: line["status"])
    assert 0 <= first["duration_us"] < 10_000_000  # a file in memory may take less than one
    assert first["time"].endswith("Z") and first["request_id"]
    assert {"method": "GET", "target": "/hello.txt?x=y", "version": "HTTP/1.1", "status": 200,
            "bytes": 13}.items() <= first.items()
    assert second["status"] == 400


def test_a_log_file_that_cannot_be(skua, site):
    done = fail(skua, "--log-file", "/nonexistent/log", site)
    assert done.returncode == 1
    assert "--log-file: cannot open the access log /nonexistent/log: No such" in done.stderr


# ---- the manual ----


def test_b12_each_flag_is_in_the_manual(skua):
    page = subprocess.run([skua, "serve", "--help"], stdout=subprocess.PIPE, text=True, timeout=30,
                          check=True).stdout
    manual = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "skua.1").read_text()
    section = manual[manual.index(".Ss skua serve"):manual.index(".Sh VARIABLES")]
    flags = set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", page, re.M))
    assert len(flags) > 20
    assert flags == set(re.findall(r"^\.It Fl (?:\w , )?-([a-z-]+)", section, re.M))
