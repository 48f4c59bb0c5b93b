"""The words in which the tables of cases are written.

A case has a name that begins with the section it is about, the bytes that are sent, the answers
that must come, and the fate of the connection. Text is Latin-1: one character is one byte.
"""

import dataclasses

# What stands between pieces that are sent.
HALF = "half-close the connection"
AWAIT = "go on when one more response is there"

# How the connection ends.
KEEP = "it is kept: one more request is answered on it"
CLOSE = "the server closes it, in order, and has said so"
ANY = "either"

MODIFIED = 1577836800  # of every file that is served
MODIFIED_DATE = "Wed, 01 Jan 2020 00:00:00 GMT"
FILES = {
    "hello.txt": b"hello, world\n",
    "digits.txt": b"0123456789",
    "empty.txt": b"",
    "index.html": b"<!doctype html><title>index</title>",
    "dir/index.html": b"<!doctype html><title>below</title>",
    "sp ace.txt": b"a space",
    "per%cent.txt": b"a percent sign",
    "\u00fcber.txt": b"beyond ASCII",
    "large.bin": bytes(range(256)) * 4096,
}


@dataclasses.dataclass
class Answer:
    statuses: set
    body: bytes = None
    has: dict = dataclasses.field(default_factory=dict)
    lacks: tuple = ()


@dataclasses.dataclass
class Case:
    name: str
    server: str
    pieces: list
    answers: list
    end: str
    to_head: list
    asked_close: bool = False
    interim: tuple = ()
    also: tuple = ()  # statuses that the RFCs permit a server that is not ours


@dataclasses.dataclass
class Probe:
    """A request that ends the connection, and the body of its answer."""
    request: bytes
    body: bytes


PROBES = {
    "files": Probe(b"GET /hello.txt HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n",
                   b"hello, world\n"),
    "handlers": Probe(b"GET /line HTTP/1.1\r\nHost: probe\r\nConnection: close\r\n\r\n",
                      b"GET probe /line"),
}


def answer(status, body=None, lacks=(), **has):
    """An answer; a field's value is a regular expression, its name has _ for -."""
    statuses = set(status) if isinstance(status, (set, tuple)) else {status}
    if isinstance(body, str):
        body = body.encode("latin-1")
    return Answer(statuses, body, {k.replace("_", "-"): v for k, v in has.items()}, lacks)


def request(method="GET", target="/hello.txt", *fields, version="1.1", host="a", body=""):
    """The text of a request; host None leaves out Host."""
    lines = ["%s %s HTTP/%s" % (method, target, version)]
    if host is not None:
        lines.append("Host: " + host)
    return "\r\n".join([*lines, *fields]) + "\r\n\r\n" + body


def get(target="/hello.txt", *fields, **options):
    return request("GET", target, *fields, **options)


def encode(piece):
    return piece.encode("latin-1") if piece not in (HALF, AWAIT) else piece


class Cases:
    """The cases of one section, for one server."""

    def __init__(self, section, server="files"):
        self.section = section
        self.server = server
        self.list = []

    def add(self, name, send, answers, end, **options):
        pieces = [send] if isinstance(send, str) else list(send)
        answers = answers if isinstance(answers, list) else [answers]
        answers = [a if isinstance(a, Answer) else answer(a) for a in answers]
        first = next((p for p in pieces if p not in (HALF, AWAIT)), "")
        to_head = options.pop("to_head", [first.lstrip("\r\n").startswith("HEAD ")])
        section = options.pop("section", self.section)
        self.list.append(Case("%s: %s" % (section, name), self.server, [encode(p) for p in pieces],
                              answers, end, to_head, **options))

    def kept(self, name, send, answers, **options):
        """The connection goes on."""
        self.add(name, send, answers, KEEP, **options)

    def closed(self, name, send, answers, **options):
        """The server closes."""
        self.add(name, send, answers, CLOSE, **options)

    def bad(self, name, send, statuses=400, **options):
        """It is refused, once, and nothing behind it is answered."""
        self.add(name, send, statuses, CLOSE, **options)
