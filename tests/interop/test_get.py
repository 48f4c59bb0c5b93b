"""The options of `skua get`: what is sent, what is written where, and the exit status."""

import json
import os
import re
import socket
import subprocess

import pytest

from scripted import HOLD

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
NOT_FOUND = b"HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno"


def sent(peer):
    """The method and target of the request, its fields as a list, its body."""
    head, _, body = peer.request.partition(b"\r\n\r\n")
    line, *fields = head.decode("latin-1").split("\r\n")
    method, target, version = line.split(" ")
    assert version == "HTTP/1.1"
    return method, target, [tuple(f.split(": ", 1)) for f in fields], body


def fields_of(peer):
    return dict(sent(peer)[2])


# ---- what is sent ----


def test_defaults(skua, get, peer):
    server = peer(REPLY)
    assert get(server.url + "a/b?c=d#e").out == b"hello"
    method, target, fields, body = sent(server)
    version = subprocess.run([skua, "--version"],
                             stdout=subprocess.PIPE, text=True).stdout.split()[1]
    assert (method, target, body) == ("GET", "/a/b?c=d", b"")
    assert sorted(fields) == [("Accept", "*/*"), ("Accept-Encoding", "identity"),
                              ("Host", "127.0.0.1:%d" % server.port),
                              ("User-Agent", "skua/" + version)]


def test_url_without_scheme(get, peer):
    server = peer(REPLY)
    assert get("127.0.0.1:%d/x" % server.port).out == b"hello"
    assert sent(server)[1] == "/x"


@pytest.mark.parametrize("given, expected", [
    (["X-A: b"], {"X-A": "b"}),
    (["X-A:b"], {"X-A": "b"}),
    (["X-A:  b c \t"], {"X-A": "b c"}),
    (["X-A: b", "X-A: c"], {"X-A": "c"}),
    (["X-A;"], {"X-A": ""}),
    (["X-A: "], {"X-A": None}),
    (["Accept: text/html"], {"Accept": "text/html"}),
    (["accept:"], {"Accept": None, "accept": None}),
    (["User-Agent:"], {"User-Agent": None}),
    (["User-Agent: me"], {"User-Agent": "me"}),
    (["Host: other.example"], {"Host": "other.example"}),
    (["Host:"], {"Host": None}),
    (["Accept-Encoding:"], {"Accept-Encoding": None}),
    (["Content-Length:"], {"Content-Length": None}),
    (["Accept-Encoding: gzip"], {"Accept-Encoding": "gzip"}),
])
def test_fields(get, peer, given, expected):
    server = peer(REPLY)
    assert get(*["-H" + g for g in given], server.url).status == 0
    fields = fields_of(server)
    assert {name: fields.get(name) for name in expected} == expected


def test_repeated_fields_are_all_sent(get, peer):
    server = peer(REPLY)
    get("-H", "A: 1", "--header=A: 2", server.url)
    assert [v for k, v in sent(server)[2] if k == "A"] == ["1", "2"]


@pytest.mark.parametrize("field", ["no colon", ": no name", ";", "", "A; b", "A B: c", "A: b\r\nC: d", "A: b\x01", "A\x01: b"])
def test_fields_that_are_refused(get, field):
    got = get("-H", field, "http://127.0.0.1:9/")
    assert got.status == 2
    assert got.err.startswith("skua: ") and "\r" not in got.err and "\x01" not in got.err


def test_user_agent(get, peer):
    server = peer(REPLY, REPLY)
    get("-A", "me/1", server.url)
    assert fields_of(server)["User-Agent"] == "me/1"
    get("-A", "", server.url)
    assert b"User-Agent" not in server.requests[1]


