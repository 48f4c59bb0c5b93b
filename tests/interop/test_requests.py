"""What `skua serve` makes of raw requests, well-formed and not (RFC 9112)."""

import contextlib
import re
import socket

import pytest

from processes import Serving

HELLO = b"hello, world\n"
HOST = b"Host: a\r\n"


def get(target=b"/hello.txt", fields=HOST, version=b"HTTP/1.1", method=b"GET"):
    return b"%s %s %s\r\n%s\r\n" % (method, target, version, fields)


class Case:
    """What is sent, the statuses that come back, and whether the server keeps the connection."""

    def __init__(self, name, sent, *statuses, keeps=False, body=None, fields=None):
        self.name, self.sent, self.statuses, self.keeps = name, sent, statuses, keeps
        self.body, self.fields = body, fields or {}


GOOD = [
    Case("1.1 keeps the connection", get(), 200, keeps=True, body=HELLO),
    Case("1.0 does not", get(version=b"HTTP/1.0", fields=b""), 200, body=HELLO),
    Case("1.0 with keep-alive", get(version=b"HTTP/1.0", fields=b"Connection: Keep-Alive\r\n"),
         200, keeps=True, body=HELLO, fields={"connection": "keep-alive"}),
    Case("1.1 with close", get(fields=HOST + b"Connection: close\r\n"), 200, body=HELLO,
         fields={"connection": "close"}),
    Case("Close among others", get(fields=HOST + b"Connection: x, CLOSE\r\n"), 200, body=HELLO),
    Case("a higher minor version", get(version=b"HTTP/1.9"), 200, keeps=True, body=HELLO),
    Case("two at once", get() + get(), 200, 200, keeps=True),
    Case("twenty at once", get() * 20, *[200] * 20, keeps=True),
    Case("pipelined, then close", get() + get(fields=HOST + b"Connection: close\r\n") + get(),
         200, 200),
    Case("an empty line first", b"\r\n" + get(), 200, keeps=True, body=HELLO),
    Case("empty lines between", get() + b"\r\n\r\n" + get(), 200, 200, keeps=True),
    Case("in single bytes", [bytes([c]) for c in get()], 200, keeps=True, body=HELLO),
    Case("HEAD", get(method=b"HEAD"), 200, keeps=True, body=b"", fields={"content-length": "13"}),
    Case("HEAD and GET at once", get(method=b"HEAD") + get(), 200, 200, keeps=True),
    Case("a query", get(b"/hello.txt?a=b&c=/d"), 200, keeps=True, body=HELLO),
    Case("absolute form", get(b"http://a/hello.txt"), 200, keeps=True, body=HELLO),
    Case("absolute form of another host", get(b"http://b:81/hello.txt"), 200, keeps=True,
         body=HELLO),
    Case("percent-encoded", get(b"/%68ello%2etxt"), 200, keeps=True, body=HELLO),
    Case("dot segments within", get(b"/sub/../hello.txt"), 200, keeps=True, body=HELLO),
    Case("an empty Host", get(fields=b"Host:\r\n"), 200, keeps=True, body=HELLO),
    Case("Host with a port", get(fields=b"hOsT: [::1]:80\r\n"), 200, keeps=True, body=HELLO),
    Case("values beyond ASCII", get(fields=HOST + b"X: \xff\xfe\r\n"), 200, keeps=True),
    Case("a hundred fields", get(fields=HOST + b"a: b\r\n" * 99), 200, keeps=True),
    Case("GET with a body", get(fields=HOST + b"Content-Length: 5\r\n") + b"xxxxx" + get(),
         200, 200, keeps=True),
    Case("GET with a chunked body",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"5\r\nxxxxx\r\n0\r\nA: b\r\n\r\n"
         + get(), 200, 200, keeps=True),
    Case("404", get(b"/none"), 404, keeps=True),
    Case("404 and on", get(b"/none") + get(), 404, 200, keeps=True),
    Case("405 names what is allowed", get(method=b"POST", fields=HOST + b"Content-Length: 0\r\n"),
         405, keeps=True, fields={"allow": re.compile("GET")}),
    Case("405 for PUT with a small body, which is passed over",
         get(method=b"PUT", fields=HOST + b"Content-Length: 5\r\n") + b"hello", 405, keeps=True),
    Case("405 for PUT with a large body, which is not waited for",
         get(method=b"PUT", fields=HOST + b"Content-Length: 500000\r\n"), 405),
    Case("OPTIONS *", get(b"*", method=b"OPTIONS"), None, keeps=True),
    Case("redirect to the slash", get(b"/sub"), None, keeps=True,
         fields={"location": re.compile(r"^(http://a)?/sub/$")}),
]

