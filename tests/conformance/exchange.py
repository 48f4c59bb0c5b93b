"""One case against a server: its bytes sent, and what came back held against what must hold.

Whatever a case is about, every response is read strictly and must keep to what holds for all of
them: see faults_of.
"""

import re
import socket
import time

from tables import AWAIT, CLOSE, HALF, KEEP, PROBES

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9][0-9]) [\t -~\x80-\xff]*")
FIELD_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t -~\x80-\xff]*?)[ \t]*")
IMF_DATE = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|"
                      r"Oct|Nov|Dec) \d{4} \d\d:\d\d:\d\d GMT")


class Malformed(Exception):
    """The server has sent what is no HTTP/1.1 response."""


class Response:
    """`fields` is a list of pairs; a body of chunks stands here without them."""

    def __init__(self, status, fields):
        self.status = status
        self.fields = fields
        self.body = b""

    def all(self, name):
        return [v for k, v in self.fields if k.lower() == name.lower()]

    def __getitem__(self, name):
        values = self.all(name)
        return ", ".join(values) if values else None


# ---- reading ----

def parse_fields(lines):
    fields = []
    for line in lines:
        match = FIELD_LINE.fullmatch(line)
        if not match:
            raise Malformed("the field line %r" % line)
        fields.append(tuple(part.decode("latin-1") for part in match.groups()))
    return fields


def parse_head(block):
    first, *lines = block.split(b"\r\n")
    match = STATUS_LINE.fullmatch(first)
    if not match:
        raise Malformed("the status line %r" % first)
    return Response(int(match.group(1)), parse_fields(lines))


def parse_chunks(data):
    """The decoded body and where it ends; None while it is incomplete."""
    body, at = b"", 0
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size = int(data[at:end].split(b";")[0], 16)
        at = end + 2
        if size == 0:
            break
        if len(data) < at + size + 2:
            return None
        if data[at + size:at + size + 2] != b"\r\n":
            raise Malformed("no CRLF behind a chunk")
        body += data[at:at + size]
        at += size + 2
    while True:  # the trailer section
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        if end == at:
            return body, at + 2
        parse_fields([data[at:end]])
        at = end + 2


def parse_response(data, to_head, eof):
    """A response and how long it is; None while it is incomplete."""
    if not b"HTTP/1.1 ".startswith(data[:9]):
        raise Malformed("what is no response: %r" % data[:60])
    end = data.find(b"\r\n\r\n")
    if end < 0:
        return None
    response = parse_head(data[:end])
    rest = data[end + 4:]
    if to_head or response.status < 200 or response.status in (204, 304):
        return response, end + 4
    if response["Transfer-Encoding"]:
        parsed = parse_chunks(rest)
        if not parsed:
            return None
        response.body, used = parsed
        return response, end + 4 + used
    if response["Content-Length"] is None:
        response.body = rest
        return (response, len(data)) if eof else None
    length = int(response["Content-Length"])
    response.body = rest[:length]
    return (response, end + 4 + length) if len(rest) >= length else None


# ---- what holds for every response ----

def faults_of(response):
    """What is wrong with a response, whatever it is an answer to."""
    status, faults = response.status, []
    lengths = response.all("Content-Length")
    if len(lengths) > 1 or (lengths and not lengths[0].isdigit()):
        faults.append("RFC 9112 6.3: Content-Length %r" % lengths)
    if lengths and response["Transfer-Encoding"]:
        faults.append("RFC 9112 6.2: Content-Length with Transfer-Encoding")
    if (status < 200 or status == 204) and (lengths or response["Transfer-Encoding"]):
        faults.append("RFC 9110 8.6, RFC 9112 6.1: framing fields in %d" % status)
    if status >= 200 and not IMF_DATE.fullmatch(response["Date"] or ""):
        faults.append("RFC 9110 6.6.1: Date %r" % response["Date"])
    if status == 405 and response["Allow"] is None:
        faults.append("RFC 9110 15.5.6: 405 without Allow")
    if status == 205 and response.body:
        faults.append("RFC 9110 15.3.6: 205 with content")
    if status == 416 and not re.fullmatch(r"bytes \*/\d+", response["Content-Range"] or ""):
        faults.append("RFC 9110 14.4: 416 with Content-Range %r" % response["Content-Range"])
    parts = (response["Content-Type"] or "").startswith("multipart/byteranges")
    if status == 206 and parts == bool(response["Content-Range"]):
        faults.append("RFC 9110 15.3.7: 206 with Content-Range %r" % response["Content-Range"])
    return faults


# ---- one connection ----

class Dialogue:
    """A connection, and the responses on it so far."""

    def __init__(self, address, seconds):
        self.socket = socket.create_connection(address, seconds)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""
        self.eof = self.reset = False
        self.begun = time.monotonic()
        self.sent = self.begun  # when the last piece was
        self.interim, self.final = [], []
        self.to_head = []  # for each request in turn: is it HEAD?

    def send(self, data, bytewise):
        pieces = [data]
        if bytewise:
            pieces = [data[i:i + 1] for i in range(len(data))]
        try:
            for piece in pieces:
                self.socket.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            self.reset = True
        self.sent = time.monotonic()

    def half_close(self):
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            self.reset = True

    def parse(self):
        while self.data:
            number = len(self.final)
            to_head = number < len(self.to_head) and self.to_head[number]
            parsed = parse_response(self.data, to_head, self.eof)
            if not parsed:
                return
            response, used = parsed
            self.data = self.data[used:]
            (self.interim if response.status < 200 else self.final).append(response)

    def receive_until(self, enough):
        self.parse()
        while not self.eof and not enough(self):
            try:
                piece = self.socket.recv(65536)
            except ConnectionResetError:
                self.reset = self.eof = True
                return
            self.eof = not piece
            self.data += piece
            self.parse()


