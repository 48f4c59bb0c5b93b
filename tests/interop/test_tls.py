"""TLS at either end: whom `skua get` believes, a cut and an end, `skua serve --tls`."""

import http.client
import os
import pathlib
import re
import socket
import ssl
import stat
import struct
import subprocess
import threading
import urllib.parse

import pytest

from authority import Authority
from patience import endure

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def context(certificate, **options):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.cert, certificate.key)
    for name, value in options.items():
        setattr(made, name, value)
    return made


# ---- whom get believes ----


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_believed(get_json, peer, ca, version):
    server = peer(REPLY, context=context(ca.good, maximum_version=version))
    got, told = get_json("--cacert", ca.cert, server.url)
    assert (told["status"], told["body_bytes"]) == (200, 5)
    assert told["timings"]["tls"] >= told["timings"]["connect"]
    assert not server.errors


def test_get_ends_in_order(get, ca):
    """RFC 8446 6.1: a close_notify before the end."""
    made = context(ca.good)
    made.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
    seen = []

    def serve(listener):
        raw, _ = listener.accept()
        raw.settimeout(10)
        with made.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False) as connection:
            connection.recv(65536)
            connection.sendall(REPLY)
            try:
                seen.append(connection.recv(1))
            except OSError as error:
                seen.append(error)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        url = "https://127.0.0.1:%d/" % listener.getsockname()[1]
        assert get("--cacert", ca.cert, url).out == b"hello"
        thread.join()
    assert seen == [b""]


def test_names(get, peer, ca):
    for host in ("localhost", "LOCALHOST", "127.0.0.1"):
        server = peer(REPLY, context=context(ca.good))
        url = "https://%s:%d/" % (host, server.port)
        assert get("--cacert", ca.cert, url).out == b"hello"


@pytest.mark.parametrize("kind, says", [
    ("good", "."), ("expired", "expired"), ("future", "not yet valid"),
    ("other_host", "127.0.0.1|host|name|address")])
def test_disbelieved(get_json, peer, ca, kind, says):
    """Without the authority nobody is believed; with it, nobody whose certificate is not right."""
    server = peer(REPLY, context=context(getattr(ca, kind)))
    trust = [] if kind == "good" else ["--cacert", ca.cert]
    got, told = get_json(*trust, server.url)
    assert got.status == 60
    assert told["error"]["name"] == "SSLCertVerificationError"
    assert told["error"]["phase"] == "tls"
    assert re.search(says, told["error"]["message"])
    assert told["status"] is None
    assert server.requests == [], "nothing may be sent to a server that is not believed"


@pytest.mark.parametrize("kind", ["good", "expired", "other_host"])
def test_insecure(get, peer, ca, kind):
    assert get("-k", peer(REPLY, context=context(getattr(ca, kind))).url).out == b"hello"


def test_insecure_is_warned_of(get, peer, ca):
    got = get("-kv", peer(REPLY, context=context(ca.expired)).url)
    assert re.search(r"^! ", got.err, re.M)


def test_another_name(get, get_json, peer, ca):
    """The name in the URL counts, wherever --resolve leads."""
    server = peer(REPLY, REPLY, context=context(ca.other_host))
    where = "other.example:%d" % server.port
    assert get("--cacert", ca.cert, "--resolve", where + ":127.0.0.1",
               "https://%s/" % where).out == b"hello"
    assert b"Host: %s\r\n" % where.encode() in server.request
    where = "third.example:%d" % server.port
    assert get_json("--cacert", ca.cert, "--resolve", where + ":127.0.0.1",
                    "https://%s/" % where)[0].status == 60


def test_the_name_is_asked_for(get, peer, ca):
    asked = []
    made = context(ca.other_host)
    made.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = peer(REPLY, context=made)
    where = "other.example:%d" % server.port
    get("--cacert", ca.cert, "--resolve", where + ":127.0.0.1", "https://%s/" % where)
    assert asked == ["other.example"]


def test_an_address_is_not_asked_for(get, peer, ca):
    """RFC 6066 3: a literal address is no server name."""
    asked = []
    made = context(ca.good)
    made.sni_callback = lambda _socket, name, _context: asked.append(name)
    get("--cacert", ca.cert, peer(REPLY, context=made).url)
    assert asked in ([], [None])


def test_the_environment_names_authorities(get, peer, ca):
    env = {**os.environ, "SSL_CERT_FILE": ca.cert}
    assert get(peer(REPLY, context=context(ca.good)).url, env=env).out == b"hello"


