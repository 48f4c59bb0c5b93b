"""Who is measured beside whom: floors (bench/floor_*.c), our server (bench/server_skua.c) and the
peers, with their configurations in bench/peers."""

import contextlib
import dataclasses
import pathlib
import shutil
import socket
import subprocess
import sys
import time

from processes import free_port, process

PEERS = pathlib.Path(__file__).resolve().parent.parent / "peers"
STARTS_WITHIN = 10  # seconds


@dataclasses.dataclass
class Place:
    """What there is for servers to serve, and where they may write."""
    build: pathlib.Path
    scratch: pathlib.Path
    folder: pathlib.Path
    certificate: pathlib.Path
    key: pathlib.Path
    bundle: pathlib.Path  # both in one


@dataclasses.dataclass
class Running:
    name: str
    pid: int
    port: int
    tls_port: int


@dataclasses.dataclass
class Peer:
    name: str
    needs: str      # a program, below bench/ of the build or the system's
    config: str     # a file in bench/peers; "": none
    command: list
    serves: tuple = ("hello", "files")
    tls: bool = True


PEER_LIST = (
    Peer("nginx", "nginx", "nginx.conf", ["nginx", "-p", "@SCRATCH@", "-c", "@CONFIG@"],
         ("hello", "files", "upload")),
    Peer("h2o", "h2o", "h2o.conf", ["h2o", "-c", "@CONFIG@"]),
    Peer("lighttpd", "lighttpd", "lighttpd.conf", ["lighttpd", "-D", "-f", "@CONFIG@"]),
    Peer("haproxy", "haproxy", "haproxy.cfg", ["haproxy", "-db", "-f", "@CONFIG@"], ("hello",)),
    Peer("caddy", "caddy", "Caddyfile",
         ["caddy", "run", "--adapter", "caddyfile", "--config", "@CONFIG@"]),
    Peer("mhd", "bench/peer_microhttpd", "", ["@BUILD@/bench/peer_microhttpd", "@PORT@"],
         ("hello", "upload"), False),
    Peer("python", "/usr/bin/python3", "", ["/usr/bin/python3", str(PEERS / "python_server.py"),
                                            "@PORT@"], ("hello",), False),
)


def is_there(peer, build):
    return bool(shutil.which(peer.needs) or (build / peer.needs).exists())


def fill(text, values):
    for name, value in values.items():
        text = text.replace("@" + name + "@", str(value))
    return text


def await_port(port, child, name):
    end = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < end and child.poll() is None:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        time.sleep(0.02)
    sys.exit("bench: %s did not start" % name)


@contextlib.contextmanager
def start(name, command, ports, log, pin=True):
    """A server that is told its ports; they take connections when it is given."""
    with open(log, "w") as output, \
            process(command, pin, stdout=output, stderr=subprocess.STDOUT) as child:
        for port in ports:
            await_port(port, child, "%s (%s)" % (name, log))
        yield child.pid


@contextlib.contextmanager
def start_peer(peer, place):
    home = place.scratch / peer.name
    home.mkdir(exist_ok=True)
    values = {"PORT": free_port(), "TLS_PORT": free_port(), "SCRATCH": home, "BUILD": place.build,
              "FOLDER": place.folder, "CERTIFICATE": place.certificate, "KEY": place.key,
              "BUNDLE": place.bundle, "CONFIG": home / "config"}
    if peer.config:
        (home / "config").write_text(fill((PEERS / peer.config).read_text(), values))
    command = [fill(part, values) for part in peer.command]
    ports = [values["PORT"]] + ([values["TLS_PORT"]] if peer.tls else [])
    with start(peer.name, command, ports, home / "log") as pid:
        yield Running(peer.name, pid, values["PORT"], values["TLS_PORT"])


@contextlib.contextmanager
def start_skua(name, place, workers=1, pin=True):
    port, tls_port = free_port(), free_port()
    command = [place.build / "bench" / "server_skua", port, tls_port, place.folder,
               place.certificate, place.key, workers]
    with start(name, [str(part) for part in command], (port, tls_port),
               place.scratch / (name.replace(" ", "_") + ".log"), pin) as pid:
        yield Running(name, pid, port, tls_port)


@contextlib.contextmanager
def start_floor(arguments, tls, place):
    """`arguments`: what the floor's program is told behind its port and certificate."""
    port = free_port()
    program = place.build / "bench" / ("floor_server_tls" if tls else "floor_server")
    command = [program, port] + ([place.certificate, place.key] if tls else []) + arguments
    with start("floor", [str(part) for part in command], (port,),
               place.scratch / "floor.log") as pid:
        yield Running("floor", pid, port, port)
