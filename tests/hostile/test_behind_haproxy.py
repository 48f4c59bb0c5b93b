"""haproxy in front, which says by the PROXY protocol who its clients are."""

import contextlib
import shutil
import socket
import ssl
import time

import pytest

from conftest import WAIT, rest_of
from processes import Process

ASK = b"GET /client HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
CLIENT = "127.0.0.9"
CONFIG = """
global
    maxconn 100
defaults
    mode {mode}
    timeout connect 10s
    timeout client 30s
    timeout server 30s
frontend in
    bind fd@{fd}
    default_backend out
backend out
    server one {host}:{port} {option}
"""


@pytest.fixture
def haproxy(tmp_path):
    """Start haproxy in front of a server: where it listens."""
    program = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/sbin:/bin")
    if not program:
        pytest.skip("there is no haproxy")
    with contextlib.ExitStack() as stack:
        def start(server, option, mode="tcp"):
            listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            config = tmp_path / "haproxy.cfg"
            config.write_text(CONFIG.format(mode=mode, fd=listener.fileno(), host=server.host,
                                            port=server.port, option=option))
            process = Process([program, "-db", "-f", str(config)],
                              pass_fds=[listener.fileno()])
            stack.callback(process.stop)
            return listener.getsockname()
        yield start


def ask(where, context=None):
    with contextlib.ExitStack() as stack:
        connection = stack.enter_context(
            socket.create_connection(where, WAIT, source_address=(CLIENT, 0)))
        own = "%s:%d" % connection.getsockname()
        if context:
            connection = stack.enter_context(
                context.wrap_socket(connection, server_hostname="localhost"))
        connection.sendall(ASK)
        return own, rest_of(connection, time.monotonic() + WAIT)


@pytest.mark.parametrize("mode", ["tcp", "http"])
@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2"])
def test_b05_clients_are_who_haproxy_says(victim, haproxy, tmp_path, option, mode):
    log = tmp_path / "access.log"
    server = victim(workers=1, proxies="127.0.0.1", access_log=log)
    where = haproxy(server, option, mode)
    for _ in range(3):
        own, answer = ask(where)
        assert answer.endswith(b"\r\n\r\n%s\n" % own.encode()), answer
    server.stop()
    assert [line.split()[0] for line in log.read_text().splitlines()] == 3 * [CLIENT]


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2 proxy-v2-options crc32c,unique-id"])
def test_b14_tls_behind_haproxy(victim, haproxy, ca, option):
    server = victim("https://127.0.0.1:0", workers=1, proxies="127.0.0.0/8", cert=ca.good.cert,
                    key=ca.good.key)
    own, answer = ask(haproxy(server, option), ssl.create_default_context(cafile=ca.cert))
    assert answer.endswith(b"\r\n\r\n%s\n" % own.encode()), answer


def test_b05_each_client_counts_for_itself(victim, haproxy):
    """The limit by address is for the clients, not for the proxy."""
    server = victim(workers=1, proxies="127.0.0.1", per_address=2)
    where = haproxy(server, "send-proxy-v2")
    with contextlib.ExitStack() as stack:
        def connect(source):
            connection = stack.enter_context(
                socket.create_connection(where, WAIT, source_address=(source, 0)))
            connection.sendall(ASK.replace(b"Connection: close\r\n", b""))
            return connection.recv(12)
        for source in ("127.0.0.21", "127.0.0.22", "127.0.0.23"):
            assert [connect(source) for _ in range(2)] == 2 * [b"HTTP/1.1 200"]
        assert connect("127.0.0.21") == b"HTTP/1.1 503"


def test_b05_who_is_not_listed_is_not_believed(victim, haproxy):
    server = victim(workers=1, proxies="127.0.0.77")
    _, answer = ask(haproxy(server, "send-proxy"))
    assert answer.startswith(b"HTTP/1.1 400 ")