def test_cacert_stands_in_place_of_the_system(get_json, peer, ca, tmp_path):
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "Other authority")
    env = {**os.environ, "SSL_CERT_FILE": ca.cert}
    got, _ = get_json("--cacert", other.cert, peer(REPLY, context=context(ca.good)).url, env=env)
    assert got.status == 60


# ---- files that do not load ----


@pytest.mark.parametrize("arguments, status", [
    (["--cacert", "/nonexistent/ca"], 77),
    (["--cacert", "GARBAGE"], 77),
    (["--cacert", "EMPTY"], 77),
    (["--cert", "/nonexistent/cert"], 58),
    (["--cert", "GARBAGE"], 58),
    (["--cert", "CLIENT"], 58),
    (["--cert", "CLIENT", "--key", "/nonexistent/key"], 58),
    (["--cert", "CLIENT", "--key", "GARBAGE"], 58),
    (["--cert", "CLIENT", "--key", "OTHERKEY"], 58),
    (["--cert", "GOOD", "--key", "ENCRYPTED"], 58),
    (["--cert", "GOOD", "--key", "ENCRYPTED", "--pass", "wrong"], 58),
])
def test_files_that_do_not_load(get_json, ca, tmp_path, arguments, status):
    (tmp_path / "garbage").write_text("this is no PEM\n")
    (tmp_path / "empty").write_text("")
    files = {"GARBAGE": tmp_path / "garbage", "EMPTY": tmp_path / "empty",
             "CLIENT": ca.client.cert, "OTHERKEY": ca.good.key, "GOOD": ca.good.cert,
             "ENCRYPTED": ca.encrypted_key("secret")}
    named = [str(files.get(a, a)) for a in arguments]
    got, told = get_json(*named, "https://127.0.0.1:9/", seconds=10)
    assert got.status == status
    assert any(n in told["error"]["message"] for n in named[1::2])


# ---- own certificates ----


def wants_client(ca, **options):
    made = context(ca.good, verify_mode=ssl.CERT_REQUIRED, **options)
    made.load_verify_locations(ca.cert)
    return made


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_own_certificate(get, peer, ca, version):
    server = peer(REPLY, context=wants_client(ca, maximum_version=version))
    got = get("--cacert", ca.cert, "--cert", ca.client.cert, "--key", ca.client.key, server.url)
    assert got.out == b"hello", got.err


def test_own_certificate_with_its_key_in_one_file(get, peer, ca, tmp_path):
    both = tmp_path / "both:1.pem"
    both.write_text(pathlib.Path(ca.client.cert).read_text()
                    + pathlib.Path(ca.client.key).read_text())
    server = peer(REPLY, context=wants_client(ca))
    escaped = str(both).replace(":", "\\:")
    assert get("--cacert", ca.cert, "-E", escaped, server.url).out == b"hello"


@pytest.mark.parametrize("how", ["pass", "colon"])
def test_own_certificate_with_an_encrypted_key(get, peer, ca, how):
    server = peer(REPLY, context=wants_client(ca))
    key = ca.encrypted_key("se:cret")
    arguments = {"pass": ["--cert", ca.good.cert, "--pass", "se:cret"],
                 "colon": ["--cert", ca.good.cert + ":se:cret"]}[how]
    assert get("--cacert", ca.cert, *arguments, "--key", key, server.url).out == b"hello"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_own_certificate(get_json, peer, ca, version):
    """In 1.3 the refusal comes after the handshake, in place of the response."""
    server = peer(REPLY, context=wants_client(ca, maximum_version=version))
    got, told = get_json("--cacert", ca.cert, server.url)
    assert got.status in ((35,) if version == ssl.TLSVersion.TLSv1_2 else (35, 55, 56))
    assert told["error"]["name"] in ("SSLError", "ConnectionResetError")


# ---- handshakes that fail ----


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 100],
                         ids=["nothing", "HTTP", "zeros"])
@pytest.mark.parametrize("ends", ["close", "reset"])
def test_no_tls_at_the_other_end(get_json, answer, ends):
    def serve():
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)
            if ends == "reset":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        got, told = get_json("https://127.0.0.1:%d/" % listener.getsockname()[1])
        thread.join()
    assert got.status == 35
    assert told["error"]["phase"] == "tls"