def fill_in(piece, etag):
    """Put the entity tag where a case asks for it."""
    return (piece.replace(b"@ETAG@", etag).replace(b"@STRONG@", etag.removeprefix(b"W/"))
            .replace(b"@BARE@", etag.removeprefix(b"W/").strip(b'"')))


def play(case, dialogue, etag, bytewise):
    """Send the case's pieces, and receive as far as it says."""
    dialogue.to_head = list(case.to_head)
    heard = 0
    for piece in case.pieces:
        if piece is AWAIT:
            heard += 1
            dialogue.receive_until(lambda d: len(d.interim) + len(d.final) >= heard)
        elif piece is HALF:
            dialogue.half_close()
        else:
            dialogue.send(fill_in(piece, etag), bytewise)
    dialogue.receive_until(lambda d: len(d.final) >= len(case.answers))


# ---- judging ----

def judge_answer(wanted, got):
    faults = []
    if got.status not in wanted.statuses:
        faults.append("status %d, not %s" % (got.status, sorted(wanted.statuses)))
        return faults
    if wanted.body is not None and got.body != wanted.body:
        faults.append("body %r, not %r" % (got.body[:80], wanted.body[:80]))
    for name, pattern in wanted.has.items():
        if not re.fullmatch(pattern, got[name] or "", re.S):
            faults.append("%s: %r, not %r" % (name, got[name], pattern))
    for name in wanted.lacks:
        if got[name] is not None:
            faults.append("%s: %r, which must not be there" % (name, got[name]))
    return faults


def judge_end(case, dialogue, probe):
    """Is the connection as it must be, with nothing behind the last response?"""
    if case.end is KEEP:
        dialogue.to_head = []
        dialogue.send(probe.request, False)
        dialogue.receive_until(lambda d: d.eof)
        after = dialogue.final[len(case.answers):]
        if len(after) != 1 or (after[0].status, after[0].body) != (200, probe.body):
            return ["the connection was not kept: %r" % [(r.status, r.body) for r in after]]
        return []
    if case.end is CLOSE:
        dialogue.receive_until(lambda d: d.eof)
        last = dialogue.final[-1] if dialogue.final else None
        options = [o.strip().lower() for o in ((last and last["Connection"]) or "").split(",")]
        if last and not case.asked_close and "close" not in options:
            return ["RFC 9112 9.6: closed, and did not say so"]
    return []


def judge(case, dialogue, probe):
    faults = judge_end(case, dialogue, probe)
    answers = dialogue.final[:len(case.answers)] if case.end is KEEP else dialogue.final
    none = len(case.answers) == 1 and 0 in case.answers[0].statuses and not answers
    if not none and len(answers) != len(case.answers):
        return faults + ["%d responses, not %d: %r" % (len(answers), len(case.answers),
                                                       [r.status for r in answers])]
    for wanted, got in zip(case.answers, answers):
        faults += judge_answer(wanted, got)
    if [r.status for r in dialogue.interim] != list(case.interim):
        faults.append("interim responses %r" % [r.status for r in dialogue.interim])
    for response in dialogue.interim + dialogue.final:
        faults += faults_of(response)
    if dialogue.data:
        faults.append("bytes behind the last response: %r" % dialogue.data[:80])
    if dialogue.reset:
        faults.append("the connection was reset")
    return faults


def judge_peer(case, dialogue, probe):
    """As judge, where the RFCs leave more than one way open."""
    if dialogue.final and dialogue.final[0].status in case.also:
        return [f for r in dialogue.final for f in faults_of(r)]
    if not dialogue.final and 0 in case.also:
        return []
    return judge(case, dialogue, probe)


def entity_tag(address):
    """That of /hello.txt."""
    dialogue = Dialogue(address, 20)
    dialogue.send(b"GET /hello.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", False)
    dialogue.receive_until(lambda d: d.eof)
    dialogue.socket.close()
    return (dialogue.final[0]["ETag"] or '"none"').encode("latin-1")


def run_once(case, address, etag, seconds, bytewise, peer):
    """The faults of one case, and how many seconds it took to send."""
    dialogue = Dialogue(address, seconds)
    try:
        play(case, dialogue, etag, bytewise)
        faults = (judge_peer if peer else judge)(case, dialogue, PROBES[case.server])
    except Malformed as error:
        faults = ["it sent %s" % error]
    except socket.timeout:
        faults = ["nothing more came within %d s, after %r and %r" %
                  (seconds, [r.status for r in dialogue.final], dialogue.data[:40])]
    finally:
        dialogue.socket.close()
    return faults, dialogue.sent - dialogue.begun


SLOW = 1.0  # seconds: a server that refuses a request reads what follows for twice as long
TRIES = 3


def run(case, address, etag, seconds=20, bytewise=False, peer=False):
    """The faults of one case: an empty list when it passed. A case that took us too long to send,
    since the machine has other things to do, is sent again."""
    for _ in range(TRIES):
        faults, took = run_once(case, address, etag, seconds, bytewise, peer)
        if not faults or took < SLOW:
            break
    return faults
