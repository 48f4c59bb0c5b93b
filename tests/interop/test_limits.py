"""Peers that are not there, that say nothing, or say it slowly; --resolve."""

import contextlib
import re
import socket
import ssl
import threading
import time

import pytest

from patience import endure
from scripted import HOLD, WAIT

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@contextlib.contextmanager
def dead_port():
    """A port that is bound and does not listen: nobody else can take it meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@contextlib.contextmanager
def black_hole():
    """A port that answers nothing: its queue of connections is full, and what comes is dropped."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(listener.getsockname())
        yield listener.getsockname()[1]


OTHERS = 9  # sooner than that: times that are not given are longer


def timed(run, *arguments):
    begun = time.monotonic()
    got, told = run(*arguments)
    return got, told, time.monotonic() - begun


def is_cut(run, option, url, limit, *more):
    """It ends because of that limit, and not before."""
    got, told, seconds = timed(run, option, "%g" % limit, *more, url)
    assert (got.status, told["error"]["name"]) == (28, "TimeoutError")
    assert 0.9 * limit < seconds < OTHERS + limit
    return told


def test_refused(get_json):
    with dead_port() as port:
        got, told = get_json("http://127.0.0.1:%d/" % port)
    assert (got.status, told["error"]["name"]) == (7, "ConnectionRefusedError")
    assert told["error"]["phase"] == "connect"
    assert str(port) in told["error"]["message"] and "refused" in told["error"]["message"]


@pytest.mark.parametrize("option", ["--connect-timeout", "--max-time", "-m"])
def test_a_black_hole(get_json, option):
    with black_hole() as port:
        told = is_cut(get_json, option, "http://127.0.0.1:%d/" % port, 0.4)
    assert told["error"]["phase"] == "connect"
    assert told["timings"]["connect"] is None


def test_a_server_that_says_nothing(get_json, peer):
    def ask(limit):
        told = is_cut(get_json, "--max-time", peer([HOLD]).url, limit)
        assert told["error"]["phase"] in ("wait", "recv")
        assert told["timings"]["send"] is not None and told["timings"]["first_byte"] is None
    endure(ask, 0.4)


def test_a_head_without_end(get_json, peer):
    def ask(limit):
        told = is_cut(get_json, "-m", peer([b"HTTP/1.1 200 OK\r\nA: b\r\n", HOLD]).url, limit)
        assert told["status"] is None and told["timings"]["first_byte"] is not None
    endure(ask, 0.4)


def test_a_body_without_end(get_json, peer):
    def ask(limit):
        told = is_cut(get_json, "-m", peer([REPLY[:-2], HOLD]).url, limit)
        assert (told["status"], told["body_bytes"]) == (200, 3)
    endure(ask, 0.4)


def test_a_connect_timeout_is_not_for_the_rest(get):
    """A slow answer is none of its business."""
    def ask(limit):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            def serve():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(ConnectionError):
                    connection.recv(65536)
                    time.sleep(3 * limit)  # the slowness under test, not a wait for something
                    connection.sendall(REPLY)
            thread = threading.Thread(target=serve)
            thread.start()
            got = get("--connect-timeout", "%g" % limit,
                      "http://127.0.0.1:%d/" % listener.getsockname()[1])
            thread.join()
        assert (got.status, got.out) == (0, b"hello")
    endure(ask, 0.2)


@contextlib.contextmanager
def black_hole_and_silence():
    """A port that swallows what is sent to it at 127.0.0.1, and does not answer at 127.0.0.2: one
    that nobody else has there, or at all addresses."""
    for _ in range(20):
        with black_hole() as port, socket.socket() as silent:
            try:
                silent.bind(("127.0.0.2", port))
            except OSError as error:
                print("%d: %s" % (port, error))
                continue
            silent.listen()
            yield port
            return
    pytest.fail("no port is free at both addresses")


def test_a_connect_timeout_is_for_all_of_it(get_json):
    def ask(limit):
        with black_hole_and_silence() as port:
            told = is_cut(get_json, "--connect-timeout", "https://h:%d/" % port, limit, "--resolve",
                          "h:%d:127.0.0.1,127.0.0.2" % port)
        assert told["error"]["phase"] == "tls"
        assert 0.2 < told["timings"]["connect"] / 1000 < limit
        assert 0.9 * limit < told["timings"]["total"] / 1000 < 1.3 * limit  # not twice
    endure(ask, 0.6)


@contextlib.contextmanager
def handshake_that_stops(context, size):
    """A TLS server that falls silent once it has sent `size` bytes."""
    def serve(listener):
        theirs, ours = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(theirs, ours, server_side=True)
        left = size
        connection, _ = listener.accept()
        with connection, contextlib.suppress(OSError, ssl.SSLError):
            connection.settimeout(WAIT)
            while piece := connection.recv(65536):
                theirs.write(piece)
                with contextlib.suppress(ssl.SSLWantReadError):
                    tls.do_handshake()
                flight = ours.read(left)
                left -= len(flight)
                connection.sendall(flight)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@pytest.mark.parametrize("version", ["TLSv1_2", "TLSv1_3"])
