"""Clients that ask for everything a server does, over connections that they keep, leave in the
midst of it or open anew, while it reads its certificates and opens its logs again: whoever stays is
answered, to the last one of a drain."""

import contextlib
import http.client
import random
import signal
import ssl
import threading

import pytest

from conftest import WAIT, Asking

CLIENTS = 12
ROUNDS = 40  # connections of each client; a third of them over TLS
MUCH = 4 << 20
LENGTHS = {"/": 13, "/wait/3": 7, "/pool/3": 6, "/sleep/3": 6, "/stream/300": 300 << 10,
           "/big/200": 200 << 10, "/files/much.bin": MUCH}


class Client(threading.Thread):
    """One that does what chance bids it, until no connection is to be had or it has done enough."""

    def __init__(self, server, number, context):
        super().__init__()
        self.server, self.context = server, context
        self.chance = random.Random(number)
        self.failed = []

    def connect(self):
        if not self.context:
            return http.client.HTTPConnection(self.server.host, self.server.port, timeout=WAIT)
        return http.client.HTTPSConnection(self.server.host, self.server.port, timeout=WAIT,
                                           context=self.context)

    def ask(self, connection, asking):
        """False: the connection is over."""
        path = self.chance.choice([*LENGTHS, "/body", "/count"])
        body = bytes(self.chance.randrange(1, 200000)) if path not in LENGTHS else None
        asking.asks()
        connection.request("POST" if body else "GET", path, body)
        asking.has_asked()
        if self.chance.random() < 0.1:  # and do not wait for it
            return False
        answer = connection.getresponse()
        got = answer.read()
        asking.is_answered()
        right = got == b"%d\n" % len(body) if body else len(got) == LENGTHS[path]
        if answer.status != 200 or not right:
            self.failed.append((path, answer.status, len(got)))
        return not answer.will_close

    def run(self):
        for _ in range(ROUNDS // 3 if self.context else ROUNDS):
            connection = self.connect()
            asking = Asking()
            try:
                connection.connect()
            except OSError:
                return
            with contextlib.closing(connection):
                try:
                    for _ in range(self.chance.randrange(1, 8)):
                        if not self.ask(connection, asking):
                            break
                except (OSError, http.client.HTTPException) as error:
                    if not asking.was_too_late:
                        self.failed.append(repr(error))


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
def test_b01_all_at_once(victim, ca, tmp_path, tls):
    (tmp_path / "much.bin").write_bytes(bytes(MUCH))
    secure = dict(cert=ca.good.cert, key=ca.good.key) if tls else {}
    context = ssl.create_default_context(cafile=ca.cert) if tls else None
    server = victim("%s://127.0.0.1:0" % ("https" if tls else "http"), workers=3, pool_threads=6,
                    files=tmp_path, access_log=tmp_path / "access.log",
                    error_log=tmp_path / "error.log", **secure)
    clients = [Client(server, number, context) for number in range(CLIENTS)]
    for client in clients:
        client.start()
    for client in clients[CLIENTS // 2:]:
        server.signal(signal.SIGHUP)
        client.join(WAIT)
    server.signal(signal.SIGTERM)
    for client in clients:
        client.join(WAIT)
    assert server.wait() == 0
    assert not any(c.failed for c in clients), [c.failed for c in clients]
    assert "cut 0," in server.wait_for("^drained: .*").group(0)
