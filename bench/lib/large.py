"""A server of a body that is larger than a file should be. Started by client.py; prints its port,
and ends when its input does."""

import socket
import sys
import threading

MIB = 1 << 20
GIB = 1 << 30
PIECE = bytes(MIB)


def serve(sock):
    pending = b""
    while data := sock.recv(65536):
        pending += data
        while b"\r\n\r\n" in pending:
            pending = pending.partition(b"\r\n\r\n")[2]
            sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % GIB)
            for _ in range(GIB // MIB):
                sock.sendall(PIECE)


def accept(listener):
    while True:
        threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()


if __name__ == "__main__":
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=accept, args=(listening,), daemon=True).start()
        print(listening.getsockname()[1], flush=True)
        sys.stdin.read()