@pytest.mark.parametrize("given, body", [
    (["a=b"], b"a=b"),
    (["a=b", "c=d"], b"a=b&c=d"),
    ([""], b""),
    (["@file"], b"fromafile"),
    (["x", "@file"], b"x&fromafile"),
    (["@-"], b"fromstdin"),
    (["\u00fc"], "\u00fc".encode()),
])
def test_data(get, peer, tmp_path, given, body):
    (tmp_path / "file").write_bytes(b"from\r\na\n\0file\n")
    server = peer(REPLY)
    arguments = [part for g in given for part in ("-d", g)]
    (tmp_path / "in").write_bytes(b"from\nstdin\n")
    with open(tmp_path / "in", "rb") as stdin:
        assert get(*arguments, server.url, cwd=tmp_path, stdin=stdin).status == 0
    method, _, fields, got = sent(server)
    assert (method, got) == ("POST", body)
    assert dict(fields)["Content-Type"] == "application/x-www-form-urlencoded"
    assert dict(fields)["Content-Length"] == str(len(body))


def test_data_of_another_type(get, peer):
    server = peer(REPLY)
    get("-d", "{}", "-H", "content-type: application/json", server.url)
    assert [v for k, v in sent(server)[2] if k.lower() == "content-type"] == ["application/json"]


def test_data_from_no_file(get_json):
    got, told = get_json("-d", "@/nonexistent/file", "http://127.0.0.1:9/")
    assert got.status == 26
    assert told["error"]["name"] == "FileNotFoundError"
    assert "/nonexistent/file" in told["error"]["message"]


def test_large_data(get, peer, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3000000)
    server = peer(REPLY)
    assert get("-d", "@%s" % (tmp_path / "file"), server.url).out == b"hello"
    assert sent(server)[3] == b"x" * 3000000


