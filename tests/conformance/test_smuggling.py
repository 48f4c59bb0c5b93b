"""What one server lets through and another reads otherwise is how requests are smuggled (RFC 9112
11.2). Here nginx and HAProxy stand in front of skua, over connections that they keep, and are sent
what cases_framing.py and cases_fields.py hold, each with a second request behind it.

Both sides write down which requests they have seen. None may be seen behind that was not seen in
front, none more often than there, and whoever asks next gets the answer to what he asked.
"""

import collections
import concurrent.futures
import contextlib
import json
import os
import re
import shutil
import socket

import pytest

import cases_fields
import cases_framing
import exchange
from suite import Handlers
from tables import AWAIT, HALF

from processes import Process

NGINX = """
daemon off;
worker_processes 1;
{user}
pid "{folder}/pid";
error_log stderr crit;
events {{ }}
http {{
    log_format seen '$request_method $request_uri';
    access_log "{folder}/log" seen;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    upstream behind {{
        server {host}:{port};
        keepalive 4;
    }}
    server {{
        listen 127.0.0.1:{front};
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_next_upstream off;
            proxy_ignore_client_abort on;
        }}
    }}
}}
"""
HAPROXY = """
global
    # Of two threads that write to the log in the same moment, one may drop its line.
    nbthread 1
    # Not a pipe: what does not fit there is dropped.
    log fd@{log} format raw local0
defaults
    mode http
    log global
    # Without the status it would write a line at the request's begin and one at its end.
    log-format "seen %HM %HU %ST"
    timeout client 10s
    timeout server 10s
    timeout connect 10s
    retries 0
    http-reuse always
frontend front
    bind fd@{fd}
    default_backend behind
backend behind
    server skua {host}:{port}
"""


def find(program):
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not path:
        pytest.skip("there is no " + program)
    return path


@contextlib.contextmanager
def nginx(folder, listener, behind):
    """Yields what returns the requests that it has seen, once it has ended."""
    program, config = find("nginx"), folder / "conf"
    config.write_text(NGINX.format(user="user root;" if os.geteuid() == 0 else "", folder=folder,
                                   front=listener.getsockname()[1], host=behind[0], port=behind[1]))
    process = Process([program, "-c", str(config), "-p", str(folder), "-e", "stderr"],
                      pass_fds=[listener.fileno()],
                      env={**os.environ, "NGINX": "%d;" % listener.fileno()})
    listener.close()
    try:
        yield lambda: (folder / "log").read_text("latin-1").splitlines()
    finally:
        process.stop()


@contextlib.contextmanager
def haproxy(folder, listener, behind):
    program, config = find("haproxy"), folder / "conf"
    with open(folder / "log", "ab") as log:
        config.write_text(HAPROXY.format(fd=listener.fileno(), log=log.fileno(), host=behind[0],
                                         port=behind[1]))
        process = Process([program, "-db", "-f", str(config)],
                          pass_fds=[listener.fileno(), log.fileno()])
    listener.close()
    try:
        yield lambda: re.findall(r"^seen (.*) -?\d+$", (folder / "log").read_text("latin-1"), re.M)
    finally:
        process.stop()


# ---- what is sent ----

def mutations():
    """Pairs of a name and the bytes, in which each request names its case."""
    tables = [*cases_framing.TABLES[1:], cases_fields.lines, cases_fields.values,
              cases_fields.folded]
    cases = [case for table in tables for case in table.list]
    for number, case in enumerate(cases):
        data = b"".join(piece for piece in case.pieces if piece not in (HALF, AWAIT))
        # Within a body a name must not become longer.
        data = data.replace(b"/smuggled", b"/s%07d" % number).replace(b"/hello.txt", b"/line")
        for target in (b"/echo", b"/small", b"/line"):
            data = data.replace(target + b" ", target + b"?c=%d " % number)
        yield case.name, data


MUTATIONS = list(mutations())


def attack(address, data):
    """Send it, and read whatever comes."""
    with contextlib.suppress(OSError):
        with socket.create_connection(address, 20) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass


def ask(address, number):
    """What anybody else gets who asks behind it."""
    dialogue = exchange.Dialogue(address, 20)
    dialogue.send(b"GET /any/%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % number, False)
    dialogue.receive_until(lambda d: d.final)
    dialogue.socket.close()
    return [(r.status, r.body.rpartition(b" ")[2]) for r in dialogue.final]


def seen_behind(log):
    """Skua's log: a request that it could not read has no target."""
    lines = [json.loads(line) for line in log.read_text("latin-1").splitlines()]
    return ["%s %s" % (line["method"], line["target"]) if "target" in line else None
            for line in lines]


@pytest.mark.parametrize("front", [nginx, haproxy], ids=["nginx", "haproxy"])
def test_nothing_is_smuggled(front, tmp_path):
    listener = socket.create_server(("127.0.0.1", 0), backlog=256)
    address = listener.getsockname()
    answers = []
    with listener, Handlers(tmp_path / "behind") as behind:
        with front(tmp_path, listener, behind.address) as seen_in_front:

            def run(number):
                attack(address, MUTATIONS[number][1])
                return ask(address, number)
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(run, range(len(MUTATIONS))))
    in_front = collections.Counter(seen_in_front())
    requests = seen_behind(tmp_path / "behind")
    behind_it = collections.Counter(r for r in requests if r)
    for number, (name, _) in enumerate(MUTATIONS):
        assert answers[number] == [(200, b"/any/%d" % number)], name
    assert not behind_it - in_front
    # Those that skua could not read, too.
    assert len(requests) <= sum(in_front.values())
    # What is well-formed gets through, and so does what follows it.
    assert behind_it["POST /echo?c=0"] == behind_it["GET /line?c=0"] == 1
