"""What `skua get --json` makes of responses, well-formed and not (RFC 9112)."""

import hashlib

import pytest

from scripted import HOLD, RESET

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def length(n):
    return b"Content-Length: %d\r\n" % n


def sized(body, head=OK):
    return head + length(len(body)) + b"\r\n" + body


class Good:
    """A response that is understood, and what of it is told."""

    def __init__(self, name, answer, body=b"", *arguments, status=200, reason="OK",
                 version="HTTP/1.1", **told):
        self.name, self.answer, self.body, self.arguments = name, answer, body, arguments
        self.told = dict(status=status, reason=reason, version=version, **told)


class Bad:
    """A response that is refused: the error's name and the exit status. body None: refused before
    there was a head; else what came before the error."""

    def __init__(self, name, answer, error, exit_status, *arguments, body=None):
        self.name, self.answer, self.arguments, self.body = name, answer, arguments, body
        self.error, self.exit_status = error, exit_status


GOOD = [
    Good("sized", sized(b"hello"), b"hello"),
    Good("sized, kept open", [sized(b"hello"), HOLD], b"hello"),
    Good("empty", sized(b"")),
    Good("in single bytes", [bytes([c]) for c in sized(b"hello")], b"hello"),
    Good("until close", OK + b"\r\nhello", b"hello"),
    Good("until close, nothing", OK + b"\r\n"),
    Good("1.0 until close", b"HTTP/1.0 200 OK\r\n\r\nhello", b"hello", version="HTTP/1.0"),
    Good("1.0 with length", sized(b"hello", b"HTTP/1.0 200 OK\r\n"), b"hello", version="HTTP/1.0"),
    Good("1.0 with keep-alive and no length",
         b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello", b"hello", version="HTTP/1.0"),
    Good("higher minor version", sized(b"x", b"HTTP/1.9 200 OK\r\n"), b"x"),
    Good("no reason", sized(b"x", b"HTTP/1.1 200 \r\n"), b"x", reason=""),
    Good("reason of several words", sized(b"x", b"HTTP/1.1 200 All is well\t!\r\n"), b"x",
         reason="All is well\t!"),
    Good("reason beyond ASCII", sized(b"x", b"HTTP/1.1 200 \xe9t\xe9\r\n"), b"x",
         reason="\u00e9t\u00e9"),
    Good("unregistered status", sized(b"x", b"HTTP/1.1 299 Odd\r\n"), b"x", status=299,
         reason="Odd"),
    Good("status 999", sized(b"x", b"HTTP/1.1 999 Odd\r\n"), b"x", status=999, reason="Odd"),
    Good("404", sized(b"no", b"HTTP/1.1 404 Not Found\r\n"), b"no", status=404,
         reason="Not Found"),
    Good("redirect is not followed",
         OK.replace(b"200 OK", b"302 Found") + b"Location: /x\r\n" + length(0) + b"\r\n",
         status=302, reason="Found"),
    Good("204 is empty", [b"HTTP/1.1 204 No Content\r\n\r\n", HOLD], status=204,
         reason="No Content"),
    Good("204 with a length is empty", [b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\n",
                                        HOLD], status=204, reason="No Content"),
    Good("304 is empty", [b"HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n", HOLD],
         status=304, reason="Not Modified"),
    Good("HEAD", [OK + length(5) + b"\r\n", HOLD], b"", "-I"),
    Good("HEAD, chunked", [CHUNKED, HOLD], b"", "-I"),
    Good("HEAD without length", [OK + b"\r\n", HOLD], b"", "-I"),
    Good("repeated equal lengths", OK + length(5) + length(5) + b"\r\nhello", b"hello"),
    Good("leading zeros in a length", OK + b"Content-Length: 0005\r\n\r\nhello", b"hello"),
    Good("bytes behind the body", sized(b"hello") + b"HTTP/1.1 500 No\r\n\r\n", b"hello"),
    # fields
    Good("fields in order, repeated, as spelled",
         OK + b"b: 1\r\nA: 2\r\nB: 3\r\nConTent-length: 0\r\n\r\n",
         fields=[["b", "1"], ["A", "2"], ["B", "3"], ["ConTent-length", "0"]]),
    Good("white space around values",
         OK + b"a:1\r\nb: \t 2 3 \t\r\nc:\r\nd:   \r\nContent-Length: 0\r\n\r\n",
         fields=[["a", "1"], ["b", "2 3"], ["c", ""], ["d", ""], ["Content-Length", "0"]]),
    Good("values beyond ASCII", OK + b"a: \xc3\xa9 \xff\r\nContent-Length: 0\r\n\r\n",
         fields=[["a", "\u00c3\u00a9 \u00ff"], ["Content-Length", "0"]]),
    Good("quotes and backslashes", OK + b'a: "b\\c"\r\nContent-Length: 0\r\n\r\n',
         fields=[["a", '"b\\c"'], ["Content-Length", "0"]]),
    Good("every byte that a name may hold",
         OK + b"!#$%&'*+-.^_`|~09azAZ: x\r\nContent-Length: 0\r\n\r\n",
         fields=[["!#$%&'*+-.^_`|~09azAZ", "x"], ["Content-Length", "0"]]),
    Good("a hundred fields", OK + b"a: b\r\n" * 99 + length(0) + b"\r\n"),
    Good("a long field", OK + b"a: " + b"x" * 60000 + b"\r\nContent-Length: 0\r\n\r\n",
         fields=[["a", "x" * 60000], ["Content-Length", "0"]]),
    Good("two Set-Cookies stay two",
         OK + b"Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n",
         fields=[["Set-Cookie", "a=1"], ["Set-Cookie", "b=2"], ["Content-Length", "0"]]),
    Good("folded fields (RFC 9112 5.2)",
         OK + b"A: b\r\n c\r\nD:\r\n\te\r\n \r\nContent-Length: 0\r\n\r\n",
         fields=[["A", "b   c"], ["D", "e"], ["Content-Length", "0"]]),
    Good("a folded trailer", CHUNKED + b"1\r\nx\r\n0\r\nA: b\r\n c\r\n\r\n", b"x",
         trailers=[["A", "b   c"]]),
    # interim responses
    Good("100 first", b"HTTP/1.1 100 Continue\r\n\r\n" + sized(b"x"), b"x",
         informational=[{"status": 100, "fields": []}]),
    Good("102, 103 and an unknown one first",
         b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nLink: </b>\r\n"
         b"\r\nHTTP/1.1 199 \r\nX: \xff\r\n\r\n" + sized(b"x"), b"x",
         informational=[{"status": 102, "fields": []},
                        {"status": 103, "fields": [["Link", "</a>"], ["Link", "</b>"]]},
                        {"status": 199, "fields": [["X", "\u00ff"]]}]),
    Good("interim and final in pieces",
         [b"HTTP/1.1 100 ", b"Continue\r\n", b"\r\nHTTP/1.1 200 OK\r", b"\n", sized(b"x")[17:]],
         b"x", informational=[{"status": 100, "fields": []}]),
    # chunks
    Good("chunked", CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", b"hello"),
    Good("chunked, kept open", [CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", HOLD], b"hello"),
    Good("chunked, nothing", CHUNKED + b"0\r\n\r\n"),
    Good("chunked in single bytes",
         [CHUNKED] + [bytes([c]) for c in b"3\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n"], b"hello",
         trailers=[["A", "b"]]),
    Good("Chunked, with capitals", OK + b"TRANSFER-encoding: Chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
         b"x"),
    Good("hexadecimal in both cases", CHUNKED + b"A\r\n0123456789\r\nb\r\n0123456789a\r\n0\r\n\r\n",
         b"01234567890123456789a"),
    Good("chunk sizes with leading zeros", CHUNKED + b"0005\r\nhello\r\n000\r\n\r\n", b"hello"),
    Good("chunk extensions", CHUNKED + b'5;a;b=c;d="e f;\\""\r\nhello\r\n0;x=y\r\n\r\n', b"hello"),
    Good("trailers", CHUNKED + b"1\r\nx\r\n0\r\nA: b\r\na: \xff\r\nEmpty:\r\n\r\n", b"x",
         trailers=[["A", "b"], ["a", "\u00ff"], ["Empty", ""]]),
    Good("a large chunk", CHUNKED + b"30d40\r\n" + b"y" * 200000 + b"\r\n0\r\n\r\n", b"y" * 200000),
    Good("many small chunks", CHUNKED + b"1\r\nz\r\n" * 20000 + b"0\r\n\r\n", b"z" * 20000),
    Good("bytes behind the last chunk", CHUNKED + b"0\r\n\r\nrest"),
    Good("a body of every byte", sized(bytes(range(256)) * 40), bytes(range(256)) * 40),
]

BAD = [
    Bad("nothing", b"", "RemoteDisconnected", 52),
    Bad("reset", [RESET], "ConnectionResetError", 56),
    Bad("nothing behind an interim response", b"HTTP/1.1 100 Continue\r\n\r\n",
        "RemoteDisconnected", 52),
    # status lines
    Bad("cut within the status line", b"HTTP/1.1 200", "BadStatusLine", 8),
    Bad("no HTTP at all", b"hello\r\n\r\n", "BadStatusLine", 8),
    Bad("SSH", b"SSH-2.0-OpenSSH_9.2\r\n", "BadStatusLine", 8),
    Bad("SMTP", b"220 mail.example ESMTP\r\n", "BadStatusLine", 8),
    Bad("HTTP/0.9", b"<html>", "BadStatusLine", 8),
    Bad("Shoutcast", sized(b"", b"ICY 200 OK\r\n"), "BadStatusLine", 8),
    Bad("an empty line first", b"\r\n" + sized(b"x"), "BadStatusLine", 8),
    Bad("two digits", sized(b"", b"HTTP/1.1 20 OK\r\n"), "BadStatusLine", 8),
    Bad("four digits", sized(b"", b"HTTP/1.1 2000 OK\r\n"), "BadStatusLine", 8),
    Bad("letters for a status", sized(b"", b"HTTP/1.1 abc OK\r\n"), "BadStatusLine", 8),
    Bad("status below 100", sized(b"", b"HTTP/1.1 099 OK\r\n"), "BadStatusLine", 8),
    Bad("two spaces", sized(b"", b"HTTP/1.1  200 OK\r\n"), "BadStatusLine", 8),
    Bad("lower case version", sized(b"", b"http/1.1 200 OK\r\n"), "BadStatusLine", 8),
    Bad("version without a digit", sized(b"", b"HTTP/1.x 200 OK\r\n"), "BadStatusLine", 8),
    Bad("version with two digits", sized(b"", b"HTTP/1.10 200 OK\r\n"), "BadStatusLine", 8),
    Bad("a space first", b" " + sized(b""), "BadStatusLine", 8),
    Bad("control character in the reason", sized(b"", b"HTTP/1.1 200 O\x1b[31mK\r\n"),
        "BadStatusLine", 8),
    Bad("version 2.0", sized(b"", b"HTTP/2.0 200 OK\r\n"), "UnknownProtocol", 8),
    Bad("version 0.9", sized(b"", b"HTTP/0.9 200 OK\r\n"), "UnknownProtocol", 8),
    # line ends and fields
    Bad("bare LF throughout", sized(b"x").replace(b"\r\n", b"\n"), "HTTPException", 8),
    Bad("bare LF behind the status line", b"HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "HTTPException", 8),
    Bad("bare LF behind a field", OK + b"Content-Length: 0\n\r\n", "HTTPException", 8),
    Bad("bare LF at the end of the head", OK + length(0) + b"\n", "HTTPException", 8),
    Bad("bare CR in a value", OK + b"A: b\rc\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("CR CR LF", OK + b"A: b\r\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("folded ahead of the fields", OK + b" A: b\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("a folded length", OK + b"Content-Length: 1\r\n 0\r\n\r\n", "HTTPException", 8),
    Bad("a folded coding", OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
        "HTTPException", 8),
    Bad("white space before the first field", OK + b" A: b\r\n" + length(0) + b"\r\n",
        "HTTPException", 8),
    Bad("space before the colon", OK + b"Content-Length : 0\r\n\r\n", "HTTPException", 8),
    Bad("no colon", OK + b"abc\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("no name", OK + b": abc\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("a name that is no token", OK + b"a(b): c\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("a name beyond ASCII", OK + b"\xc3\xa9: c\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("NUL in a value", OK + b"A: b\0c\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("BEL in a value", OK + b"A: b\7c\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("DEL in a value", OK + b"A: b\x7fc\r\n" + length(0) + b"\r\n", "HTTPException", 8),
    Bad("cut within the fields", OK + b"A: b\r\nC", "IncompleteRead", 18),
    Bad("cut before the empty line", OK + b"A: b\r\n", "IncompleteRead", 18),
    Bad("malformed interim response", b"HTTP/1.1 100 Continue\nX: y\r\n\r\n" + sized(b"x"),
        "HTTPException", 8),
    # framing
    Bad("length and chunked", OK + length(5) + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTPException", 8),
    Bad("chunked and length", OK + b"Transfer-Encoding: chunked\r\n" + length(5) + b"\r\n0\r\n\r\n",
        "HTTPException", 8),
    Bad("differing lengths", OK + length(5) + length(6) + b"\r\nhello!", "HTTPException", 8),
    Bad("differing lengths in one field", OK + b"Content-Length: 5, 6\r\n\r\nhello!",
        "HTTPException", 8),
    Bad("empty length", OK + b"Content-Length:\r\n\r\nx", "HTTPException", 8),
    Bad("negative length", OK + b"Content-Length: -5\r\n\r\nhello", "HTTPException", 8),
    Bad("length with a sign", OK + b"Content-Length: +5\r\n\r\nhello", "HTTPException", 8),
    Bad("length in hexadecimal", OK + b"Content-Length: 0x5\r\n\r\nhello", "HTTPException", 8),
    Bad("length with a fraction", OK + b"Content-Length: 5.0\r\n\r\nhello", "HTTPException", 8),
    Bad("length in words", OK + b"Content-Length: five\r\n\r\nhello", "HTTPException", 8),
    Bad("length with a space in it", OK + b"Content-Length: 1 0\r\n\r\n0123456789",
        "HTTPException", 8),
    Bad("length past 63 bits", OK + b"Content-Length: 9223372036854775808\r\n\r\n",
        "HTTPException", 8),
    Bad("length past 64 bits", OK + b"Content-Length: 18446744073709551621\r\n\r\nhello",
        "HTTPException", 8),
    Bad("gzip as a transfer coding", OK + b"Transfer-Encoding: gzip\r\n\r\nx",
        "UnknownTransferEncoding", 8),
    Bad("gzip and chunked", OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "UnknownTransferEncoding", 8),
    Bad("chunked and gzip", OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "UnknownTransferEncoding", 8),
    Bad("identity as a transfer coding", OK + b"Transfer-Encoding: identity\r\n\r\nx",
        "UnknownTransferEncoding", 8),
    Bad("chunked twice", OK + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "HTTPException", 8),
    Bad("chunked in two fields",
        OK + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTPException", 8),
    Bad("xchunked", OK + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "UnknownTransferEncoding", 8),
    # bodies
    Bad("body cut short", OK + length(10) + b"\r\nhello", "IncompleteRead", 18, body=b"hello"),
    Bad("body that never begins", OK + length(10) + b"\r\n", "IncompleteRead", 18, body=b""),
    Bad("reset within the body", [OK + length(10) + b"\r\nhello", RESET], "ConnectionResetError",
        56, body=None),
    Bad("no last chunk", CHUNKED + b"5\r\nhello\r\n", "IncompleteRead", 18, body=b"hello"),
    Bad("cut within a chunk", CHUNKED + b"5\r\nhel", "IncompleteRead", 18, body=b"hel"),
    Bad("cut within a chunk size", CHUNKED + b"5\r\nhello\r\n1", "IncompleteRead", 18,
        body=b"hello"),
    Bad("cut within the end", CHUNKED + b"5\r\nhello\r\n0\r\n", "IncompleteRead", 18,
        body=b"hello"),
    Bad("cut within the trailers", CHUNKED + b"5\r\nhello\r\n0\r\nA: b\r\n", "IncompleteRead", 18,
        body=b"hello"),
    Bad("no chunk size", CHUNKED + b"\r\nhello\r\n0\r\n\r\n", "IncompleteRead", 8, body=b""),
    Bad("chunk size that is no number", CHUNKED + b"xyz\r\n", "IncompleteRead", 8, body=b""),
    Bad("chunk size with 0x", CHUNKED + b"0x5\r\nhello\r\n0\r\n\r\n", "IncompleteRead", 8,
        body=b""),
    Bad("chunk size with a sign", CHUNKED + b"+5\r\nhello\r\n0\r\n\r\n", "IncompleteRead", 8,
        body=b""),
    Bad("negative chunk size", CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n", "IncompleteRead", 8,
        body=b""),
    Bad("chunk size that overflows", CHUNKED + b"fffffffffffffffff\r\nx", "IncompleteRead", 8,
        body=b""),
    Bad("chunk size past 63 bits", CHUNKED + b"8000000000000000\r\nx", "IncompleteRead", 8,
        body=b""),
    Bad("white space before a chunk size", CHUNKED + b" 5\r\nhello\r\n0\r\n\r\n",
        "IncompleteRead", 8, body=b""),
    Bad("bare LF behind a chunk size", CHUNKED + b"5\nhello\r\n0\r\n\r\n", "IncompleteRead", 8,
        body=b""),
    Bad("chunk data longer than its size", CHUNKED + b"4\r\nhello\r\n0\r\n\r\n", "IncompleteRead",
        8, body=b"hell"),
    Bad("chunk data without CRLF", CHUNKED + b"5\r\nhello0\r\n\r\n", "IncompleteRead", 8,
        body=b"hello"),
    Bad("bare LF behind chunk data", CHUNKED + b"5\r\nhello\n0\r\n\r\n", "IncompleteRead", 8,
        body=b"hello"),
    Bad("bare LF in a chunk extension", CHUNKED + b"5;a\nhello\r\n0\r\n\r\n", "IncompleteRead", 8,
        body=b""),
    Bad("control character in a chunk extension", CHUNKED + b"5;a=\0\r\nhello\r\n0\r\n\r\n",
        "IncompleteRead", 8, body=b""),
    Bad("endless chunk extension", CHUNKED + b"5;a=" + b"x" * 200000 + b"\r\nhello\r\n0\r\n\r\n",
        "IncompleteRead", 8, body=b""),
    Bad("malformed trailer", CHUNKED + b"1\r\nx\r\n0\r\nA b: c\r\n\r\n", "HTTPException", 8,
        body=b"x"),
    Bad("bare LF in the trailers", CHUNKED + b"1\r\nx\r\n0\r\nA: b\n\r\n", "HTTPException", 8,
        body=b"x"),
    # limits
    Bad("an endless status line", b"HTTP/1.1 200 " + b"x" * 70000 + b"\r\n\r\n", "LineTooLong", 63),
    Bad("an endless field", OK + b"A: " + b"x" * 70000 + b"\r\n\r\n", "LineTooLong", 63),
    Bad("an endless name", OK + b"x" * 70000, "LineTooLong", 63),
    Bad("more than a hundred fields", OK + b"a: b\r\n" * 101 + b"\r\n", "HTTPException", 63),
    Bad("a head past 256 KiB", OK + (b"a: " + b"x" * 60000 + b"\r\n") * 5 + b"\r\n",
        "HTTPException", 63),
    Bad("more than a hundred trailers", CHUNKED + b"0\r\n" + b"a: b\r\n" * 101 + b"\r\n",
        "HTTPException", 63, body=b""),
]


def test_names_are_unique():
    names = [case.name for case in GOOD + BAD]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("case", GOOD, ids=lambda case: case.name)
def test_good(get_json, peer, case):
    server = peer(case.answer)
    got, told = get_json(*case.arguments, server.url)
    assert got.status == 0, told["error"]
    assert told["url"] == server.url
    assert told["body_bytes"] == len(case.body)
    assert told["body_sha256"] == hashlib.sha256(case.body).hexdigest()
    expected = {"informational": [], "trailers": [], **case.told}
    assert {key: told[key] for key in expected} == expected


@pytest.mark.parametrize("case", BAD, ids=lambda case: case.name)
def test_bad(get_json, peer, case):
    server = peer(case.answer)
    got, told = get_json(*case.arguments, server.url)
    assert told["error"]["name"] == case.error, told["error"]
    assert got.status == case.exit_status
    if case.body is None and told["status"] is None:
        assert [told[key] for key in ("reason", "version")] == [None, None]
        assert [told[key] for key in ("fields", "informational", "trailers")] == [[], [], []]
        assert told["body_bytes"] == 0
        assert told["body_sha256"] == hashlib.sha256(b"").hexdigest()
    elif case.body is not None:
        assert told["status"] == 200
        assert told["body_bytes"] == len(case.body)
        assert told["body_sha256"] == hashlib.sha256(case.body).hexdigest()


def test_what_was_received_before_an_error_is_written(get, peer):
    got = get(peer(OK + length(10) + b"\r\nhello").url)
    assert (got.status, got.out) == (18, b"hello")
    assert "5" in got.err and "10" in got.err


def test_101_without_being_asked(get_json, peer):
    """A peer that upgrades what did not ask for it (RFC 9110 7.8) does not make the client hang."""
    answer = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\nraw"
    got, told = get_json("--max-time", "5", peer(answer).url)
    assert got.status in (0, 8)
    assert told["status"] in (101, None)
