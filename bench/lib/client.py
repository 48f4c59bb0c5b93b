"""What the client costs a request, beside a floor and libcurl (bench/client_*.c)."""

import contextlib
import statistics
import subprocess
import sys
import time

from processes import pinned, skua

BLOCK_SECONDS = 0.06


class Client:
    """A bench/client_*: it makes blocks of requests as it is told to."""

    def __init__(self, build, name, arguments):
        self.name = name
        self.costs = []
        self.child = subprocess.Popen([str(build / "bench" / ("client_" + name))] + arguments,
                                      preexec_fn=pinned(1), stdin=subprocess.PIPE,
                                      stdout=subprocess.PIPE, text=True)

    def block(self, requests, length):
        """Returns microseconds of CPU a request."""
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.write("%d\n" % requests)
            self.child.stdin.flush()
        answer = self.child.stdout.readline().split()
        if len(answer) != 2 or int(answer[1]) != requests * length:
            sys.exit("bench: client_%s failed" % self.name)
        return int(answer[0]) / requests

    def warm_up(self, length):
        """Returns how many requests make a block."""
        self.block(200, length)
        start = time.monotonic()
        self.block(200, length)
        return max(50, int(200 * BLOCK_SECONDS / (time.monotonic() - start)))

    def close(self):
        self.child.stdin.close()
        self.child.wait(10)

    def median(self):
        return statistics.median(self.costs)

    def cell(self):
        return "%.2f (%.2f to %.2f)" % (self.median(), min(self.costs), max(self.costs))


def compare_clients(build, arguments, length, rounds):
    """Blocks of the contestants in turn, each on a connection of its own. Returns table cells."""
    floor, ours, again = [Client(build, name, arguments) for name in ("floor", "skua", "skua")]
    clients = [floor, ours, again]
    if (build / "bench" / "client_curl").exists():
        clients.append(Client(build, "curl", arguments))
    requests = max([client.warm_up(length) for client in clients])
    for _ in range(rounds):
        for client in clients:
            client.costs.append(client.block(requests, length))
    for client in clients:
        client.close()
    peers = clients[3:]
    return [floor.cell(), ours.cell(), peers[0].cell() if peers else "-"] + [
        "%.2f" % (ours.median() / other.median()) for other in [floor] + peers + [again]]


def measure(build, folder, scratch, rounds):
    print("== CPU of a client, us a request: median (least to most); skua's ratio to each")
    line = "%-14s%-27s%-27s%-27s" + "%-8s" * 3
    print(line % ("GET", "floor", "skua", "libcurl", "/floor", "/curl", "/skua"))
    files = (("13 B", "small.txt", 13), ("1 KiB", "1k.bin", 1024), ("64 KiB", "64k.bin", 65536))
    data = scratch / "data"
    with skua(build, folder) as (_, port), \
            skua(build, folder, "--tls", XDG_DATA_HOME=str(data)) as (_, tls_port):
        for kind, base, more in (
                ("", "http://127.0.0.1:%d/" % port, []),
                (" TLS", "https://127.0.0.1:%d/" % tls_port, [str(data / "skua" / "ca.pem")])):
            for size, file, length in files:
                cells = compare_clients(build, [base + file] + more, length, rounds)
                if len(cells) < 6:
                    cells.insert(4, "-")
                print(line % (size + kind, *cells), flush=True)
