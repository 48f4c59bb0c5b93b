"""A server that is treated badly: tests/hostile/server.c in a process of its own, what it costs
meanwhile, and a well-behaved client that measures what others notice of it."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

import authority  # noqa: E402 (in the folder above)
from processes import WAIT, Process, Serving  # noqa: E402

BUILD = pathlib.Path(os.environ["SKUA_BUILD_DIR"])
# What a sanitizer adds in memory and time says nothing of the server.
SANITIZED = bool(re.search(r"^SKUA_SANITIZE:\w+=.", (BUILD / "CMakeCache.txt").read_text(), re.M))
GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"
HELLO = b"hello, world\n"


class Measured:
    """What a server's process has used, and that it ends well."""

    def end(self):
        """A sanitizer that has found something makes it end otherwise."""
        assert self.stop() == 0, self.lines

    @property
    def cpu_seconds(self):
        with open("/proc/%d/stat" % self.popen.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def memory(self):
        """Bytes of its own that are in use now."""
        with open("/proc/%d/smaps_rollup" % self.popen.pid) as file:
            return sum(int(line.split()[1]) << 10 for line in file
                       if line.startswith("Private_"))

    def wait_until_closed(self, connections, seconds=WAIT):
        """When each of them is at its end: what was received, in their order."""
        deadline = time.monotonic() + seconds
        return [rest_of(c, deadline) for c in connections]


class Victim(Measured, Process):
    """tests/hostile/server.c, once it listens."""

    ENDED_BY = signal.SIGINT

    def __init__(self, settings, url, **options):
        words = ["%s=%s" % pair for pair in settings.items()]
        super().__init__([str(BUILD / "tests" / "hostile" / "server"), *words, url], **options)
        try:
            match = self.wait_for(r"^listening at (https?)://(.+):(\d+)/$")
        except AssertionError:
            self.stop()
            raise
        self.scheme, self.host, self.port = match.group(1), match.group(2), int(match.group(3))

    def connect(self, timeout=WAIT, source=None):
        return socket.create_connection((self.host, self.port), timeout,
                                        source_address=source and (source, 0))


class Served(Measured, Serving):
    """`skua serve`."""


def rest_of(connection, deadline):
    """What is received until the end, whatever the end is."""
    received = bytearray()
    with contextlib.suppress(ConnectionError, ssl.SSLError):
        while True:
            connection.settimeout(max(deadline - time.monotonic(), 0.001))
            piece = connection.recv(65536)
            if not piece:
                break
            received += piece
    return bytes(received)


@pytest.fixture
def victim():
    """Start the server with these settings."""
    with contextlib.ExitStack() as stack:
        def start(url="http://127.0.0.1:0", options=None, **settings):
            server = Victim(settings, url, **(options or {}))
            stack.callback(server.end)
            return server
        yield start


@pytest.fixture
def serve():
    """Start `skua serve` with these arguments."""
    with contextlib.ExitStack() as stack:
        def start(*arguments, **options):
            command = [str(BUILD / "skua"), "serve", "--port", "0", *map(str, arguments)]
            server = Served(command, **options)
            stack.callback(server.end)
            return server
        yield start


@pytest.fixture(scope="session")
def ca(tmp_path_factory):
    """A certificate authority and what it has signed."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    return authority.Authority(tmp_path_factory.mktemp("ca"))


# ---- clients like others ----

GRACE = 0.5  # seconds of a drain, in which who is connected may still ask


class Asking:
    """When a client was connected, or had its last answer, and when it asked again. A draining
    server need not wait for one that the machine has kept from asking for as long as the grace."""

    def __init__(self):
        self.idle_since = time.monotonic()  # before it connects

    def asks(self):
        self.asked = None

    def has_asked(self):
        self.asked = time.monotonic()

    def is_answered(self):
        self.idle_since = time.monotonic()

    @property
    def was_too_late(self):
        return (self.asked or time.monotonic()) - self.idle_since >= GRACE



class Visitor:
    """Asks again and again, on a connection that is kept or each time on a new one: see visitor.py.
    `ca` is a file."""

    def __init__(self, server, path="/", kept=True, ca=None):
        command = [sys.executable, str(HERE / "visitor.py"), server.host, str(server.port), path,
                   "kept" if kept else "anew", *([ca] if ca else [])]
        self.popen = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True)
        self.times, self.failed = [], []
        self.news = threading.Condition()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.popen.stdout:
            with self.news:
                if line.startswith("failed"):
                    self.failed.append(line)
                else:
                    self.times.append(float(line))
                self.news.notify_all()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.popen.stdin.close()
        self.popen.wait(2 * WAIT)
        self.reader.join(WAIT)
        self.popen.stdout.close()

    def wait_for(self, more):
        """Until so many more requests were answered."""
        with self.news:
            count = len(self.times) + more
            assert self.news.wait_for(lambda: len(self.times) >= count or self.failed, WAIT)

    @property
    def p99(self):
        """Without the two that took longest: one process may stand still while others do not."""
        times = sorted(self.times)[:-2] or self.times
        return times[len(times) * 99 // 100]


QUIET = 0.050  # seconds that a machine with other things to do may need for a request
STALL = 5.0  # and for which it may stand still


@pytest.fixture
def undisturbed(victim):
    """A context in which a client like others is served about as quickly as before: or as one of
    another server, which nobody treats badly, is at the same time. What the machine does to both is
    nobody's fault."""
    @contextlib.contextmanager
    def during(server, requests=100, **options):
        with Visitor(server, **options) as before:
            before.wait_for(requests)
        assert not before.failed
        with Visitor(victim(workers=1)) as control, Visitor(server, **options) as visitor:
            yield visitor
            visitor.wait_for(requests)
            control.wait_for(requests)
        assert not visitor.failed, visitor.failed[:3]
        if not SANITIZED:
            quiet = max(before.p99, control.p99, QUIET)
            assert visitor.p99 <= 3 * quiet, (before.p99, control.p99, visitor.p99)
            assert max(visitor.times) <= max(control.times) + STALL
    return during
