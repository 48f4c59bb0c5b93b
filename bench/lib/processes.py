"""Processes that are measured: started on a processor of their own, and read from /proc."""

import contextlib
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys


def pinned(cpu):
    """A preexec function that keeps the process on one processor, where there are two."""
    def pin():
        cpus = sorted(os.sched_getaffinity(0))
        if len(cpus) > 1:
            os.sched_setaffinity(0, {cpus[cpu % len(cpus)]})
    return pin


@contextlib.contextmanager
def process(command, pin=True, **more):
    child = subprocess.Popen(command, preexec_fn=pinned(0) if pin else None, **more)
    try:
        yield child
    finally:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextlib.contextmanager
def skua(build, folder, *more, **environment):
    """`skua serve` with one worker; gives its process and port."""
    command = [str(build / "skua"), "serve", str(folder), "--port", "0", "--threads", "1", "-q"]
    with process(command + list(more), stderr=subprocess.PIPE, text=True,
                 env={**os.environ, **environment}) as child:
        for line in child.stderr:
            found = re.search(r"at https?://[^:]+:(\d+)/", line)
            if found:
                yield child.pid, int(found.group(1))
                return
        sys.exit("bench: skua serve did not start")


# ---- what they use ----

def family(pid):
    """A process and all below it."""
    yield pid
    for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            yield from family(int(child))


def pss(pid):
    """Bytes of memory that is no file's, of the process and all below it; pages that are shared are
    divided. (Those of libraries are not counted: how many others share them changes meanwhile.)"""
    total = 0
    for one in family(pid):
        text = pathlib.Path(f"/proc/{one}/smaps_rollup").read_text()
        total += int(re.search(r"^Pss_Anon: +(\d+) kB", text, re.M).group(1)) * 1024
    return total


def cpu_seconds(pid):
    """On a processor, of all threads that live; to the nanosecond, once they wait."""
    total = 0
    for one in family(pid):
        for task in pathlib.Path(f"/proc/{one}/task").glob("*/schedstat"):
            total += int(task.read_text().split()[0])
    return total / 1e9
