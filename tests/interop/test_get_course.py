"""What `skua get` does with an answer: redirects to other servers, other tries, several URLs; where
it asks: proxies, sockets; and what it tells of it: --timing, --json."""

import base64
import email
import email.policy
import gzip
import json
import re
import ssl
import subprocess
import time

import pytest

from patience import endure
from recorder import reply
from scripted import HOLD



def tls(certificate):
    """The settings of a server that shows this certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.cert, certificate.key)
    return made


# ---- redirects ----


def to(url, status="302 Found"):
    return reply(b"", status, "Location: " + url)


SECRETS = ["-u", "a:b", "-b", "c=d", "-H", "Host: mine", "-H", "X: y"]


def test_credentials_stay_with_their_origin(get, record):
    other = record()
    first = record({"/": to("/next"), "/next": to(other.url + "/x")})
    assert get("-L", *SECRETS, first.url + "/").status == 0
    for request in first.requests:
        assert request["Authorization"] == "Basic YTpi"
        assert (request["Cookie"], request["Host"]) == ("c=d", "mine")
    request = other.requests[0]
    assert (request["Authorization"], request["Cookie"]) == (None, None)
    assert request["Host"] == "127.0.0.1:%d" % other.port and request["X"] == "y"


def test_given_credentials_stay_with_their_origin(get, record):
    other = record()
    first = record({"/": to(other.url)})
    get("-L", "-H", "authorization: Bearer t", "-H", "cookie: c", first.url)
    assert first.requests[0]["Authorization"] == "Bearer t"
    assert (other.requests[0]["Authorization"], other.requests[0]["Cookie"]) == (None, None)


def test_https_does_not_lead_to_http(get_json, record, ca):
    plain = record()
    server = record({"/": to(plain.url)}, context=tls(ca.good))
    got, told = get_json("-L", "--cacert", ca.cert, server.url)
    assert got.status == 1
    assert "redirected from https to http" in told["error"]["message"]
    assert told["hops"][0]["status"] == 302 and plain.requests == []


def test_a_body_that_cannot_be_read_again(skua, record):
    server = record({"/": to("/next", "307 Temporary")})
    cat = subprocess.Popen(["printf", "once"], stdout=subprocess.PIPE)
    with cat, cat.stdout:
        done = subprocess.run([skua, "get", "-L", "-T", "-", server.url + "/"], stdin=cat.stdout,
                              capture_output=True, timeout=30)
    assert done.returncode == 65
    assert b"cannot be read again" in done.stderr
    assert len(server.requests) == 1


def test_what_came_through_a_pipe_is_not_sent_by_halves(skua, record):
    """Another try would have nothing left to send."""
    server = record({"/": reply(b"", "503 Busy")})
    source = subprocess.Popen(["printf", "once"], stdout=subprocess.PIPE)
    with source, source.stdout:
        done = subprocess.run([skua, "get", "--retry", "1", "--retry-delay", "0.01", "-T", "-",
                               server.url + "/?q"], stdin=source.stdout, capture_output=True,
                              timeout=30)
    assert done.returncode == 65, done.stderr
    assert [r.body for r in server.requests] == [b"once"]


def test_an_uploaded_file_is_sent_again(get, record, tmp_path):
    (tmp_path / "file").write_bytes(b"again")
    server = record({"/x": to("/next", "308 Permanent")})
    assert get("-L", "-T", tmp_path / "file", server.url + "/x?q").status == 0
    assert [r.body for r in server.requests] == [b"again", b"again"]


# ---- several URLs ----


def test_one_connection_for_one_server(get, record):
    one, two = record(), record()
    get(one.url + "/a", two.url + "/b", one.url + "/c", two.url + "/d", one.url + "/e")
    assert (one.connections, two.connections) == (1, 1)
    assert [r.target for r in one.requests] == ["/a", "/c", "/e"]


def test_max_time_is_for_each_url(get, record, peer):
    """A connection that is kept does not keep the time of its first URL."""
    def ask(limit):
        server = record({"/slow": lambda _: time.sleep(0.6 * limit) or reply(b"x")})
        url = server.url + "/slow"
        assert get("-m", "%g" % limit, url, url, url).status == 0
        assert server.connections == 1
    endure(ask, 1.2)
    got = get("-m", "0.3", peer([HOLD]).url)
    assert (got.status, got.out) == (28, b"")


def test_json_of_several_urls(get, record):
    server = record({"/b": reply(b"no", "404 Not Found")})
    out = get("--json", server.url + "/a", server.url + "/b").out.decode()
    decoder, told = json.JSONDecoder(), []
    while out:
        value, end = decoder.raw_decode(out)
        told.append(value)
        out = out[end:].lstrip()
    assert [(t["url"], t["status"]) for t in told] == [(server.url + "/a", 200),
                                                       (server.url + "/b", 404)]


# ---- other tries ----


def test_retry_after_is_waited_for(get, record):
    server = record({"/": [reply(b"", "503 Busy", "Retry-After: 1"), reply(b"fine")]})
    began = time.monotonic()
    got = get("--retry", "2", "--retry-delay", "0.01", server.url + "/")
    assert (got.status, got.out) == (0, b"fine")
    assert time.monotonic() - began >= 1
    assert re.fullmatch(r"skua: .*: the server answers 503 Busy\. Trying again in 1 s; "
                        r"2 more tries\n", got.err)


def test_what_a_try_has_written_is_taken_back(get, record, tmp_path):
    cut = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc"
    server = record({"/": [cut, cut, reply(b"whole")]})
    got = get("--retry", "2", "--retry-delay", "0.01", "--retry-all-errors", "-o",
              tmp_path / "out", "-d", "x", server.url + "/")
    assert (got.status, (tmp_path / "out").read_bytes()) == (0, b"whole")
    assert [r.body for r in server.requests] == [b"x"] * 3


def test_time_for_tries_is_limited(get, record):
    server = record({"/": reply(b"", "503 Busy", "Retry-After: 100")})
    assert get("--retry", "5", "--retry-max-time", "10", server.url + "/").status == 0
    assert len(server.requests) == 1


@pytest.mark.parametrize("arguments, tries", [(["--retry-connrefused"], 2), ([], 1)])
def test_a_refused_connection(get, arguments, tries):
    got = get("--retry", "1", "--retry-delay", "0.01", *arguments, "http://127.0.0.1:1/")
    assert got.status == 7
    assert got.err.count("\n") == tries


# ---- forms and codings ----


def parts_of(request):
    message = email.message_from_bytes(b"Content-Type: " + request["Content-Type"].encode() +
                                       b"\r\n\r\n" + request.body, policy=email.policy.HTTP)
    return [(p.get_param("name", header="content-disposition"), p.get_filename(),
             p["Content-Type"], p.get_payload(decode=True)) for p in message.iter_parts()]


def test_a_form(get, curl, record, tmp_path):
    (tmp_path / "file.txt").write_bytes(b"one\ntwo\0")
    arguments = ["-F", "a=b;c", "-F", "f=@file.txt", "-F", "g=@file.txt;type=text/x;filename=n",
                 "-F", "h=<file.txt", "--form-string", "i=@no;type=no", "-F",
                 "j=\"q;type=x\";type=text/plain;charset=utf-8"]
    told = []
    for client in (get, curl):
        server = record()
        assert client(*arguments, server.url, cwd=tmp_path).status == 0
        told.append([(n, f, t, v) for n, f, t, v in parts_of(server.requests[0])])
        assert server.requests[0].method == "POST"
    # Types that are guessed from a name are curl's affair.
    guessed = told[1][1]
    told[1][1] = (guessed[0], guessed[1], "application/octet-stream", guessed[3])
    assert told[0] == told[1]


def test_a_form_with_a_large_file(get, record, tmp_path):
    (tmp_path / "big").write_bytes(b"0123456789" * 500000)
    server = record()
    assert get("-F", "f=@big", server.url, cwd=tmp_path).status == 0
    assert parts_of(server.requests[0])[0][3] == b"0123456789" * 500000
    assert server.requests[0]["Content-Length"] == str(len(server.requests[0].body))


def test_compressed(get, record):
    body = b"hello " * 1000
    server = record({"/": reply(gzip.compress(body), "200 OK", "Content-Encoding: gzip")})
    assert get("--compressed", server.url).out == body
    assert "gzip" in server.requests[0]["Accept-Encoding"]
    assert gzip.decompress(get(server.url).out) == body
    assert server.requests[1]["Accept-Encoding"] == "identity"


# ---- places ----


def test_a_unix_socket(get, record, tmp_path):
    server = record(unix=tmp_path / "s")
    got = get("--unix-socket", tmp_path / "s", "http://example.org/x", "http://example.org/y")
    assert (got.status, got.out) == (0, b"okok")
    assert [(r.target, r["Host"], r.connection) for r in server.requests] == [
        ("/x", "example.org", 1), ("/y", "example.org", 1)]


def test_no_unix_socket(get, tmp_path):
    assert get("--unix-socket", tmp_path / "none", "http://example.org/").status == 7


@pytest.mark.parametrize("arguments, env", [
    (["-x", "PROXY"], {}),
    (["-x", "http://PROXY/"], {"http_proxy": "http://127.0.0.1:1/"}),
    ([], {"http_proxy": "http://PROXY"}),
    ([], {"all_proxy": "http://PROXY"}),
    (["-x", "PROXY"], {"HTTP_PROXY": "http://127.0.0.1:1", "ALL_PROXY": "http://127.0.0.1:1"}),
    (["--noproxy", "other.org"], {"http_proxy": "http://PROXY", "no_proxy": "*"}),
])
def test_a_proxy_is_asked(get, record, arguments, env):
    proxy = record()
    where = "127.0.0.1:%d" % proxy.port
    got = get(*[a.replace("PROXY", where) for a in arguments], "http://example.org/x?y",
              env={k: v.replace("PROXY", where) for k, v in env.items()})
    assert (got.status, got.out) == (0, b"ok"), got.err
    assert proxy.requests[0].target == "http://example.org/x?y"


@pytest.mark.parametrize("arguments, env", [
    (["-x", ""], {"http_proxy": "http://127.0.0.1:1"}),
    (["--noproxy", "*"], {"http_proxy": "http://127.0.0.1:1"}),
    (["--noproxy", "127.0.0.1", "-x", "127.0.0.1:1"], {}),
    (["-x", "127.0.0.1:1"], {"no_proxy": "127.0.0.1"}),
])
def test_a_proxy_is_not_asked(get, record, arguments, env):
    assert get(*arguments, record().url, env=env).out == b"ok"


def test_what_is_said_to_a_proxy(get, record):
    proxy = record()
    where = "127.0.0.1:%d" % proxy.port
    get("-x", where, "-U", "a:b", "--proxy-header", "P: q", "-u", "c:d", "http://example.org/")
    request = proxy.requests[0]
    assert request["Proxy-Authorization"] == "Basic YTpi" and request["P"] == "q"
    assert request["Authorization"] == "Basic Yzpk"


@pytest.mark.parametrize("arguments, status", [
    (["-x", "http://nosuch.invalid:1"], 5), (["-x", "http://127.0.0.1:1"], 7),
    (["-x", "gopher://127.0.0.1:1"], 7),
])
def test_proxies_that_are_none(get, arguments, status):
    got = get(*arguments, "http://example.org/")
    assert got.status == status
    assert got.err.count("\n") == 1


def test_a_proxy_that_refuses_a_tunnel(get, record):
    proxy = record(default=reply(b"", "407 Proxy Authentication Required"))
    got = get("-p", "-x", proxy.url, "-w", "%{http_connect} %{http_code}", "http://example.org/")
    assert (got.status, got.out) == (56, b"407 000")
    assert proxy.requests[0].method == "CONNECT"
    assert "407" in got.err


# ---- TLS ----


def test_keys_are_logged(get, record, ca, tmp_path):
    server = record(context=tls(ca.good))
    log = tmp_path / "keys"
    assert get("--cacert", ca.cert, server.url, env={"SSLKEYLOGFILE": str(log)}).out == b"ok"
    assert "CLIENT_TRAFFIC_SECRET_0" in log.read_text()


@pytest.mark.parametrize("arguments, status", [
    (["--cacert", "CA"], 0),
    (["--cacert", "CA", "--tlsv1.3"], 0),
    (["--cacert", "CA", "--tls-max", "1.2"], 0),
    (["--cacert", "CA", "--tls-max", "1.2", "--ciphers", "ECDHE-RSA-AES128-GCM-SHA256:"
      "ECDHE-ECDSA-AES128-GCM-SHA256"], 0),
    (["--cacert", "CA", "--tls13-ciphers", "TLS_AES_128_GCM_SHA256"], 0),
    (["--cacert", "CA", "--ciphers", "NONSENSE"], 59),
    (["-k", "--pinnedpubkey", "sha256//" + base64.b64encode(b"x" * 32).decode()], 90),
    (["--cacert", "CA", "--pinnedpubkey", "PIN"], 0),
    (["--cacert", "CA", "--cert-status"], 91),
    (["--cacert", "/nonexistent"], 77),
    (["--cacert", "CA", "--crlfile", "/nonexistent"], 82),
    (["--cacert", "CA", "--cert", "/nonexistent"], 58),
    ([], 60),
])
def test_tls_options(get, get_json, curl, record, ca, arguments, status):
    server = record(context=tls(ca.good))
    pin = ""
    if "PIN" in arguments:
        _, told = get_json("--cacert", ca.cert, server.url)
        pin = told["tls"]["certificate"]["pin"]
        assert pin.startswith("sha256//")
    arguments = [{"CA": ca.cert, "PIN": pin}.get(a, a) for a in arguments]
    got = get(*arguments, server.url)
    assert got.status == status, got.err
    assert got.err.count("\n") == (status != 0)
    assert curl(*arguments, server.url).status == status


def test_json_of_tls(get_json, record, ca):
    server = record(context=tls(ca.good))
    _, told = get_json("--cacert", ca.cert, server.url)
    assert (told["tls"]["version"], told["tls"]["resumed"]) == ("TLSv1.3", False)
    certificate = told["tls"]["certificate"]
    assert re.fullmatch("[0-9a-f]{64}", certificate["sha256"])
    assert certificate["not_before"] < time.time() < certificate["not_after"]


@pytest.mark.parametrize("location, message", [
    ("ftp://u:pass@x/", 'redirected to "ftp://***@x/", which is not http'),
    ("mailto:a@x", 'redirected to "mailto:***@x", which is not http'),
    ("http://u:pass@x/", 'redirected: invalid URL "http://***@x/": user information'),
])
def test_a_redirect_that_is_refused(get, record, location, message):
    """What it says shows no password."""
    server = record({"/": to(location)})
    got = get("-L", server.url + "/")
    assert got.status in (1, 3) and message in got.err and "pass" not in got.err


# ---- telling ----


def test_timing(get, record):
    server = record({"/": to("/next")})
    got = get("-L", "--timing", server.url + "/")
    assert got.out == b"ok"
    lines = got.err.splitlines()
    assert lines[0] == server.url + "/ 302"
    assert server.url + "/next 200 (connection kept)" in lines
    drawn = [line for line in lines if not line.startswith("http")]
    assert {line.split()[0] for line in drawn} == {"resolve", "connect", "send", "wait", "receive",
                                                   "total"}
    for line in drawn:
        assert re.fullmatch(r"\w+ [ =|]* +\d+\.\d ms", line), line
        assert len(line) == 72
    assert got.err.isascii()


def test_timing_of_what_failed(get):
    got = get("--timing", "http://127.0.0.1:1/")
    assert got.status == 7
    drawn = got.err[got.err.index("http://127.0.0.1:1/\n"):].splitlines()[1:]
    assert [line.split()[0] for line in drawn] == ["resolve", "connect", "total"]


def test_write_out_json(get, record):
    server = record()
    told = json.loads(get("-w", "%{json}", "-o", "/dev/null", server.url).out)
    assert (told["http_code"], told["url"], told["size_download"]) == (200, server.url, 2)
    assert 0 < told["time_total"] < 30 and told["errormsg"] is None
    assert told["time_namelookup"] <= told["time_connect"] <= told["time_starttransfer"]


def test_a_rate_is_kept(get, record):
    server = record({"/": reply(b"x" * 50000)})
    began = time.monotonic()
    assert len(get("--limit-rate", "100k", server.url).out) == 50000
    assert time.monotonic() - began >= 0.4


def test_an_upload_that_is_answered_early(get, record, tmp_path):
    with open(tmp_path / "big", "wb") as big:
        big.truncate(100 << 20)
    server = record({"/": reply(b"no", "413 Too Large")})
    got = get("-T", tmp_path / "big", "-w", "%{http_code}", server.url + "/x")
    assert (got.status, got.out[-3:]) == (0, b"200")


def test_unknown_lengths_of_content_range(get, record, tmp_path):
    """A part that does not say where it begins may be any part."""
    (tmp_path / "half").write_bytes(b"01234")
    server = record({"/": reply(b"56789", "206 Partial Content")})
    assert get("-C", "-", "-o", tmp_path / "half", server.url).status == 33
    assert (tmp_path / "half").read_bytes() == b"01234"
