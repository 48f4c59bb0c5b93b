"""Peers that are slow, in every way there is: each is cut in its time, and nobody else notices."""

import contextlib
import socket
import ssl
import time

import pytest

from conftest import GET, HELLO, SANITIZED, WAIT, rest_of

POST = b"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"
CHUNKED = b"POST /body HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
STREAMED = CHUNKED.replace(b"/body", b"/count")
PEERS = 20
EVERY = 0.05
TIME = 1.0  # of a head, a handshake, and a body that does not come
OTHERS = 8.0  # sooner than that: the server's own times, which these are not, are longer
QUICKLY = dict(header_ms=1000, tls_ms=1000, body_ms=1000, write_ms=1000, rate=240,
               rate_grace_ms=1000)


FORMS = {
    "a head by bytes": (b"", [b"G", b"E", b"T", b" ", b"/"] + [b"a"] * 1000),
    "a head by fields": (GET[:-2], [b"A: b\r\n"]),
    "a body by bytes": (POST, [b"x"]),
    "chunks by bytes": (CHUNKED, [b"1", b"\r", b"\n", b"x", b"\r", b"\n"]),
    "trailers by bytes": (CHUNKED + b"0\r\n", [b"A", b":", b"b", b"\r", b"\n"]),
    "a streamed body by bytes": (STREAMED, [b"1", b"\r", b"\n", b"x", b"\r", b"\n"]),
}


class Slow:
    """A peer that sends the opening, and then piece after piece until it is ended."""

    def __init__(self, server, form, opening, pieces):
        self.begun = time.monotonic()
        self.connection = server.connect()
        self.form, self.pieces, self.sent = form, pieces, 0
        self.connection.sendall(opening)
        self.connection.settimeout(0)

    def send(self):
        """False: it has been ended."""
        with contextlib.suppress(BlockingIOError):
            try:
                self.connection.send(self.pieces[self.sent % len(self.pieces)])
            except OSError:
                self.connection.close()
                return False
        self.sent += 1
        return True


def trickle(peers):
    """Have all of them send until each has been ended: after how many seconds, by their form."""
    begun, seconds = time.monotonic(), {}
    while peers and time.monotonic() - begun < WAIT:
        time.sleep(EVERY)  # this is what it is about
        gone = [peer for peer in peers if not peer.send()]
        peers = [peer for peer in peers if peer not in gone]
        seconds.update((peer.form, time.monotonic() - peer.begun) for peer in gone)
    assert not peers, {peer.form for peer in peers}
    return seconds


def test_b01_slow_senders(victim, undisturbed):
    server = victim(workers=1, pool_threads=PEERS, **QUICKLY)
    with undisturbed(server):
        seconds = trickle([Slow(server, form, *what) for form, what in FORMS.items()
                           for _ in range(PEERS)])
    assert set(seconds) == set(FORMS)
    assert 0.8 * TIME < min(seconds.values()) and max(seconds.values()) < OTHERS, seconds


