"""What the server costs beside floors and peers: CPU and system calls a request, memory a
connection, allocations."""

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys

import contestants
from contestants import PEER_LIST, is_there, start_floor, start_peer, start_skua
from load import Load, LoadFailed, Loads, raise_limit
from processes import cpu_seconds, family, pss
from workloads import WORKLOADS

AGAIN = "skua again"  # the same server a second time: what the two differ by is noise
NOISE = 1.03
USUAL_PEERS = ("nginx", "h2o")
WARM_UP_MS = 150
TRACED_MS = 100
IDLE_HELLO = "GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


@dataclasses.dataclass
class Entry:
    """One contestant in one workload."""
    name: str
    pid: int
    load: Load
    costs: list
    calls: float = 0
    requests: int = 0
    resumed: int = 0  # of their sessions

    def median(self):
        return statistics.median(self.costs)


@dataclasses.dataclass
class Plan:
    place: contestants.Place
    rounds: int
    block_ms: int
    idle: int
    peers: list
    workloads: list


# ---- one workload ----

def measure_block(entry, workload, milliseconds):
    """Microseconds of the server's CPU a request, or a MiB."""
    before = cpu_seconds(entry.pid)
    requests, resumed = entry.load.block(milliseconds)
    entry.requests += requests
    entry.resumed += resumed
    return (cpu_seconds(entry.pid) - before) * 1e6 / requests / (workload.mib or 1)


def count_calls(entry, log):
    """System calls a request, its share in waiting included; None without strace."""
    if not shutil.which("strace"):
        return None
    pids = [part for pid in family(entry.pid) for part in ("-p", str(pid))]
    tracer = subprocess.Popen(["strace", "-c", "-f", "-o", str(log)] + pids,
                              stderr=subprocess.PIPE, text=True)
    for _ in pids[::2]:
        tracer.stderr.readline()  # "Process ... attached"
    requests, _ = entry.load.block(TRACED_MS)
    tracer.send_signal(signal.SIGINT)
    tracer.communicate(timeout=10)
    total = re.search(r"^.* total$", log.read_text(), re.M)
    return int(total.group().split()[3]) / requests if total else None


def enter(running, workload, plan, entries):
    port = running.tls_port if workload.tls else running.port
    options = list(workload.options) + (["-t"] if workload.tls else [])
    entry = Entry(running.name, running.pid,
                  Load(plan.place.build, port, workload.request(), options), [])
    try:
        entry.load.block(WARM_UP_MS)
        entries.append(entry)
    except LoadFailed:
        print("%s: left out" % running.name)


def floor_arguments(workload, place):
    kind, what = workload.floor
    return [kind, place.folder / what if kind == "file" else what]


def take_turns(entries, workload, plan):
    for _ in range(plan.rounds):
        for entry in entries:
            entry.costs.append(measure_block(entry, workload, int(plan.block_ms * workload.block)))


def print_table(workload, entries):
    floor = entries[0]
    unit = "MiB" if workload.mib else "request"
    print("== %s: %s" % (workload.name, workload.title))
    for entry in entries:
        ratio = statistics.median([a / b for a, b in zip(entry.costs, floor.costs)])
        calls = "%9.2f" % entry.calls if entry.calls is not None else "        -"
        print("%-10s %8.2f us a %s (%.2f to %.2f)  %6.2f x floor  %s calls a request" %
              (entry.name, entry.median(), unit, min(entry.costs), max(entry.costs), ratio, calls),
              flush=True)
        if "-r" in workload.options and entry.resumed < entry.requests:
            print("%-10s resumed %d of %d sessions" % ("", entry.resumed, entry.requests))


def compare(workload, servers, plan):
    """Blocks of the contestants in turn. Returns the entries, the floor first."""
    entries = []
    with start_floor(floor_arguments(workload, plan.place), workload.tls, plan.place) as floor, \
            contextlib.ExitStack() as ends:
        for running, peer in [(floor, None)] + servers:
            if peer and (workload.serves not in peer.serves or (workload.tls and not peer.tls)):
                continue
            enter(running, workload, plan, entries)
        for entry in entries:
            ends.callback(entry.load.close)
        take_turns(entries, workload, plan)
        for entry in entries:
            entry.calls = count_calls(entry, plan.place.scratch / "strace")
    print_table(workload, entries)
    return entries


# ---- all of them ----

def ratio_of(entries, name, to="floor"):
    by_name = {entry.name: entry for entry in entries}
    if name not in by_name or to not in by_name:
        return None
    return statistics.median(
        [a / b for a, b in zip(by_name[name].costs, by_name[to].costs)])


