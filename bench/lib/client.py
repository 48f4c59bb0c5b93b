"""What the client costs a request, beside a floor, libcurl (bench/client_*.c) and Python's
http.client."""

import contextlib
import dataclasses
import pathlib
import statistics
import subprocess
import sys
import time

from contestants import start_floor
from large import GIB
from processes import pinned, process, skua

BENCH = pathlib.Path(__file__).resolve().parent.parent
BLOCK_SECONDS = 0.06
FIELDS = 40
AGAIN = "skua again"  # the same client a second time: what the two differ by is noise


@dataclasses.dataclass
class Workload:
    title: str
    server: str  # one of places()
    path: str
    length: int  # of the body
    most: float  # times the floor


WORKLOADS = (
    Workload("13 B", "files", "small.txt", 13, 1.25),
    Workload("1 KiB", "files", "1k.bin", 1 << 10, 1.25),
    Workload("64 KiB", "files", "64k.bin", 1 << 16, 1.25),
    Workload("13 B, 40 fields", "fields", "", 13, 1.25),
    Workload("13 B TLS", "tls", "small.txt", 13, 1.25),
    Workload("64 KiB TLS", "tls", "64k.bin", 1 << 16, 1.25),
    Workload("1 GiB", "large", "", GIB, 1.1),
)


class Client:
    """A bench/client_*: it makes blocks of requests as it is told to."""

    def __init__(self, name, command, length):
        self.name = name
        self.length = length
        self.costs = []
        self.child = subprocess.Popen(command, preexec_fn=pinned(1), stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def block(self, requests):
        """Returns microseconds of CPU a request."""
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.write("%d\n" % requests)
            self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if len(answer) != 2 or int(answer[1]) != requests * self.length:
            sys.exit("bench: the client %s failed" % self.name)
        return int(answer[0]) / requests

    def warm_up(self):
        """Returns how many requests make a block."""
        if self.length == GIB:
            self.block(1)
            return 1
        self.block(200)
        start = time.monotonic()
        self.block(200)
        return max(50, int(200 * BLOCK_SECONDS / (time.monotonic() - start)))

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)

    def median(self):
        return statistics.median(self.costs)

    def cell(self):
        return "%.1f (%.1f to %.1f)" % (self.median(), min(self.costs), max(self.costs))


def commands(build):
    """Those of the contestants that are there, the floor and ours first."""
    built = build / "bench"
    all_of_them = {"floor": [built / "client_floor"], "skua": [built / "client_skua"],
                   AGAIN: [built / "client_skua"], "libcurl": [built / "client_curl"],
                   "http.client": [sys.executable, BENCH / "client_python.py"]}
    return {name: list(map(str, command)) for name, command in all_of_them.items()
            if pathlib.Path(command[-1]).exists()}


def compare(build, workload, arguments, rounds):
    """Blocks of the contestants in turn, each on a connection of its own."""
    clients = [Client(name, command + arguments, workload.length)
               for name, command in commands(build).items()]
    requests = max(client.warm_up() for client in clients[:2])
    for _ in range(rounds):
        for client in clients:
            client.costs.append(client.block(requests))
    for client in clients:
        client.close()
    floor, ours = clients[:2]
    print("%s: at most %.2f x the floor" % (workload.title, workload.most))
    for client in clients:
        ratio = "" if client is floor else "%5.2f x the floor" % (client.median() / floor.median())
        if client not in (floor, ours):
            ratio += ", skua %.2f of it" % (ours.median() / client.median())
        print("    %-12s %-30s %s" % (client.name, client.cell(), ratio), flush=True)


def write_fields(path):
    """A reply with as many fields as a large site sends."""
    fields = ["Content-Type: text/plain", "Content-Length: 13"]
    fields += ["X-Field-%02d: a value of a usual length" % i for i in range(len(fields), FIELDS)]
    path.write_text("HTTP/1.1 200 OK\r\n%s\r\n\r\nHello, World!" % "\r\n".join(fields), newline="")


@contextlib.contextmanager
def places(place):
    """Where each kind of server is: what a client is told, ahead of a path."""
    data, fields = place.scratch / "data", place.scratch / "fields"
    write_fields(fields)
    large = [sys.executable, str(BENCH / "lib" / "large.py")]
    with skua(place.build, place.folder) as (_, port), \
            skua(place.build, place.folder, "--tls", XDG_DATA_HOME=str(data)) as (_, tls_port), \
            start_floor(["reply", fields], False, place) as floor, \
            process(large, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        yield {"files": ["http://127.0.0.1:%d/" % port],
               "tls": ["https://127.0.0.1:%d/" % tls_port, str(data / "skua" / "ca.pem")],
               "fields": ["http://127.0.0.1:%d/" % floor.port],
               "large": ["http://127.0.0.1:%d/" % int(child.stdout.readline())]}


def measure(place, rounds):
    print("== CPU of a client, us a request: median (least to most)")
    with places(place) as where:
        for workload in WORKLOADS:
            base, *more = where[workload.server]
            compare(place.build, workload, [base + workload.path] + more, rounds)
