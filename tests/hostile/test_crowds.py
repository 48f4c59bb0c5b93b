"""Many at once: what each of them costs, and what others notice."""

import contextlib
import resource
import select
import socket
import time

import pytest

from conftest import GET, SANITIZED, WAIT

OWN = 64  # descriptors for what else there is
FEW = 100  # that were there before
PATIENT = dict(header_ms=120000, idle_ms=120000)  # with a crowd that takes long to come together


@pytest.fixture
def descriptors():
    """So many may be open here, and in what is started: as many as the machine allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard - OWN
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def connect_many(server, count, stack, source="127.0.0.1"):
    """So many connections, from one address."""
    for _ in range(count):
        yield stack.enter_context(server.connect(source=source))


def ask_all(connections, request=GET):
    for connection in connections:
        connection.sendall(request)


def hear_all(connections, seconds=WAIT):
    """Read an answer from each."""
    poll, by_fd = select.epoll(), {c.fileno(): c for c in connections}
    deadline = time.monotonic() + seconds
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    while by_fd:
        ready = poll.poll(max(deadline - time.monotonic(), 0))
        assert ready, "%d were not answered" % len(by_fd)
        for fd, _ in ready:
            assert by_fd.pop(fd).recv(65536).startswith(b"HTTP/1.1 200 ")
            poll.unregister(fd)
    poll.close()


def test_b02_idle_connections_cost_little(victim, descriptors, undisturbed):
    count = min(10000, descriptors - FEW)
    server = victim(workers=1, **PATIENT)
    with contextlib.ExitStack() as stack:
        few = list(connect_many(server, FEW, stack))
        ask_all(few)
        hear_all(few)
        before = server.memory
        with undisturbed(server):
            many = list(connect_many(server, count, stack))
            ask_all(many)
            hear_all(many)
        each = (server.memory - before) / count
        spent = server.cpu_seconds
        time.sleep(1)  # of doing nothing
        spent = server.cpu_seconds - spent
    # What the process itself comes to need counts for little where many may come.
    assert each <= 400 + (256 << 10) / count or SANITIZED, each
    assert spent < 0.1, spent


def test_b01_more_than_a_worker_can_see_at_once(victim, descriptors, undisturbed):
    """As many as can be in this process and the server's, from four addresses, all of whom ask in
    the same moment, over and over."""
    count = min(20000, descriptors) // 4
    server = victim(workers=2, **PATIENT)
    with contextlib.ExitStack() as stack, undisturbed(server):
        crowds = [list(connect_many(server, count, stack, "127.0.0.%d" % (2 + n)))
                  for n in range(4)]
        for _ in range(3):
            for crowd in crowds:
                ask_all(crowd)
            for crowd in crowds:
                hear_all(crowd)


def test_b01_who_leaves_in_the_midst_of_a_file(victim, undisturbed, tmp_path):
    """A reset that comes while the system sends must not end the server by SIGPIPE."""
    (tmp_path / "much.bin").write_bytes(bytes(8 << 20))
    server = victim(workers=1, files=tmp_path)
    with undisturbed(server):
        for number in range(500):
            with server.connect() as connection:
                connection.sendall(GET.replace(b"/ ", b"/files/much.bin "))
                if number % 3:
                    assert connection.recv(1000 * (number % 50 + 1))


def test_b01_a_flood_of_short_connections(victim, undisturbed):
    """That say nothing, something, or too much, and do not wait for an answer."""
    server = victim(workers=2)
    with undisturbed(server):
        before = server.memory
        for number in range(5000):
            with server.connect() as connection:
                connection.sendall([b"", GET, GET[:7], b"x" * 100][number % 4])
                if number % 3 == 0:  # reset
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, bytes([1] + [0] * 7))
    assert server.memory - before < 4 << 20 or SANITIZED
