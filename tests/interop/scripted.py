"""A server that reads one request on each connection and answers with bytes from a script."""

import socket
import struct
import threading

WAIT = 30

# What an answer may hold beside bytes.
RESET = object()  # close the connection with a RST
HOLD = object()  # say nothing more until the client has closed


def read_request(connection):
    """The head of a request, and the body that its Content-Length announces."""
    got = b""
    while b"\r\n\r\n" not in got:
        piece = connection.recv(65536)
        if not piece:
            return got
        got += piece
    head, _, body = got.partition(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    while len(body) < length:
        piece = connection.recv(65536)
        if not piece:
            break
        body += piece
    return head + b"\r\n\r\n" + body


class Peer:
    """Answers the nth connection with the nth answer: bytes, or a list of bytes (each sent by
    itself) and of the words above. `context`: an SSLContext. `requests` is what was received."""

    def __init__(self, *answers, context=None, unwrap=True, family=socket.AF_INET):
        self.answers = answers
        self.context = context
        self.unwrap = unwrap
        self.requests = []
        self.errors = []
        address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
        self.listener = socket.create_server((address, 0), family=family)
        self.listener.settimeout(WAIT)
        self.port = self.listener.getsockname()[1]
        self.host = "127.0.0.1"
        scheme = "https" if context else "http"
        self.url = "%s://127.0.0.1:%d/" % (scheme, self.port)
        self.thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # Wakes an accept that nobody came to.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(WAIT)
        self.listener.close()
        assert not self.thread.is_alive()

    @property
    def request(self):
        return self.requests[0]

    def _run(self):
        for answer in self.answers:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(WAIT)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                self._play(connection, answer)
            except OSError as error:
                self.errors.append(error)
            finally:
                connection.close()

    def _play(self, connection, answer):
        self.requests.append(read_request(connection))
        for piece in [answer] if isinstance(answer, bytes) else answer:
            if piece is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if piece is HOLD:
                while connection.recv(65536):
                    pass
                return
            connection.sendall(piece)
        if self.context and self.unwrap:
            connection.unwrap()