def test_http_to_a_tls_port(get_json, peer, ca):
    server = peer(REPLY, context=context(ca.good))
    got, told = get_json("http://127.0.0.1:%d/" % server.port)
    assert got.status in (8, 52, 56)
    assert told["status"] is None


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(get_json, peer, ca):
    made = context(ca.good)
    made.minimum_version = ssl.TLSVersion.TLSv1
    made.maximum_version = ssl.TLSVersion.TLSv1_1
    made.set_ciphers("ALL:@SECLEVEL=0")
    got, told = get_json("--cacert", ca.cert, peer(REPLY, context=made).url)
    assert got.status == 35
    assert told["error"]["name"] == "SSLError"


def test_a_handshake_without_end(get_json):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "https://127.0.0.1:%d/" % silent.getsockname()[1]
        def ask(option, limit):
            got, told = get_json(option, "%g" % limit, url)
            assert (got.status, told["error"]["name"]) == (28, "TimeoutError")
            assert told["error"]["phase"] == "tls"
            assert 0.9 * limit < told["timings"]["total"] / 1000 < limit + 5

        for option in ("--connect-timeout", "--max-time"):
            endure(lambda limit: ask(option, limit), 0.3)


# ---- the end of a connection ----

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nhello"


@pytest.mark.parametrize("answer, unwrap, name, status", [
    (REPLY, True, None, 0),
    (REPLY, False, None, 0),
    (CHUNKED + b"0\r\n\r\n", False, None, 0),
    (UNTIL_CLOSE, True, None, 0),
    (UNTIL_CLOSE, False, "SSLEOFError", 56),
    (REPLY[:-2], True, "IncompleteRead", 18),
    (REPLY[:-2], False, "IncompleteRead", 18),
    (CHUNKED, True, "IncompleteRead", 18),
    (CHUNKED, False, "IncompleteRead", 18),
    (b"", True, "RemoteDisconnected", 52),
], ids=["length, end", "length, cut", "chunked, cut behind it", "until close, end",
        "until close, cut", "short, end", "short, cut", "chunked short, end", "chunked short, cut",
        "nothing"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_cut_is_told_from_an_end(get_json, peer, ca, answer, unwrap, name, status, version):
    server = peer(answer, context=context(ca.good, maximum_version=version), unwrap=unwrap)
    got, told = get_json("--cacert", ca.cert, server.url)
    assert (got.status, (told["error"] or {}).get("name")) == (status, name), told["error"]
    if answer:
        assert told["body_bytes"] == (3 if answer == REPLY[:-2] else 5)


# ---- skua serve ----

def test_http_spoken_to_the_https_port_is_told_so(serve, site, ca):
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    where = urllib.parse.urlsplit(server.url)
    for request in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.0\r\n\r\n"):
        with socket.create_connection((where.hostname, where.port), 10) as plain:
            plain.sendall(request)
            answer = b""
            while piece := plain.recv(65536):
                answer += piece
        assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"This port speaks HTTPS" in answer



def test_serve_with_a_certificate(serve, site, get, ca):
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    assert server.scheme == "https"
    assert get("--cacert", ca.cert, server.url + "hello.txt").out == b"hello, world\n"
    assert get(server.url).status == 60


def test_serve_with_key_and_certificate_in_one_file(serve, site, get, ca, tmp_path):
    both = tmp_path / "both.pem"
    both.write_text(pathlib.Path(ca.good.key).read_text() + pathlib.Path(ca.good.cert).read_text())
    server = serve("--tls-cert", both, site)
    assert get("--cacert", ca.cert, server.url + "hello.txt").out == b"hello, world\n"


@pytest.mark.parametrize("ending", ["", "\n", "\r\n", "\nsecond line\n"])
def test_serve_with_an_encrypted_key(serve, site, get, ca, tmp_path, ending):
    (tmp_path / "password").write_bytes(b"secret" + ending.encode())
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.encrypted_key("secret"),
                   "--tls-password-file", tmp_path / "password", site)
    assert get("--cacert", ca.cert, server.url + "hello.txt").out == b"hello, world\n"


@pytest.mark.parametrize("arguments, says", [
    (["--tls-cert", "GOOD", "--tls-key", "CLIENTKEY"], "."),
    (["--tls-cert", "GOOD"], "good.pem"),
    (["--tls-cert", "GARBAGE"], "garbage"),
    (["--tls-cert", "GOOD", "--tls-key", "GARBAGE"], "garbage"),
    (["--tls-cert", "GOOD", "--tls-key", "ENCRYPTED"], "encrypted"),
    (["--tls-cert", "GOOD", "--tls-key", "ENCRYPTED", "--tls-password-file", "GARBAGE"],
     "encrypted"),
    (["--tls-cert", "GOOD", "--tls-key", "ENCRYPTED", "--tls-password-file", "/nonexistent"],
     "/nonexistent"),
    (["--tls-cert", "GOOD", "--tls-key", "ENCRYPTED", "--tls-password-file", "EMPTY"], "empty"),
])
def test_serve_with_what_does_not_load(skua, site, ca, tmp_path, arguments, says):
    (tmp_path / "garbage").write_text("this is no PEM\n")
    (tmp_path / "empty").write_text("")
    files = {"GARBAGE": tmp_path / "garbage", "GOOD": ca.good.cert, "CLIENTKEY": ca.client.key,
             "ENCRYPTED": ca.encrypted_key("secret"), "EMPTY": tmp_path / "empty"}
    named = [str(files.get(a, a)) for a in arguments]
    done = subprocess.run([skua, "serve", "-p", "0", *named, str(site)], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1
    assert re.fullmatch(r"skua: .*%s.*\n" % says, done.stderr), done.stderr


def test_b12_certificates_by_name(serve, site, get, ca):
    """Each with its key, in the order they are given; the first for who asks for another name."""
    one, two = ca.issue("one", "DNS:one.example"), ca.issue("two", "DNS:*.two.example")
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key,
                   "--tls-cert", one.cert, "--tls-key", one.key,
                   "--tls-cert", two.cert, "--tls-key", two.key, site)
    for host in ("localhost", "one.example", "a.two.example"):
        got = get("--cacert", ca.cert, "--resolve", "%s:%d:127.0.0.1" % (host, server.port),
                  "https://%s:%d/hello.txt" % (host, server.port))
        assert got.out == b"hello, world\n", got.err
    got = get("--cacert", ca.cert, "--resolve", "three.example:%d:127.0.0.1" % server.port,
              "https://three.example:%d/hello.txt" % server.port)
    assert got.status == 60


@pytest.mark.parametrize("arguments", [[], ["--tls"]])
def test_b12_certificates_of_clients(serve, site, get, ca, tmp_path, arguments):
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    own = arguments or ["--tls-cert", ca.good.cert, "--tls-key", ca.good.key]
    server = serve(*own, "--tls-client-ca", ca.cert, site, env=env)
    believes = ["--cacert", authority_of(server) if arguments else ca.cert]
    got = get(*believes, "--cert", ca.client.cert, "--key", ca.client.key,
              server.url + "hello.txt")
    assert got.out == b"hello, world\n", got.err
    assert get(*believes, server.url + "hello.txt").status != 0


def test_b12_ticket_keys_are_shared(serve, site, ca, tmp_path):
    """What one server has begun, another goes on with."""
    (tmp_path / "keys").write_bytes(os.urandom(80))
    (tmp_path / "keys").chmod(0o600)
    servers = [serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key,
                     "--tls-ticket-key", tmp_path / "keys", site) for _ in range(2)]
    context, session = ssl.create_default_context(cafile=ca.cert), None
    for server in servers:
        with socket.create_connection((server.host, server.port), 30) as plain, \
                context.wrap_socket(plain, server_hostname="localhost", session=session) as tls:
            assert tls.session_reused == (session is not None)
            tls.sendall(b"GET /hello.txt HTTP/1.0\r\n\r\n")
            while tls.recv(65536):
                pass
            session = tls.session


