"""A server of canned replies, for what `skua serve` has no file for: many fields, and a body that is
larger than a file should be. Started by client.py; prints its port, and ends when its input does."""

import socket
import sys
import threading

MIB = 1 << 20
GIB = 1 << 30
FIELDS = 40


def fields_head():
    """As many as a large site sends, 13 bytes behind them."""
    own = ["Content-Type: text/plain", "Content-Length: 13", "Date: Sat, 21 Nov 2026 18:00:00 GMT"]
    more = ["X-Field-%02d: a value of a usual length, %02d" % (i, i) for i in range(FIELDS - len(own))]
    return "HTTP/1.1 200 OK\r\n%s\r\n\r\nHello, World!" % "\r\n".join(own + more)


def reply(sock, path):
    if path == b"/fields":
        sock.sendall(FIELDS_REPLY)
        return
    sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
    for _ in range(GIB // MIB):
        sock.sendall(PIECE)


def serve(sock):
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    pending = b""
    while data := sock.recv(65536):
        pending += data
        while b"\r\n\r\n" in pending:
            head, _, pending = pending.partition(b"\r\n\r\n")
            reply(sock, head.split(b" ")[1])


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


FIELDS_REPLY = fields_head().encode()
PIECE = bytes(MIB)

if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()
