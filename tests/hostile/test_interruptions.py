"""What happens to a server: it is stopped and goes on, a handler sleeps, its certificate changes,
it is told to end while clients ask."""

import contextlib
import http.client
import itertools
import pathlib
import re
import select
import shutil
import signal
import socket
import ssl
import threading
import time

import pytest

from conftest import GET, HELLO, WAIT, Asking, Visitor, rest_of
from patience import endure
from processes import wait_until

CROWD = 600  # more than a loop looks at in one round


def answer_of(connection):
    """Nothing, where the server has closed it."""
    with contextlib.suppress(ConnectionError):
        return connection.recv(65536)
    return b""


def is_readable(connection):
    return bool(select.select([connection], [], [], 0)[0])


def has_stopped(server):
    with open("/proc/%d/stat" % server.popen.pid) as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


def hold_up(server, seconds, meanwhile=lambda: None):
    server.signal(signal.SIGSTOP)
    wait_until(lambda: has_stopped(server))
    meanwhile()
    time.sleep(seconds)  # that it is held up is what it is about
    server.signal(signal.SIGCONT)


def test_b01_a_server_that_was_stopped_does_not_blame_its_clients(victim, ca):
    """For longer than all its time-outs; what was sent meanwhile is answered."""
    endure(lambda seconds: stop_for_longer_than(seconds, victim, ca), 1.5)


def stop_for_longer_than(seconds, victim, ca):
    times = dict.fromkeys(("header_ms", "body_ms", "idle_ms", "tls_ms", "write_ms"),
                          int(seconds * 1000))
    server = victim(workers=1, **times)
    secure = victim("https://127.0.0.1:0", workers=1, cert=ca.good.cert, key=ca.good.key, **times)
    context = ssl.create_default_context(cafile=ca.cert)
    post = b"POST /body HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\n12345"
    with contextlib.ExitStack() as stack:
        kept = [stack.enter_context(server.connect()) for _ in range(CROWD)]
        for connection in kept:
            connection.sendall(GET)
        for connection in kept:
            assert answer_of(connection).endswith(HELLO)
        posting = stack.enter_context(server.connect())
        posting.sendall(post)
        shaking = stack.enter_context(secure.connect())
        tls = context.wrap_bio(incoming := ssl.MemoryBIO(), outgoing := ssl.MemoryBIO(),
                               server_hostname="localhost")

        def meanwhile():
            with contextlib.suppress(ssl.SSLWantReadError):
                tls.do_handshake()
            shaking.sendall(outgoing.read())
            for connection in kept:
                with contextlib.suppress(ConnectionError):  # the answer is missed below
                    connection.sendall(GET)
            posting.sendall(b"67890")

        secure.signal(signal.SIGSTOP)
        hold_up(server, 2 * seconds, meanwhile)
        secure.signal(signal.SIGCONT)
        for connection in kept:
            assert answer_of(connection).endswith(HELLO)
        assert b"\r\n\r\n10\n" in answer_of(posting)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                shaking.sendall(outgoing.read())
                received = answer_of(shaking)
                assert received
                incoming.write(received)


def test_b01_who_is_silent_is_cut_all_the_same(victim):
    server = victim(workers=1, header_ms=1500)
    with server.connect() as connection:
        connection.sendall(GET[:5])
        hold_up(server, 3)
        begun = time.monotonic()
        assert b" 408 " in rest_of(connection, begun + WAIT)
        assert time.monotonic() - begun < 9  # that of other servers is longer


# ---- handlers that sleep ----


def test_b02_a_handler_that_sleeps_on_the_pool_holds_up_nobody(victim, undisturbed):
    server = victim(workers=1)
    with contextlib.ExitStack() as stack:
        with undisturbed(server, kept=False):
            sleepers = [stack.enter_context(server.connect()) for _ in range(100)]
            for connection in sleepers:
                connection.sendall(GET.replace(b"/ ", b"/pool/500 "))
        for connection in sleepers:
            assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_b02_a_handler_that_sleeps_on_a_loop_holds_up_no_newcomer(victim):
    """The kernel goes on giving it connections: its neighbour takes them."""
    server = victim(workers=2)

    def come_while_it_sleeps(seconds):
        with server.connect() as sleeper:
            sleeper.sendall(GET.replace(b"/ ", b"/sleep/%d " % (seconds * 1000)))
            for number in range(40):
                with server.connect() as connection:
                    connection.sendall(GET)
                    assert connection.recv(65536).endswith(HELLO)
                assert not is_readable(sleeper), "%d came in its time" % number
            assert sleeper.recv(65536).endswith(b"slept\n")
    endure(come_while_it_sleeps, 3)


