"""What servers are asked for, and by how much of the floor's CPU time ours may exceed it."""

import dataclasses

BROWSER = """\
User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) \
Chrome/120.0.0.0 Safari/537.36
Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8
Accept-Language: en-GB,en;q=0.7,de;q=0.3
Accept-Encoding: identity
Connection: keep-alive
Upgrade-Insecure-Requests: 1
Sec-Fetch-Dest: document
Sec-Fetch-Mode: navigate
Sec-Fetch-Site: same-origin
Sec-Fetch-User: ?1
Sec-CH-UA-Platform: "Linux"
Referer: http://127.0.0.1/index.html
Cookie: session=8f3a1b2c4d5e6f708192a3b4c5d6e7f8; theme=dark
"""
MIB = 1 << 20
UPLOAD = 100 * MIB


@dataclasses.dataclass
class Workload:
    name: str
    title: str
    floor: list       # arguments of the floor's program; the last may be a file of the folder
    most: float       # times the floor
    path: str = "/hello"
    fields: str = ""  # of the request, beside Host
    options: tuple = ("-c", "64")  # of bench/load
    tls: bool = False
    mib: int = 0      # moved by a request: costs are per MiB; 0: per request
    block: float = 1  # times the usual length

    @property
    def serves(self):
        return {"h": "hello", "f": "files", "u": "upload"}[self.path[1]]

    @property
    def upload(self):
        return self.path == "/upload"

    def request(self):
        lines = ["%s %s HTTP/1.1" % ("PUT" if self.upload else "GET", self.path),
                 "Host: 127.0.0.1"] + self.fields.splitlines()
        if self.upload:
            lines.append("Content-Length: %d" % UPLOAD)
        if "-n" in self.options or "-r" in self.options:
            lines.append("Connection: close")
        return "\r\n".join(lines) + "\r\n\r\n"


FEW = ("-c", "4")
WORKLOADS = (
    Workload("hello", "13 bytes, kept alive, 64 connections", ["canned", 13], 1.12),
    Workload("browser", "the same, asked for with a browser's head", ["canned", 13], 1.25,
             fields=BROWSER),
    Workload("pipelined", "the same, 16 requests at once", ["canned", 13], 2.5,
             options=("-c", "64", "-d", "16")),
    Workload("tls", "13 bytes over TLS 1.3, kept alive, 64 connections", ["canned", 13], 1.18,
             tls=True),
    Workload("1k", "a file of 1 KiB", ["canned", 1024], 1.2, path="/files/1k.bin"),
    Workload("64k", "a file of 64 KiB", ["file", "64k.bin"], 1.1, path="/files/64k.bin"),
    Workload("10m", "a file of 10 MiB, per MiB", ["file", "10m.bin"], 1.05, path="/files/10m.bin",
             options=FEW, mib=10, block=3),
    Workload("10m-tls", "the same over TLS, per MiB", ["file", "10m.bin"], 0.9,
             path="/files/10m.bin", options=FEW, tls=True, mib=10, block=3),
    Workload("close", "13 bytes, a new connection for each", ["close", 13], 1.15,
             options=("-c", "16", "-n")),
    Workload("handshake", "the same over TLS: a full handshake", ["close", 13], 1.0,
             options=("-c", "8", "-n"), tls=True),
    Workload("resumed", "the same over TLS, the session resumed", ["close", 13], 1.0,
             options=("-c", "8", "-r"), tls=True),
    Workload("upload", "a body of 100 MiB, dropped, per MiB", ["upload", UPLOAD], 1.1,
             path="/upload", options=("-c", "1", "-u", str(UPLOAD)), mib=100, block=3),
)