@pytest.mark.parametrize("size", [1, 5, 50, 300])
def test_a_handshake_that_stops(get_json, ca, version, size):
    """Within a record's head, behind it, within the server's hello, within its certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ca.good.cert, ca.good.key)
    context.maximum_version = getattr(ssl.TLSVersion, version)

    def ask(limit):
        with handshake_that_stops(context, size) as port:
            told = is_cut(get_json, "--connect-timeout", "https://127.0.0.1:%d/" % port, limit, "-k")
        assert told["error"]["phase"] == "tls"
        assert re.fullmatch(r"tls: 127\.0\.0\.1: handshake not complete within \d+ ms",
                            told["error"]["message"])
        assert 0.9 * limit < told["timings"]["total"] / 1000 < 1.6 * limit
        assert told["timings"]["connect"] is not None and told["timings"]["tls"] is None
    endure(ask, 0.3)


def test_a_trickle_is_bounded(get_json):
    """One deadline over the whole: bytes that keep coming do not put it off."""
    def ask(limit):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ended = threading.Event()

            def serve():
                connection, _ = listener.accept()
                with connection, contextlib.suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    while not ended.wait(0.02):
                        connection.sendall(b"x")
            thread = threading.Thread(target=serve)
            thread.start()
            try:
                told = is_cut(get_json, "--max-time",
                              "http://127.0.0.1:%d/" % listener.getsockname()[1], limit)
            finally:
                ended.set()
                thread.join()
        assert 1 < told["body_bytes"]
    endure(ask, 0.5)


def test_an_upload_that_nobody_takes(get_json, tmp_path):
    (tmp_path / "up").write_bytes(b"x" * 30000000)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = "http://127.0.0.1:%d/" % silent.getsockname()[1]

        def ask(limit):
            told = is_cut(get_json, "-m", url, limit, "-d", "@%s" % (tmp_path / "up"))
            assert told["error"]["phase"] == "send"
        endure(ask, 0.5)


def test_zero_is_no_limit(get, peer):
    assert get("--max-time", "0", "--connect-timeout", "0", peer(REPLY).url).out == b"hello"


# ---- --resolve ----


@pytest.mark.parametrize("entry, url", [
    ("some.invalid:PORT:127.0.0.1", "http://some.invalid:PORT/"),
    ("SOME.invalid:PORT:127.0.0.1", "http://some.INVALID:PORT/"),
    ("*:PORT:127.0.0.1", "http://any.invalid:PORT/"),
    ("some.invalid:PORT:[::1],127.0.0.1", "http://some.invalid:PORT/"),
    ("some.invalid:PORT:::1,127.0.0.1", "http://some.invalid:PORT/"),
    ("[::2]:PORT:127.0.0.1", "http://[::2]:PORT/"),
    ("192.0.2.1:PORT:127.0.0.1", "http://192.0.2.1:PORT/"),
    ("+some.invalid:PORT:127.0.0.1", "http://some.invalid:PORT/"),
])
def test_resolve(get, peer, entry, url):
    server = peer(REPLY)
    port = str(server.port)
    got = get("--resolve", entry.replace("PORT", port), url.replace("PORT", port))
    assert got.out == b"hello", got.err
    host = url.replace("PORT", port)[7:-1].lower()
    assert b"Host: %s\r\n" % host.encode() in server.request


@pytest.mark.parametrize("addresses, message", [
    ("nonsense", 'resolve: no IP address: "nonsense"'),
    (",".join("127.0.0.%d" % i for i in range(9)), 'resolve: more than 8 addresses: "127.0.0.0,'),
])
def test_resolve_to_what_is_no_address(get_json, addresses, message):
    got, told = get_json("--resolve", "some.invalid:80:" + addresses, "http://some.invalid/")
    assert got.status == 2 and told["error"]["name"] == "ValueError"
    assert told["error"]["message"].startswith(message)


def test_resolve_is_for_its_port_alone(get_json):
    name = "%s.invalid" % ("a" * 70)  # too long for any name server to be asked
    got, told = get_json("--resolve", name + ":81:127.0.0.1", "http://%s:82/" % name)
    assert (got.status, told["error"]["name"]) == (6, "gaierror")


def test_the_first_address_that_answers_wins(get_json, peer):
    """A dead one and a black hole beside it cost nothing but a moment."""
    server = peer(REPLY)
    with socket.socket() as other:
        try:
            other.bind(("127.0.0.2", server.port))  # bound, not listening: refused
        except OSError:
            pytest.skip("127.0.0.2 is not here")
        where = "a.invalid:%d" % server.port
        got, told, seconds = timed(get_json, "--resolve", where + ":127.0.0.2,127.0.0.1",
                                   "http://%s/" % where)
    assert (got.status, told["status"]) == (0, 200)
    assert seconds < OTHERS


def test_several_to_resolve(get, peer):
    server = peer(REPLY)
    where = "b.invalid:%d" % server.port
    got = get("--resolve", "a.invalid:80:192.0.2.1", "--resolve", where + ":127.0.0.1",
              "http://%s/" % where)
    assert got.out == b"hello"


def test_all_addresses_are_reported(get_json):
    with dead_port() as port:
        where = "c.invalid:%d" % port
        got, told = get_json("--resolve", where + ":127.0.0.1,127.0.0.3", "http://%s/" % where)
    assert (got.status, told["error"]["name"]) == (7, "ConnectionRefusedError")
    assert "c.invalid" in told["error"]["message"]


def test_ipv6(get, peer):
    try:
        server = peer(REPLY, family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 here")
    got = get("http://[::1]:%d/" % server.port)
    assert got.out == b"hello"
    assert b"Host: [::1]:%d\r\n" % server.port in server.request