@pytest.mark.parametrize("flag", ["--tls-cert", "--tls-key", "--tls-client-ca", "--tls-ticket-key"])
@pytest.mark.parametrize("bad", ["/nonexistent", "GARBAGE"])
def test_b12_tls_files_are_named_with_their_flag(skua, site, ca, tmp_path, flag, bad):
    (tmp_path / "garbage").write_text("this is no PEM\n")
    bad = bad.replace("GARBAGE", str(tmp_path / "garbage"))
    files = {"--tls-cert": ca.good.cert, "--tls-key": ca.good.key, flag: bad}
    named = [text for pair in files.items() for text in pair]
    done = subprocess.run([skua, "serve", "-p", "0", *named, str(site)], text=True, timeout=30,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(r"skua: serve: %s: .*%s.*\n" % (flag, re.escape(bad)), done.stderr)


def authority_of(server):
    return server.wait_for(r"^skua: authority: (.*)$").group(1)


def test_local_authority(serve, site, get, tmp_path):
    """It is made once, kept where nobody else can read its key, and believed by who is told to."""
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data" / "home")}
    server = serve("--tls", site, env=env)
    assert server.scheme == "https"
    path = authority_of(server)
    folder = tmp_path / "data" / "home" / "skua"
    assert pathlib.Path(path).parent == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    for made in folder.iterdir():
        if b"PRIVATE KEY" in made.read_bytes():
            assert stat.S_IMODE(made.stat().st_mode) == 0o600
    first = pathlib.Path(path).read_bytes()
    assert b"PRIVATE KEY" not in first
    for host in ("127.0.0.1", "localhost"):
        got = get("--cacert", path, "https://%s:%d/hello.txt" % (host, server.port))
        assert got.out == b"hello, world\n"
    assert get(server.url).status == 60
    server.stop()
    again = serve("--tls", site, env=env)
    assert authority_of(again) == path
    assert pathlib.Path(path).read_bytes() == first
    assert get("--cacert", path, again.url + "hello.txt").out == b"hello, world\n"


@pytest.mark.parametrize("data_home", [None, "", "relative"])
def test_local_authority_at_home(serve, site, tmp_path, data_home):
    env = {**os.environ, "HOME": str(tmp_path / "home")}
    env.pop("XDG_DATA_HOME", None)
    if data_home is not None:
        env["XDG_DATA_HOME"] = data_home
    server = serve("--tls", site, env=env, cwd=tmp_path)
    assert authority_of(server).startswith(str(tmp_path / "home/.local/share/skua/"))


def test_local_authority_for_other_addresses(serve, site, get, tmp_path):
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    server = serve("--tls", "--bind", "0.0.0.0", site, env=env)
    where = "%s:%d" % (socket.gethostname(), server.port)
    got = get("--cacert", authority_of(server), "--resolve", where + ":127.0.0.1",
              "https://%s/hello.txt" % where)
    assert got.out == b"hello, world\n", got.err


def test_a_damaged_authority_is_not_replaced(serve, skua, site, tmp_path):
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    server = serve("--tls", site, env=env)
    path = pathlib.Path(authority_of(server))
    server.stop()
    path.write_text("damaged")
    done = subprocess.run([skua, "serve", "--tls", "-p", "0", str(site)], env=env, text=True,
                          stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 1 and str(path) in done.stderr
    assert path.read_text() == "damaged"


def test_no_place_for_an_authority(skua, site):
    env = {**os.environ, "XDG_DATA_HOME": "/dev/null/data"}
    done = subprocess.run([skua, "serve", "--tls", "-p", "0", str(site)], env=env, text=True,
                          stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == 1
    assert re.fullmatch("skua: /dev/null.*: Not a directory\\n", done.stderr)


@pytest.mark.parametrize("sent", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 100, b"",
                                  b"\x16\x03\x01\xff\xff" + b"x" * 5000],
                         ids=["HTTP", "zeros", "nothing", "a record too long"])
def test_what_is_no_handshake_harms_nobody(serve, site, get, ca, sent):
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    with server.connect() as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            pass
    assert get("--cacert", ca.cert, server.url + "hello.txt").out == b"hello, world\n"


def test_a_slow_handshake_holds_up_nobody(serve, site, get, ca):
    server = serve("--threads", "1", "--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    with server.connect() as slow:
        slow.sendall(b"\x16\x03\x01")
        assert get("--cacert", ca.cert, server.url + "hello.txt").out == b"hello, world\n"


def test_a_big_file_over_tls(serve, get_json, ca, big_file):
    path, digest = big_file
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, path.parent)
    _, told = get_json("--cacert", ca.cert, server.url + path.name)
    assert (told["body_bytes"], told["body_sha256"]) == (100 << 20, digest)


def test_python_keeps_a_tls_connection(serve, site, ca):
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    trust = ssl.create_default_context(cafile=ca.cert)
    connection = http.client.HTTPSConnection("127.0.0.1", server.port, timeout=30, context=trust)
    for _ in range(10):
        connection.request("GET", "/hello.txt")
        assert connection.getresponse().read() == b"hello, world\n"
    connection.close()


def test_the_server_says_goodbye(serve, site, ca):
    """A close_notify comes before the end, so that the client knows it for the end."""
    server = serve("--tls-cert", ca.good.cert, "--tls-key", ca.good.key, site)
    trust = ssl.create_default_context(cafile=ca.cert)
    trust.options &= ~getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)
    with trust.wrap_socket(server.connect(), server_hostname="127.0.0.1",
                           suppress_ragged_eofs=False) as connection:
        connection.sendall(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        got = b""
        while piece := connection.recv(65536):
            got += piece
    assert got.endswith(b"hello, world\n")