def test_chunked_data(get, peer):
    server = peer(REPLY)
    assert get("-d", "abc", "-H", "Transfer-Encoding: chunked", server.url).status == 0
    assert fields_of(server)["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in fields_of(server)


@pytest.mark.parametrize("arguments, method", [
    (["-X", "DELETE"], "DELETE"),
    (["-XPUT", "-d", "x"], "PUT"),
    (["-X", "OPTIONS"], "OPTIONS"),
    (["-I"], "HEAD"),
    (["-X", "M-SEARCH"], "M-SEARCH"),
])
def test_method(get, peer, arguments, method):
    server = peer(REPLY)
    assert get(*arguments, server.url).status == 0
    assert sent(server)[0] == method


@pytest.mark.parametrize("method", ["", "A B", "A\r\nB", "\u00fc", "A/B"])
def test_methods_that_are_refused(get, method):
    assert get("-X", method, "http://127.0.0.1:9/").status == 2


def test_an_early_answer_to_a_large_body_is_shown(skua, tmp_path):
    """The server answers and closes without reading: what it said counts."""
    (tmp_path / "file").write_bytes(b"x" * 20000000)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        client = subprocess.Popen([skua, "get", "-d", "@%s" % (tmp_path / "file"),
                                   "http://127.0.0.1:%d/" % listener.getsockname()[1]],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n"
                               b"Connection: close\r\n\r\nbig")
            connection.shutdown(socket.SHUT_WR)
            out, err = client.communicate(timeout=30)
    assert (client.returncode, out) == (0, b"big"), err


# ---- what is written ----


def test_head(get, peer):
    got = get("-I", peer([REPLY[:-5], HOLD]).url)
    assert (got.status, got.out) == (0, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")


def test_include(get, peer):
    got = get("-i", peer(REPLY).url)
    assert got.out == REPLY


def test_include_shows_all_of_it(get, peer):
    heads = (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
             b"HTTP/1.0 200 \r\nTransfer-Encoding: chunked\r\nA: \xff\r\n\r\n")
    got = get("-i", peer(heads + b"1\r\nx\r\n0\r\nT: u\r\n\r\n").url)
    assert got.out == heads + b"xT: u\r\n"


def test_output(get, peer, tmp_path):
    (tmp_path / "out").write_text("something longer than that")
    got = get("-o", "out", peer(REPLY).url, cwd=tmp_path)
    assert (got.status, got.out) == (0, b"")
    assert (tmp_path / "out").read_bytes() == b"hello"


def test_output_to_a_dash(get, peer, tmp_path):
    assert get("-o", "-", peer(REPLY).url, cwd=tmp_path).out == b"hello"
    assert not list(tmp_path.iterdir())


def test_empty_output_is_a_file(get, peer, tmp_path):
    get("-o", tmp_path / "out", peer(b"HTTP/1.1 204 No\r\n\r\n").url)
    assert (tmp_path / "out").read_bytes() == b""


def test_output_with_head(get, peer, tmp_path):
    get("-i", "-o", tmp_path / "out", peer(REPLY).url)
    assert (tmp_path / "out").read_bytes() == REPLY


def test_output_is_not_touched_without_a_response(get, peer, tmp_path):
    out = tmp_path / "out"
    out.write_text("before")
    assert get("-o", out, peer(b"").url).status == 52
    assert get("-f", "-o", out, peer(NOT_FOUND).url).status == 22
    assert out.read_text() == "before"


@pytest.mark.parametrize("path, name", [
    ("file.txt", "file.txt"), ("a/b.c?d=/e#f", "b.c"), ("x%20y%2fz", "x%20y%2fz"), ("-", "-"),
])
def test_remote_name(get, peer, tmp_path, path, name):
    assert get("-O", peer(REPLY).url + path, cwd=tmp_path).status == 0
    assert (tmp_path / name).read_bytes() == b"hello"


@pytest.mark.parametrize("path", ["", "a/", "a/..", "..", "."])
def test_no_remote_name(get, tmp_path, path):
    got = get("-O", "http://127.0.0.1:9/" + path, cwd=tmp_path)
    assert got.status == 23
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("path, name", [
    ("/nonexistent/out", "FileNotFoundError"),
    (".", "OSError"),
])
def test_output_that_cannot_be_made(get_json, peer, path, name):
    got, told = get_json("-o", path, peer(REPLY).url)
    assert got.status == 23
    assert told["status"] == 200 and told["error"]["message"].startswith(path + ": ")
    assert told["error"]["name"] == name


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full")
@pytest.mark.parametrize("arguments", [["URL"], ["-i", "URL"], ["-o", "/dev/full", "URL"],
                                       ["--json", "URL"], ["--help"]])
def test_output_that_is_full(get, peer, arguments):
    server = peer(REPLY)
    with open("/dev/full", "wb") as full:
        got = get(*[a.replace("URL", server.url) for a in arguments], stdout=full)
    assert got.status == 23
    assert got.err.startswith("skua: ")


def test_output_that_nobody_reads(get, peer):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as closed:
        got = get(peer(REPLY).url, stdout=closed)
    assert got.status == 23
    assert "standard output: Broken pipe" in got.err


@pytest.mark.parametrize("descriptor", [0, 1, 2])
def test_a_closed_descriptor_is_not_a_socket(skua, peer, descriptor):
    """What is meant for standard output must not go to the server."""
    server = peer(REPLY)
    done = subprocess.run(["sh", "-c", 'exec "$0" get "$1" %d>&-' % descriptor, skua, server.url],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30)
    assert done.returncode == (23 if descriptor == 1 else 0)
    assert b"hello" not in server.request


def test_a_large_body_passes_through(get, peer):
    body = os.urandom(1 << 20) * 8
    assert get(peer(b"HTTP/1.1 200 OK\r\n\r\n" + body).url).out == body


# ---- -f, -s, -S, -v ----


def test_fail(get, peer):
    got = get("-f", peer(NOT_FOUND).url)
    assert (got.status, got.out) == (22, b"")
    assert re.fullmatch(r"skua: .*404 Not Found\n", got.err)
    assert get("-f", peer(REPLY).url).out == b"hello"
    assert get(peer(NOT_FOUND).url).out == b"no"


def test_fail_with_head(get, peer):
    got = get("-fi", peer(NOT_FOUND).url)
    assert (got.status, got.out) == (22, NOT_FOUND[:-2])


def test_fail_in_json(get_json, peer):
    got, told = get_json("-f", peer(NOT_FOUND).url)
    assert got.status == 22
    assert (told["status"], told["body_bytes"]) == (404, 0)
    assert told["error"]["name"] == "HTTPException"


def test_silent(get, peer):
    assert get("-s", peer(b"").url).err == ""
    assert get("-sS", peer(b"").url).err.startswith("skua: ")
    assert get("-s", peer(b"").url).status == 52


def test_verbose(get, peer):
    server = peer(b"HTTP/1.1 100 Continue\r\n\r\n" + REPLY)
    got = get("-v", "-H", "Authorization: Basic c2VjcmV0", server.url + "path")
    lines = got.err.splitlines()
    assert got.out == b"hello"
    assert all(line[:2] in ("* ", "> ", "< ", "! ") for line in lines), lines
    assert "> GET /path HTTP/1.1" in lines
    assert "> Host: 127.0.0.1:%d" % server.port in lines
    assert "< HTTP/1.1 100 Continue" in lines
    assert "< HTTP/1.1 200 OK" in lines
    assert "< Content-Length: 5" in lines
    assert any(line.startswith("* ") and "127.0.0.1" in line for line in lines)
    assert "c2VjcmV0" not in got.err
    assert any(line.startswith("> Authorization: ") for line in lines)
    assert b"Authorization: Basic c2VjcmV0\r\n" in server.request


def test_verbose_steers_no_terminal(skua, peer):
    """U+009B begins a control sequence, as ESC [ does, in UTF-8 and as a byte of its own."""
    fields = "A: \u00e9\u20ac\U0001f600\r\nB: \u009b31m\r\n".encode() + b"C: \x9b31m\xe9\xc3\r\n"
    server = peer(b"HTTP/1.1 200 \x9b1m\r\n" + fields + b"Content-Length: 0\r\n\r\n")
    done = subprocess.run([skua, "get", "-v", server.url], capture_output=True, timeout=30)
    lines = done.stderr.split(b"\n")
    assert b"< HTTP/1.1 200 \\x9b1m" in lines
    assert "< A: \u00e9\u20ac\U0001f600".encode() in lines
    assert b"< B: \\xc2\\x9b31m" in lines
    assert b"< C: \\x9b31m\\xe9\\xc3" in lines


# ---- --json ----


def test_json(get_json, peer):
    server = peer(b"HTTP/1.0 201 Made it\r\nA: b\r\nContent-Length: 5\r\n\r\nhello")
    _, told = get_json("-d", "x", server.url + "p?q")
    timings = told.pop("timings")
    hops, attempts = told.pop("hops"), told.pop("attempts")
    assert [(a["address"], a["errno"]) for a in attempts] == [("127.0.0.1:%d" % server.port, 0)]
    assert hops == [{"url": server.url + "p?q", "status": 201, "timings": timings}]
    assert told == {
        "url": server.url + "p?q", "status": 201, "reason": "Made it", "version": "HTTP/1.0",
        "fields": [["A", "b"], ["Content-Length", "5"]], "informational": [], "trailers": [],
        "body_bytes": 5, "tls": None, "error": None,
        "body_sha256": "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"}
    assert timings["tls"] is None
    order = [timings[k] for k in ("connect", "send", "first_byte", "head", "total")]
    assert order == sorted(order) and order[0] >= 0 and order[-1] < 10000


def test_json_with_output(get_json, peer, tmp_path):
    _, told = get_json("-o", tmp_path / "out", peer(REPLY).url)
    assert (tmp_path / "out").read_bytes() == b"hello"
    assert told["body_bytes"] == 5


def test_json_with_a_remote_name(get_json, peer, tmp_path):
    get_json("-O", peer(REPLY).url + "name", cwd=tmp_path)
    assert (tmp_path / "name").read_bytes() == b"hello"


def test_json_is_alone_on_standard_output(get, peer):
    for arguments in (["-i"], ["-I"], ["-v"], ["-o", "-"]):
        assert json.loads(get("--json", *arguments, peer(REPLY).url).out)["status"] == 200


def test_json_of_any_bytes_in_fields(get_json, peer):
    """Every byte that a value may hold comes through as Python's http.client would decode it."""
    value = bytes([*range(33, 127), 9, 32, *range(128, 256)])
    answer = b"HTTP/1.1 200 " + value + b"\r\nA: x" + value + b"x\r\nContent-Length: 0\r\n\r\n"
    _, told = get_json(peer(answer).url)
    assert told["reason"] == value.decode("latin-1")
    assert told["fields"][0] == ["A", "x" + value.decode("latin-1") + "x"]


@pytest.mark.parametrize("url", [
    b"http://\xff\xfe/", b"http://a\"b\\c\x01\x7f/", "http://\u00fc\u20ac\U0001f600/".encode(),
    b"http://\xed\xa0\x80/", b"http://\xc0\xaf/", b"http://\xe0\x80\xaf/", b"http://\xe2\x82",
    b"http://\xf4\x90\x80\x80", b"http://\xf0\x80\x80\xaf", b"http://\xf8\x88\x80\x80\x80"])
def test_json_of_any_bytes_in_the_url(skua, url):
    done = subprocess.run([skua.encode(), b"get", b"--json", url], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=30)
    told = json.loads(done.stdout.decode("utf-8"))
    assert (done.returncode, told["error"]["name"]) == (3, "InvalidURL")
    try:
        assert told["url"] == url.decode("utf-8")
    except UnicodeDecodeError:
        assert told["url"] == url.decode("latin-1")
    assert not re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", done.stderr)


# ---- URLs and exit statuses before there is a connection ----


@pytest.mark.parametrize("url, status, name", [
    ("ftp://127.0.0.1/", 1, "NotImplementedError"),
    ("file:///etc/passwd", 1, "NotImplementedError"),
    ("gopher+x://a/", 1, "NotImplementedError"),
    ("http://", 3, "InvalidURL"),
    ("http:///path", 3, "InvalidURL"),
    ("", 3, "InvalidURL"),
    ("http://127.0.0.1:99999/", 3, "InvalidURL"),
    ("http://127.0.0.1:x/", 3, "InvalidURL"),
    ("http://user:pass@127.0.0.1/", 3, "InvalidURL"),
    ("http://[::1/", 3, "InvalidURL"),
    ("http://[::g]/", 3, "InvalidURL"),
    ("http://127.0.0.1/a b", 3, "InvalidURL"),
    ("http://127.0.0.1/%zz", 3, "InvalidURL"),
    ("http://127.0.0.1/\r\nX: y", 3, "InvalidURL"),
    ("http://%s.invalid/" % ("a" * 70), 6, "gaierror"),
    ("http://127.0.0.1:0/", 3, "InvalidURL"),
])
def test_urls_that_lead_nowhere(get_json, url, status, name):
    got, told = get_json(url)
    assert got.status == status, told["error"]
    assert told["error"]["name"] == name
    assert told["status"] is None
    assert told["body_sha256"].startswith("e3b0c442")


@pytest.mark.parametrize("url", ["HTTP://127.0.0.1:PORT/", "http://localhost:PORT",
                                 "http://127.0.0.1:PORT?q", "http://127.0.0.1:PORT#f",
                                 "hTtP://LOCALHOST:PORT/", "localhost:PORT"])
def test_urls_that_lead_somewhere(get_json, peer, url):
    got, told = get_json(url.replace("PORT", str(peer(REPLY).port)))
    assert (got.status, told["status"]) == (0, 200)


# ---- the command line ----


@pytest.mark.parametrize("arguments, message", [
    ([], "no URL given"),
    (["--foo", "u"], "unknown option --foo"),
    (["--foo=bar", "u"], "unknown option --foo"),
    (["-Z", "u"], "unknown option -Z"),
    (["-sZ", "u"], "unknown option -Z"),
    (["-o"], "option -o needs a value: FILE"),
    (["--output"], "option --output needs a value: FILE"),
    (["-sX"], "option -X needs a value: METHOD"),
    (["--silent=1", "u"], "option --silent takes no value"),
    (["--sil", "u"], "unknown option --sil: did you mean --silent?"),
    (["-o", "x", "-o", "y", "u"], "-o is given more often than there are URLs"),
    (["--outptu", "x", "u"], "unknown option --outptu: did you mean --output?"),
    (["--no-verbos", "u"], "unknown option --no-verbos: did you mean --no-verbose?"),
    (["-F", "a=b", "-d", "x", "u"], "-d for POST and -F for POST of a form"),
    (["-T", "a", "-I", "u"], "-I asks for HEAD and -T for PUT"),
    (["-C", "x", "u"], "-C 'x' is neither an offset nor -"),
    (["-r", "1-", "-C", "3", "u"], "-r and -C both say which bytes are wanted"),
    (["-F", "a", "u"], "-F 'a' is no NAME=VALUE"),
    (["--max-redirs", "-2", "u"], "--max-redirs: '-2' is no number from 0 to 100000"),
    (["--limit-rate", "1x", "u"], "--limit-rate: '1x' is no number of bytes"),
    (["--tls-max", "1.1", "u"], "--tls-max '1.1' is none of 1.2, 1.3 and default"),
    (["-o", "x", "-O", "u"], "-o and -O both say where the body goes"),
    (["-I", "-d", "x", "u"], "get: -I asks for HEAD and -d for POST"),
    (["--max-time", "-1", "u"], "--max-time: '-1' is no number of seconds"),
    (["--max-time", "", "u"], "--max-time: '' is no number of seconds"),
    (["--max-time", "1e3", "u"], "--max-time: '1e3' is no number of seconds"),
    (["--max-time", "inf", "u"], "--max-time: 'inf' is no number of seconds"),
    (["--connect-timeout", "1.2.3", "u"], "--connect-timeout: '1.2.3' is no number of seconds"),
    (["--key", "k", "u"], "--key needs --cert"),
    (["--resolve", "a:b:c", "u"], "--resolve 'a:b:c' is no HOST:PORT:ADDRESS"),
    (["--resolve", "a:80", "u"], "--resolve 'a:80' is no HOST:PORT:ADDRESS"),
    (["--resolve", "a:99999:1.2.3.4", "u"], "is no HOST:PORT:ADDRESS"),
])
def test_usage(get, arguments, message):
    got = get(*arguments)
    assert (got.status, got.out) == (2, b"")
    assert message in got.err
    assert got.err.startswith("skua: get: ") and got.err.endswith("(see skua get --help)\n")
    assert got.err.count("\n") == 1


def test_options_in_every_spelling(get, peer, tmp_path):
    for number, arguments in enumerate([
            ["-so", "OUT", "URL"], ["-soOUT", "URL"], ["URL", "-s", "--output", "OUT"],
            ["--output=OUT", "--silent", "--", "URL"]]):
        out = tmp_path / str(number)
        url = peer(REPLY).url
        got = get(*[a.replace("OUT", str(out)).replace("URL", url) for a in arguments])
        assert (got.status, out.read_bytes()) == (0, b"hello")


@pytest.mark.parametrize("command", ["get", "serve"])
def test_help_names_every_option(skua, command):
    done = subprocess.run([skua, command, "--help"], stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0
    assert done.stdout.startswith("usage: skua %s " % command)
    assert max(map(len, done.stdout.splitlines())) <= 85
    wanted = {"get": "-o --output -O -I --head -H --header -d --data -X --request -i --include -v "
                     "-s -S -f --fail --cacert --cert --key --pass -k --insecure --resolve "
                     "--max-time --connect-timeout -A --json --help",
              "serve": "-b --bind -p --port -d --directory --tls --tls-cert --tls-key "
                       "--tls-password-file --threads -q --help"}[command]
    for option in wanted.split():
        assert re.search(r"(^|\s)%s\b" % re.escape(option), done.stdout, re.M), option


def test_the_manual_names_every_option(skua):
    page = (os.path.dirname(os.path.abspath(__file__)) + "/../../docs/skua.1")
    manual = open(page, encoding="ascii").read()
    for command in ("get", "serve"):
        text = subprocess.run([skua, command, "--help", "all"],
                              stdout=subprocess.PIPE, text=True).stdout
        for name in re.findall(r"^\s+(?:-[\w#], )?--([a-z0-9.-]+)", text, re.M):
            assert re.search(r"^\.It Fl ([\w#] , )?-%s( |$)" % re.escape(name), manual, re.M), name


def test_version_and_help(skua):
    def run(*arguments):
        return subprocess.run([skua, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, timeout=30)
    assert re.fullmatch(r"skua \d+\.\d+\.\d+\n", run("--version").stdout)
    assert "  get " in run("--help").stdout and "  serve " in run("--help").stdout
    assert run().returncode == 2 and "skua --help" in run().stderr
    assert run("fetch").stderr == "skua: unknown command fetch (see skua --help)\n"
    assert run("--fetch").returncode == 2
