"""What the server costs: allocations, system calls, memory, CPU."""

import collections
import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import time

from processes import cpu_seconds, free_port, pinned, process, pss, skua

REQUEST = b"GET /small.txt HTTP/1.1\r\nHost: localhost\r\n\r\n"
CONNECTIONS = 64


@contextlib.contextmanager
def nginx(folder, scratch):
    """nginx with one worker process; gives the worker's pid and the port."""
    port = free_port()
    (scratch / "nginx.conf").write_text(f"""
        user root; worker_processes 1; daemon off; pid {scratch}/nginx.pid; error_log {scratch}/error.log;
        events {{ worker_connections 20000; }}
        http {{ access_log off; keepalive_requests 1000000000; sendfile on; tcp_nopush on;
            open_file_cache max=1000; client_body_temp_path {scratch}/b; proxy_temp_path {scratch}/p;
            fastcgi_temp_path {scratch}/f; uwsgi_temp_path {scratch}/u; scgi_temp_path {scratch}/s;
            server {{ listen 127.0.0.1:{port}; root {folder}; }} }}""")
    with process(["nginx", "-p", str(scratch), "-c", str(scratch / "nginx.conf")],
                 stderr=subprocess.DEVNULL) as child:
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.02)
        children = pathlib.Path(f"/proc/{child.pid}/task/{child.pid}/children").read_text().split()
        yield int(children[0]), port


# ---- one warm request ----

def read_reply(sock, pending):
    """Read one reply with a Content-Length; `pending` holds what came beyond it."""
    while b"\r\n\r\n" not in pending:
        pending += sock.recv(65536)
    head, _, rest = pending.partition(b"\r\n\r\n")
    length = int(re.search(rb"(?i)content-length: (\d+)", head).group(1))
    while len(rest) < length:
        rest += sock.recv(65536)
    return rest[length:]


def ask(socks, count):
    for i in range(count):
        socks[i % len(socks)].sendall(REQUEST)
        read_reply(socks[i % len(socks)], b"")


def ask_at_once(socks, rounds):
    """All connections ask before any answer is read: the server finds them ready together."""
    for _ in range(rounds):
        for sock in socks:
            sock.sendall(REQUEST)
        for sock in socks:
            read_reply(sock, b"")


def system_calls(build, folder, scratch):
    if not shutil.which("strace"):
        print("strace is not installed: not measured")
        return
    with skua(build, folder) as (pid, port):
        socks = [socket.create_connection(("127.0.0.1", port)) for _ in range(CONNECTIONS)]
        ask(socks, 10 * CONNECTIONS)
        log = scratch / "strace"
        tracer = subprocess.Popen(["strace", "-f", "-p", str(pid), "-o", str(log)],
                                  stderr=subprocess.PIPE, text=True)
        tracer.stderr.readline()  # "Process ... attached"
        rounds = 10
        ask_at_once(socks, rounds)
        tracer.send_signal(signal.SIGINT)
        tracer.wait(10)
        for sock in socks:
            sock.close()
    calls = collections.Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.M))
    requests = rounds * CONNECTIONS
    waits = calls.pop("epoll_wait", 0) + calls.pop("epoll_pwait", 0)
    calls.pop("restart_syscall", None)
    total = sum(calls.values())
    print(f"{total / requests:.2f} a request beside the shared wait, over {requests} requests: " +
          ", ".join(f"{name} {n}" for name, n in calls.most_common()) + f"; epoll_wait {waits}")


# ---- memory ----

def idle_memory(name, pid, port, count):
    before = pss(pid)
    socks = []
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.sendall(REQUEST)
        read_reply(sock, b"")
        socks.append(sock)
    grown = pss(pid) - before
    for sock in socks:
        sock.close()
    print(f"{name:8} {grown / count:8.0f} bytes a connection, {count} connections")


# ---- CPU ----

def load(port, path, seconds):
    output = subprocess.run(
        ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", f"http://127.0.0.1:{port}{path}"],
        preexec_fn=pinned(1), capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        sys.exit("bench: errors under load\n" + output)
    return int(re.search(r"(\d+) requests in", output).group(1))


def compare(servers, path, rounds):
    """servers: {name: (pid, port)}. Blocks of the contestants in turn."""
    costs = {name: [] for name in servers}
    for pid, port in servers.values():
        load(port, path, 1)
    for _ in range(rounds):
        for name, (pid, port) in servers.items():
            before = cpu_seconds(pid)
            requests = load(port, path, 2)
            if requests:  # else the machine had no time for the block
                costs[name].append((cpu_seconds(pid) - before) / requests * 1e6)
    base = statistics.median(costs["skua"])
    for name, values in costs.items():
        middle = statistics.median(values)
        print(f"{path:12} {name:8} {middle:7.2f} us CPU a request "
              f"({min(values):.2f} to {max(values):.2f}), {middle / base:.2f} x skua")


def measure(build, folder, scratch, options):
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    idle = min(options.idle, hard - 100)
    print("== allocations of a warm keep-alive request")
    subprocess.run([str(build / "bench" / "allocations")], check=True)
    print("== system calls of a warm keep-alive request")
    system_calls(build, folder, scratch)
    print("== memory of an idle connection")
    with skua(build, folder) as (pid, port):
        idle_memory("skua", pid, port, idle)
    if not shutil.which("nginx") or not shutil.which("wrk"):
        print("nginx or wrk is not installed: nothing to compare with")
        return
    with nginx(folder, scratch) as (pid, port):
        idle_memory("nginx", pid, port, idle)
    print("== CPU, one worker each")
    with skua(build, folder) as ours, nginx(folder, scratch) as theirs:
        for path in ("/small.txt", "/64k.bin"):
            compare({"skua": ours, "nginx": theirs}, path, options.rounds)
