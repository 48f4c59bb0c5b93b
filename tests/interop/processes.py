"""Peers in processes of their own: ready when they say so, ended by their pid."""

import itertools
import re
import signal
import socket
import subprocess
import threading
import time

WAIT = 30  # seconds after which a peer that says nothing has failed


def wait_until(condition, seconds=WAIT):
    """Look again and again, where nobody tells."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


class Process:
    """A peer in a process of its own, whose output is read by a thread: of standard error alone,
    where that is to be a pipe of its own."""

    ENDED_BY = signal.SIGTERM

    def __init__(self, command, **options):
        options = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, **options}
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True,
                                      errors="replace", **options)
        self.output = self.popen.stderr or self.popen.stdout
        self.lines = []
        self.news = threading.Condition()
        self.ended = False
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.output:
            with self.news:
                self.lines.append(line.rstrip("\n"))
                self.news.notify_all()
        with self.news:
            self.ended = True
            self.news.notify_all()

    def wait_for(self, pattern, seconds=WAIT, count=1):
        """The first line that matches, or the count-th, as a match object."""
        def found():
            matches = filter(None, map(re.compile(pattern).search, self.lines))
            return next(itertools.islice(matches, count - 1, None), None)
        with self.news:
            self.news.wait_for(lambda: found() or self.ended, seconds)
            match = found()
        assert match, "no line matches %r in %r" % (pattern, self.lines)
        return match

    def signal(self, number):
        self.popen.send_signal(number)

    def wait(self, seconds=WAIT):
        status = self.popen.wait(seconds)
        self.reader.join(seconds)
        return status

    def stop(self):
        if self.popen.poll() is None:
            self.signal(self.ENDED_BY)
        try:
            return self.wait()
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.wait()
            raise


class Serving(Process):
    """`skua serve`, once its port is bound."""

    ENDED_BY = signal.SIGINT  # at once: SIGTERM has it wait for who is connected

    def __init__(self, command, **options):
        super().__init__(command, **options)
        try:
            match = self.wait_for(r"^skua: serving (.*) at ((https?)://(.+):(\d+)/)$")
        except AssertionError:
            self.stop()
            raise
        self.directory, self.url, self.scheme = match.group(1, 2, 3)
        self.host = match.group(4).strip("[]")
        self.port = int(match.group(5))

    def connect(self, timeout=WAIT):
        return socket.create_connection((self.host, self.port), timeout)
