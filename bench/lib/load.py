"""The load: bench/load.c, in blocks."""

import resource
import subprocess

from processes import pinned

WAIT = 60  # seconds for a block


def raise_limit():
    """As many descriptors as there may be. Returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


class LoadFailed(Exception):
    """It has said why."""


class Load:
    """A bench/load against one server. Its connections stay open between blocks."""

    def __init__(self, build, port, request, options, pin=True):
        self.child = subprocess.Popen(
            [str(build / "bench" / "load"), str(port), request] + options,
            preexec_fn=pinned(1) if pin else None, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True)

    def block(self, milliseconds):
        """Returns how many requests were made, and how many sessions resumed."""
        self.begin_block(milliseconds)
        return self.end_block()

    def begin_block(self, milliseconds):
        try:
            self.child.stdin.write("%d\n" % milliseconds)
            self.child.stdin.flush()
        except BrokenPipeError:
            pass  # it has said why

    def end_block(self):
        answer = self.child.stdout.readline().split()
        if len(answer) != 3:
            raise LoadFailed
        return int(answer[0]), int(answer[2])

    def close(self):
        self.child.stdin.close()
        self.child.wait(WAIT)


class Loads:
    """Several that are at work at the same time, as one."""

    def __init__(self, loads):
        self.loads = loads

    def block(self, milliseconds):
        for load in self.loads:
            load.begin_block(milliseconds)
        return tuple(map(sum, zip(*[load.end_block() for load in self.loads])))

    def close(self):
        for load in self.loads:
            load.close()