BAD = [
    # request lines
    Case("garbage", b"\0\1\2\3\r\n\r\n", 400),
    Case("a TLS handshake", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    Case("the preface of HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", None),
    Case("no version", b"GET /hello.txt\r\n" + HOST + b"\r\n", 400),
    Case("no target", b"GET HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    Case("two spaces", b"GET  /hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    Case("a space in the target", get(b"/hello .txt"), 400),
    Case("a tab for a space", b"GET\t/hello.txt HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    Case("a space first", b" " + get(), 400),
    Case("a space last", b"GET /hello.txt HTTP/1.1 \r\n" + HOST + b"\r\n", 400),
    Case("a method that is no token", get(method=b"G(T"), 400),
    Case("lower case version", get(version=b"http/1.1"), 400),
    Case("version 1.10", get(version=b"HTTP/1.10"), 400),
    Case("version 1", get(version=b"HTTP/1"), 400),
    Case("version 2.0", get(version=b"HTTP/2.0"), 505),
    Case("version 0.9", get(version=b"HTTP/0.9"), 505),
    Case("NUL in the target", get(b"/hello.txt\0"), 400),
    Case("a byte above ASCII in the target", get(b"/h\xe9"), 400),
    Case("a fragment in the target", get(b"/hello.txt#x"), 400),
    Case("a target without a slash", get(b"hello.txt"), 400),
    Case("a target of another scheme", get(b"ftp://a/hello.txt"), 400),
    Case("user information in the target", get(b"http://u@a/hello.txt"), 400),
    Case("GET *", get(b"*"), 400),
    Case("CONNECT", get(b"a:443", method=b"CONNECT"), None),
    Case("a bad percent-escape", get(b"/hello%2"), 400),
    Case("a NUL that was percent-encoded", get(b"/hello.txt%00"), None),
    # fields
    Case("no Host", get(fields=b""), 400),
    Case("two Hosts", get(fields=HOST + HOST), 400),
    Case("a Host with a space", get(fields=b"Host: a b\r\n"), 400),
    Case("a Host with a path", get(fields=b"Host: a/b\r\n"), 400),
    Case("a Host with a bad port", get(fields=b"Host: a:x\r\n"), 400),
    Case("bare LF throughout", get().replace(b"\r\n", b"\n"), 400),
    Case("bare LF behind the request line", b"GET / HTTP/1.1\n" + HOST + b"\r\n", 400),
    Case("bare LF behind a field", b"GET / HTTP/1.1\r\nHost: a\n\r\n", 400),
    Case("bare LF at the end", b"GET / HTTP/1.1\r\nHost: a\r\n\n", 400),
    Case("bare CR", get(fields=HOST + b"X: a\rb\r\n"), 400),
    Case("CR CR LF", get(fields=HOST + b"X: a\r\r\n"), 400),
    Case("folded", get(fields=HOST + b"X: a\r\n b\r\n"), 400),
    Case("white space before the first field", get(fields=b" X: a\r\n" + HOST), 400),
    Case("space before the colon", get(fields=b"Host : a\r\n"), 400),
    Case("tab before the colon", get(fields=HOST + b"X\t: a\r\n"), 400),
    Case("no colon", get(fields=HOST + b"abc\r\n"), 400),
    Case("no name", get(fields=HOST + b": abc\r\n"), 400),
    Case("a name that is no token", get(fields=HOST + b"a(b): c\r\n"), 400),
    Case("NUL in a value", get(fields=HOST + b"X: a\0b\r\n"), 400),
    Case("ESC in a value", get(fields=HOST + b"X: \x1b[31m\r\n"), 400),
    # framing: each of these has smuggled a request past somebody
    Case("length and chunked",
         get(fields=HOST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n") + b"0\r\n\r\n",
         400),
    Case("chunked and length",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n") + b"0\r\n\r\n",
         400),
    Case("differing lengths",
         get(fields=HOST + b"Content-Length: 5\r\nContent-Length: 6\r\n") + b"xxxxxx", 400),
    Case("equal lengths twice",
         get(fields=HOST + b"Content-Length: 5\r\nContent-Length: 5\r\n") + b"xxxxx", 400),
    Case("lengths in a list", get(fields=HOST + b"Content-Length: 5, 5\r\n") + b"xxxxx", 400),
    Case("a length with a sign", get(fields=HOST + b"Content-Length: +5\r\n") + b"xxxxx", 400),
    Case("a negative length", get(fields=HOST + b"Content-Length: -5\r\n"), 400),
    Case("an empty length", get(fields=HOST + b"Content-Length:\r\n"), 400),
    Case("a length in hexadecimal", get(fields=HOST + b"Content-Length: 0x5\r\n") + b"xxxxx", 400),
    Case("a length past 64 bits",
         get(fields=HOST + b"Content-Length: 18446744073709551621\r\n") + b"xxxxx", 400),
    Case("a length of a terabyte", get(fields=HOST + b"Content-Length: 1099511627776\r\n",
                                       method=b"POST"), None),
    Case("chunked is not the last", get(fields=HOST + b"Transfer-Encoding: chunked, gzip\r\n"),
         400),
    Case("chunked twice", get(fields=HOST + b"Transfer-Encoding: chunked, chunked\r\n"), 400),
    Case("a coding before chunked",
         get(fields=HOST + b"Transfer-Encoding: gzip, chunked\r\n") + b"0\r\n\r\n", 501),
    Case("identity", get(fields=HOST + b"Transfer-Encoding: identity\r\n"), 400),
    Case("xchunked", get(fields=HOST + b"Transfer-Encoding: xchunked\r\n") + b"0\r\n\r\n", 400),
    Case("chunked in 1.0", get(version=b"HTTP/1.0", fields=b"Transfer-Encoding: chunked\r\n")
         + b"0\r\n\r\n", 400),
    Case("a chunk size that is no number",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"xyz\r\n", 400),
    Case("a chunk size that overflows",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"fffffffffffffffff\r\n", 400),
    Case("chunk data longer than its size",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"1\r\nxx\r\n0\r\n\r\n", 400),
    Case("bare LF behind a chunk size",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"1\nx\r\n0\r\n\r\n", 400),
    Case("a malformed trailer",
         get(fields=HOST + b"Transfer-Encoding: chunked\r\n") + b"0\r\nA b: c\r\n\r\n", 400),
    # limits
    Case("a request line past 16 KiB", get(b"/" + b"x" * 20000), 414),
    Case("a field past 16 KiB", get(fields=HOST + b"X: " + b"x" * 20000 + b"\r\n"), 431),
    Case("more than a hundred fields", get(fields=HOST + b"a: b\r\n" * 101), 431),
    Case("a head past 64 KiB", get(fields=HOST + (b"X: " + b"x" * 15000 + b"\r\n") * 5), 431),
]


class Reader:
    """Takes responses from a socket, by their framing alone."""

    def __init__(self, connection):
        self.connection, self.buffer = connection, b""

    def more(self):
        piece = self.connection.recv(65536)
        self.buffer += piece
        return bool(piece)

    def response(self, is_head):
        while b"\r\n\r\n" not in self.buffer:
            assert self.more(), "closed within a head: %r" % self.buffer
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        status_line, *lines = head.decode("latin-1").split("\r\n")
        version, status, _ = status_line.split(" ", 2)
        assert version == "HTTP/1.1"
        fields = {}
        for line in lines:
            name, colon, value = line.partition(": ")
            assert re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", name) and colon, line
            assert name.lower() not in fields, "%s twice" % name
            fields[name.lower()] = value
        status = int(status)
        return status, fields, self.body(status, fields, is_head)

    def body(self, status, fields, is_head):
        if is_head or status < 200 or status in (204, 304):
            return b""
        assert "transfer-encoding" not in fields, "nothing here is chunked"
        length = int(fields["content-length"])
        while len(self.buffer) < length:
            assert self.more(), "closed within a body"
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return body


@pytest.fixture(scope="module")
def server(skua, tmp_path_factory):
    root = tmp_path_factory.mktemp("root")
    (root / "hello.txt").write_bytes(HELLO)
    (root / "sub").mkdir()
    server = Serving([skua, "serve", "--port", "0", "--threads", "2", str(root)])
    yield server
    assert server.stop() == 0


def send(connection, sent):
    for piece in [sent] if isinstance(sent, bytes) else sent:
        connection.sendall(piece)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_good(server, case):
    with server.connect(10) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        send(connection, case.sent)
        reader = Reader(connection)
        for number, status in enumerate(case.statuses):
            is_head = number == 0 and case.sent[:4] == b"HEAD"
            got, fields, body = reader.response(is_head)
            assert status is None or got == status
            assert "date" in fields
        assert case.body is None or body == case.body
        for name, value in case.fields.items():
            assert value.search(fields[name]) if hasattr(value, "search") else \
                fields[name].lower() == value
        if case.keeps:
            connection.sendall(get())
            assert reader.response(False)[0::2] == (200, HELLO)
        else:
            assert not reader.more()
        assert reader.buffer == b""


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_bad(server, case):
    """Refused with the right status, and nothing that follows is taken for a request."""
    with server.connect(10) as connection:
        # It may refuse and close before it has read everything.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            send(connection, case.sent)
            send(connection, get(b"/smuggled"))
        got, seen = b"", True
        with contextlib.suppress(ConnectionResetError):
            while seen:
                seen = connection.recv(65536)
                got += seen
    statuses = [int(s) for s in re.findall(rb"(?:^|\r\n|>)HTTP/1\.1 (\d{3})", got)]
    assert len(statuses) == 1, got
    assert 400 <= statuses[0] <= 599
    assert case.statuses == (None,) or statuses[0] == case.statuses[0]
    assert b"onnection: close" in got
    assert b"\0" not in got and b"\x1b" not in got


def test_names_are_unique():
    names = [case.name for case in GOOD + BAD]
    assert len(set(names)) == len(names)


def test_the_server_has_outlived_all_that(server, http_get):
    assert http_get(server, "/hello.txt")[0::2] == (200, HELLO)


def test_expect_continue(server):
    """RFC 9110 10.1.1: a final status instead of 100 is fine where the body is not wanted."""
    with server.connect(10) as connection:
        connection.sendall(get(method=b"POST",
                               fields=HOST + b"Expect: 100-continue\r\nContent-Length: 3\r\n"))
        reader = Reader(connection)
        status, _, _ = reader.response(False)
        if status == 100:
            connection.sendall(b"abc")
            status, _, _ = reader.response(False)
        assert status == 405


def test_half_closed(server):
    """A client that has sent its request and closed its side still gets the answer."""
    with server.connect(10) as connection:
        connection.sendall(get())
        connection.shutdown(socket.SHUT_WR)
        reader = Reader(connection)
        assert reader.response(False)[0::2] == (200, HELLO)
        assert not reader.more()
