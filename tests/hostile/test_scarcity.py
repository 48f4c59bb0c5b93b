"""Too much of some things and too little of others: connections, descriptors, memory, room on the
disk. The server goes on, costs nothing while it waits, and says what is the matter once."""

import contextlib
import http.client
import os
import re
import resource
import socket
import subprocess
import time

import pytest

from conftest import GET, HELLO, SANITIZED, WAIT, rest_of


def limited(what, number):
    """Options of a process that has no more of it."""
    return {"preexec_fn": lambda: resource.setrlimit(what, (number, number))}


def is_served(server, seconds=WAIT):
    """Does a new client get its answer?"""
    with server.connect() as connection:
        connection.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return rest_of(connection, time.monotonic() + seconds).endswith(HELLO)


def cpu_while(server, seconds):
    """The part of a processor that it uses meanwhile."""
    before = server.cpu_seconds
    time.sleep(seconds)  # it is what it does when nothing happens that counts
    return (server.cpu_seconds - before) / seconds


# ---- descriptors ----


def test_b01_out_of_descriptors(victim, tmp_path):
    log = tmp_path / "error.log"
    server = victim(workers=2, error_log=log, header_ms=60000,
                    options=limited(resource.RLIMIT_NOFILE, 64))
    with contextlib.ExitStack() as stack:
        held = [stack.enter_context(server.connect()) for _ in range(200)]
        for connection in held:
            connection.sendall(GET[:5])  # so that they are accepted at once
        assert cpu_while(server, 2) < 0.1
        assert server.popen.poll() is None
    assert is_served(server)
    said = re.findall(r"accepting pauses.*", log.read_text())
    assert 1 <= len(said) <= 4, said


# ---- memory ----


@pytest.mark.skipif(SANITIZED, reason="a sanitizer needs more address space than there is")
def test_b01_out_of_memory(victim, tmp_path):
    """Requests that need more than there is are refused; the others are served, then and later."""
    log = tmp_path / "error.log"
    server = victim(workers=1, pool_threads=1, error_log=log)
    with open("/proc/%d/statm" % server.popen.pid) as file:
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    limit = now + (48 << 20)
    resource.prlimit(server.popen.pid, resource.RLIMIT_AS, (limit, limit))
    with contextlib.ExitStack() as stack:
        greedy = [stack.enter_context(server.connect()) for _ in range(40)]
        for connection in greedy:
            connection.sendall(b"GET /big/8192 HTTP/1.1\r\nHost: h\r\n\r\n")
        answers = {connection.recv(12) for connection in greedy if answered(connection)}
        assert is_served(server)
        assert answers <= {b"HTTP/1.1 200", b"HTTP/1.1 503", b"HTTP/1.1 500"}
        assert cpu_while(server, 0.5) < 0.1
    assert is_served(server)
    assert server.popen.poll() is None


def answered(connection):
    try:
        return connection.recv(1, socket.MSG_PEEK)
    except ConnectionError:
        return False


# ---- room on the disk ----


@pytest.mark.parametrize("what", ["access_log", "error_log"])
def test_b09_a_full_disk_under_a_log(victim, tmp_path, what):
    other = "error_log" if what == "access_log" else "access_log"
    log = tmp_path / "log"
    server = victim(workers=1, **{what: "/dev/full", other: log})
    for _ in range(50):
        assert is_served(server)
    assert cpu_while(server, 1.5) < 0.1
    server.stop()
    if what == "access_log":
        said = log.read_text()
        assert said.count("access log /dev/full: cannot write: No space left on device") == 1
    else:
        assert log.read_text().count(" 200 ") == 50


@pytest.fixture
def small_disk(tmp_path):
    """A file system with room for 64 KiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "skua-test", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("cannot mount a small file system here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_b12_a_full_disk_under_an_upload(serve, small_disk):
    server = serve("--upload", small_disk)
    for name, size, status in [("a", 8 << 10, 201), ("b", 1 << 20, 507), ("c", 8 << 10, 201)]:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=WAIT)
        with contextlib.closing(connection):
            connection.request("PUT", "/" + name, bytes(size))
            assert connection.getresponse().status == status, name
    assert sorted(p.name for p in small_disk.iterdir()) == ["a", "c"]


def test_b05_a_large_upload_takes_no_memory(victim):
    """100 MiB that a handler reads as they come: what it has not read waits with the client."""
    block, blocks = bytes(1 << 20), 100
    server = victim(workers=1)
    with server.connect() as connection:
        connection.sendall(b"POST /count HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
                           % (blocks * len(block)))
        connection.sendall(block)
        before = server.memory
        grown = []
        for _ in range(blocks - 1):
            connection.sendall(block)
            grown.append(server.memory - before)
        assert connection.recv(65536).endswith(b"%d\n" % (blocks * len(block)))
    assert max(grown) < 2 << 20 or SANITIZED, max(grown)