def print_summary(results, peers):
    print("== CPU time as multiples of the floor")
    print("%-12s%8s%8s%8s" % ("", "most", "skua", "again") + "".join("%10s" % p for p in peers))
    for workload, entries in results:
        line = "%-12s%8.2f" % (workload.name, workload.most)
        for name in ("skua", AGAIN):
            line += "%8.2f" % ratio_of(entries, name)
        for name in peers:
            ratio = ratio_of(entries, name)
            line += "%10.2f" % ratio if ratio else "%10s" % "-"
        noise = ratio_of(entries, AGAIN, "skua")
        if not 1 / NOISE <= noise <= NOISE:
            line += "   noisy: the same server differs by %.0f %%" % (abs(noise - 1) * 100)
        print(line)


def measure_cpu(plan):
    with contextlib.ExitStack() as stack:
        servers = [(stack.enter_context(start_skua(name, plan.place)), None)
                   for name in ("skua", AGAIN)]
        servers += [(stack.enter_context(start_peer(peer, plan.place)), peer)
                    for peer in plan.peers]
        results = [(workload, compare(workload, servers, plan)) for workload in plan.workloads]
    print_summary(results, [peer.name for peer in plan.peers])


# ---- workers ----

def measure_workers(plan):
    """One worker and two, wherever the system puts them; two loads for each, as one could not keep
    two workers busy: both would be woken for fewer requests at a time."""
    print("== two workers beside one: hello, on processors that all share")
    workload = WORKLOADS[0]
    with start_skua("1 worker", plan.place, 1, False) as one, \
            start_skua("2 workers", plan.place, 2, False) as two:
        entries = [Entry(running.name, running.pid,
                         Loads([Load(plan.place.build, running.port, workload.request(),
                                     ["-c", "32"], False) for _ in range(2)]), [])
                   for running in (one, two)]
        for entry in entries:
            entry.load.block(WARM_UP_MS)
        take_turns(entries, workload, plan)
        for entry in entries:
            entry.load.close()
    ratio = statistics.median([b / a for a, b in zip(entries[0].costs, entries[1].costs)])
    print("1 worker %.2f us a request, 2 workers %.2f: %.2f x (at most 1.05)" %
          (entries[0].median(), entries[1].median(), ratio))


# ---- memory ----

def measure_idle_of(running, tls, plan):
    """Bytes a connection that has made one exchange and rests."""
    options = ["-c", str(plan.idle)] + (["-t"] if tls else [])
    port = running.tls_port if tls else running.port
    warm = Load(plan.place.build, port, IDLE_HELLO, ["-c", "64"] + options[2:])
    warm.block(WARM_UP_MS)
    before = pss(running.pid)
    load = Load(plan.place.build, port, IDLE_HELLO, options)
    load.block(0)
    grown = pss(running.pid) - before
    load.close()
    warm.close()
    print("%-10s %8.0f bytes a connection" % (running.name, grown / plan.idle), flush=True)


def measure_idle(plan):
    for tls in (False, True):
        print("== memory (PSS) of an idle connection%s, of %d (at most %d)" %
              (" over TLS" if tls else "", plan.idle, 14800 if tls else 300))
        with start_skua("skua", plan.place) as running:
            measure_idle_of(running, tls, plan)
        for peer in plan.peers:
            if tls and not peer.tls:
                continue
            with start_peer(peer, plan.place) as running:
                try:
                    measure_idle_of(running, tls, plan)
                except LoadFailed:
                    print("%s: left out" % peer.name)


# ---- all ----

def choose_peers(build, full):
    chosen = []
    for peer in PEER_LIST:
        if not full and peer.name not in USUAL_PEERS:
            continue
        if is_there(peer, build):
            chosen.append(peer)
        else:
            print("%s is not installed: left out" % peer.name)
    return chosen


def choose_workloads(names):
    known = [workload.name for workload in WORKLOADS]
    for name in names:
        if name not in known:
            sys.exit("bench: no workload %s: there are %s" % (name, ", ".join(known)))
    return [workload for workload in WORKLOADS if not names or workload.name in names]


def measure(place, options):
    limit = raise_limit()
    plan = Plan(place, options.rounds, options.block, min(options.idle, limit - 1000),
                choose_peers(place.build, options.full), choose_workloads(options.workload))
    if not options.workload:
        print("== allocations of a warm keep-alive request")
        sys.stdout.flush()
        subprocess.run([str(place.build / "bench" / "allocations")], check=True)
    measure_cpu(plan)
    if not options.workload:
        if os.cpu_count() > 1:
            measure_workers(plan)
        measure_idle(plan)