def test_b14_slow_handshakes(victim, undisturbed, ca):
    server = victim("https://127.0.0.1:0", workers=1, cert=ca.good.cert, key=ca.good.key,
                    **QUICKLY)
    theirs, ours = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context(cafile=ca.cert)
    hello = context.wrap_bio(theirs, ours, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        hello.do_handshake()
    pieces = [bytes([byte]) for byte in ours.read()]
    with undisturbed(server, ca=ca.cert):
        seconds = trickle([Slow(server, "hello", b"", pieces) for _ in range(PEERS)])
    assert 0.8 * TIME < seconds["hello"] < OTHERS


# ---- who reads nothing ----

MUCH = 8 << 20


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    (folder / "much.bin").write_bytes(bytes(MUCH))
    return folder


READS = {
    "a small reply, again and again": b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 200000,
    "a large reply": b"GET /big/%d HTTP/1.1\r\nHost: h\r\n\r\n" % (MUCH >> 10),
    "a reply that is made": b"GET /stream/%d HTTP/1.1\r\nHost: h\r\n\r\n" % (MUCH >> 10),
    "a file": b"GET /files/much.bin HTTP/1.1\r\nHost: h\r\n\r\n",
}


def ask_and_fall_silent(connection, asked):
    """Send as much of it as the server takes at once: what is left of it."""
    connection.settimeout(0)
    left = memoryview(asked)
    with contextlib.suppress(OSError):
        while left:
            left = left[connection.send(left[:65536]):]
    return left


def wait_until_cut(connections, asked, seconds=WAIT):
    """Without reading: until the server, which is asked for more whenever it takes that, has closed
    each of them."""
    begun = time.monotonic()
    left = list(zip(connections, asked))
    while left and time.monotonic() - begun < seconds:
        time.sleep(EVERY)
        left = [(c, ask_and_fall_silent(c, rest)) for c, rest in left if not is_cut(c)]
    assert not left


TCP_CLOSE_WAIT, TCP_CLOSE, TCP_ESTABLISHED = 8, 7, 1


def is_cut(connection):
    """Has the peer closed it? What it had sent before may not have been read."""
    return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] != TCP_ESTABLISHED


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_b01_who_reads_nothing_is_cut(victim, undisturbed, files, ca, tls):
    secure = dict(cert=ca.good.cert, key=ca.good.key) if tls else {}
    context = ssl.create_default_context(cafile=ca.cert)
    server = victim("%s://127.0.0.1:0" % ("https" if tls else "http"), workers=1, files=files,
                    **QUICKLY, **secure)
    with undisturbed(server, ca=tls and ca.cert):
        before = server.memory
        connections = [server.connect() for _ in range(3 * len(READS))]
        if tls:
            connections = [context.wrap_socket(c, server_hostname="localhost")
                           for c in connections]
        asked = [ask_and_fall_silent(connection, READS[what])
                 for connection, what in zip(connections, 3 * list(READS))]
        time.sleep(TIME / 2)  # in which it makes, and keeps, what it keeps
        used = server.memory - before
        wait_until_cut(connections, asked)
    # Replies that handlers have made are kept whole; of the others there is a bound.
    assert used < 3 * MUCH + len(connections) * (512 << 10) or SANITIZED
    for connection in connections:
        connection.close()


# ---- who reads slowly ----


def read_slowly(server, rate, seconds):
    """Read so many bytes a second of a long reply: for how long that went well, and the longest
    pause in it."""
    with socket.socket() as connection:
        connection.settimeout(WAIT)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
        connection.connect((server.host, server.port))
        connection.sendall(READS["a file"])
        begun = last = time.monotonic()
        pauses = []
        while time.monotonic() - begun < seconds and not is_cut(connection):
            with contextlib.suppress(ConnectionError):
                connection.recv(int(rate * EVERY))
            time.sleep(EVERY)
            pauses.append(time.monotonic() - last)
            last += pauses[-1]
        return time.monotonic() - begun, max(pauses)


def test_b01_who_reads_slowly_but_steadily_is_not_cut(victim, files):
    """The socket is full all the time: what the client takes, and not what is sent, is progress."""
    server = victim(workers=1, files=files, write_ms=1000, rate=10000, rate_grace_ms=1000)
    for _ in range(3):  # a machine that stands still makes a reader, or the server, unsteady
        took, pause = read_slowly(server, 50000, 4)
        if took >= 4:
            return
        print("cut after %.1f s, with a pause of %.1f s" % (took, pause))
    pytest.fail("it was cut three times")


def test_b01_who_reads_more_slowly_than_that_is_cut(victim, files):
    server = victim(workers=1, files=files, write_ms=1000, rate=10000, rate_grace_ms=1000)
    assert read_slowly(server, 2000, WAIT)[0] < OTHERS


# ---- who sends nothing more, but listens ----


@pytest.mark.parametrize("what", ["/", "/big/4096", "/stream/4096", "/files/much.bin", "/pool/200",
                                  "/wait/200"])
def test_b01_half_closed_peers_are_answered(victim, files, what):
    server = victim(workers=1, files=files)
    with server.connect() as connection:
        connection.sendall(b"GET %s HTTP/1.1\r\nHost: h\r\n\r\n" % what.encode())
        connection.shutdown(socket.SHUT_WR)
        received = rest_of(connection, time.monotonic() + WAIT)
    assert received.startswith(b"HTTP/1.1 200 ")
    expected = {"/": HELLO, "/pool/200": b"slept\n", "/wait/200": b"waited\n"}
    if what in expected:
        assert received.endswith(expected[what])
    else:
        assert len(received) > 4 << 20