# ---- a certificate that changes ----


def test_b14_a_certificate_that_changes_under_load(victim, ca, tmp_path):
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    pairs = [ca.issue("first"), ca.issue("second")]
    for source, target in ((pairs[0].cert, cert), (pairs[0].key, key)):
        shutil.copy(source, target)
    server = victim("https://127.0.0.1:0", workers=2, cert=cert, key=key)
    with contextlib.ExitStack() as stack:
        visitors = [stack.enter_context(Visitor(server, kept=kept, ca=ca.cert))
                    for kept in (True, False, False)]
        for number in range(1, 21):
            pair = pairs[number % 2]
            for source, target in ((pair.key, key), (pair.cert, cert)):
                shutil.copy(source, target)  # for a moment they do not match
            server.signal(signal.SIGHUP)
            server.wait_for("^reloaded: ok$", count=number)
            shown = ssl.get_server_certificate((server.host, server.port), timeout=WAIT)
            assert shown == pathlib.Path(pair.cert).read_text()
            for visitor in visitors:
                visitor.wait_for(3)
    assert not any(v.failed for v in visitors), [v.failed for v in visitors]


# ---- its end ----


def keep_asking(server, results, path, ready):
    """On one connection, until it says that it ends: each request is to be answered."""
    asking = Asking()
    connection = http.client.HTTPConnection(server.host, server.port, timeout=WAIT)
    with contextlib.closing(connection):
        connection.connect()
        ready.release()
        while True:
            try:
                asking.asks()
                connection.request("GET", path)
                asking.has_asked()
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException) as error:
                if not asking.was_too_late:
                    results.append(error)
                return
            asking.is_answered()
            results.append(answer.status)
            if answer.will_close:
                return


@pytest.mark.parametrize("path", ["/", "/wait/5", "/pool/5", "/stream/64"])
def test_b01_a_drain_fails_no_request(victim, path):
    """Of clients that send one request after the other, each of which gets its answer, the last one
    with the word that it is the last."""
    server = victim(workers=2, pool_threads=8)
    results, ready = [], threading.Semaphore(0)
    threads = [threading.Thread(target=keep_asking, args=(server, results, path, ready))
               for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert ready.acquire(timeout=WAIT)
    wait_until(lambda: len(results) >= 100)
    server.signal(signal.SIGTERM)
    for thread in threads:
        thread.join(WAIT)
    assert server.wait() == 0
    assert set(results) == {200}, set(results)
    assert re.search(r"cut 0,", server.wait_for("^drained: .*").group(0))


@pytest.mark.parametrize("kind", ["wait", "pool"])
def test_b01_five_hundred_in_flight(victim, kind):
    server = victim(workers=2, pool_threads=100)
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(server.connect()) for _ in range(500)]
        for connection in connections:
            connection.sendall(GET.replace(b"/ ", b"/%s/300 " % kind.encode()))
        server.signal(signal.SIGTERM)
        deadline = time.monotonic() + WAIT
        for connection in connections:
            assert rest_of(connection, deadline).startswith(b"HTTP/1.1 200 ")
    assert server.wait() == 0
    assert "cut 0," in server.wait_for("^drained: .*").group(0)


def test_b12_skua_serve_loses_no_request(serve, tmp_path):
    """Its clients open connections until nobody lets them in: who is let in is answered."""
    (tmp_path / "file").write_bytes(bytes(20000))
    server = serve("-q", tmp_path)
    results, ready = [], threading.Semaphore(0)

    def visit():
        for number in itertools.count():
            asking = Asking()
            try:
                connection = server.connect(timeout=1)
            except OSError:
                return
            with connection:
                connection.settimeout(WAIT)
                asking.asks()
                try:
                    connection.sendall(GET.replace(b"/ ", b"/file ").replace(
                        b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
                    asking.has_asked()
                    answer = rest_of(connection, time.monotonic() + WAIT)
                except OSError as error:
                    answer = repr(error)
            if len(answer) > 20000 or not asking.was_too_late:
                results.append(answer[:12] if len(answer) > 20000 else answer)
            if number == 3:
                ready.release()

    threads = [threading.Thread(target=visit) for _ in range(20)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert ready.acquire(timeout=WAIT)
    server.signal(signal.SIGTERM)
    for thread in threads:
        thread.join(WAIT)
    assert server.wait() == 0
    assert set(results) == {b"HTTP/1.1 200"}
