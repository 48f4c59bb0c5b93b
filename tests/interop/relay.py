"""A forward proxy: it opens tunnels and sends requests on. Every connection is a thread."""

import select
import socket
import threading
import urllib.parse

from scripted import WAIT, read_request


def relay(one, other):
    """Bytes both ways, until either end closes."""
    while True:
        pending = [s for s in (one, other) if getattr(s, "pending", lambda: 0)()]
        ready = pending or select.select([one, other], [], [], WAIT)[0]
        if not ready:
            return
        for source in ready:
            piece = source.recv(65536)
            if not piece:
                return
            (other if source is one else one).sendall(piece)


class Relay:
    """`heads` is what it was asked. `context`: it speaks TLS itself. `authorization`: without that
    Proxy-Authorization it answers 407. `answer`: what it says to CONNECT, in place of 200."""

    def __init__(self, context=None, authorization=None, answer=None):
        self.context = context
        self.authorization = authorization
        self.answer = answer
        self.heads = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if context else "http", self.port)
        self.threads = [threading.Thread(target=self._accept, daemon=True)]

    def __enter__(self):
        self.threads[0].start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(WAIT)
            assert not thread.is_alive()
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self.threads.append(thread)
            thread.start()

    def _serve(self, connection):
        connection.settimeout(WAIT)
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            while self._request(connection):
                pass
        except OSError:
            pass
        finally:
            connection.close()

    def _request(self, connection):
        """One request; whether another may follow."""
        request = read_request(connection)
        if not request:
            return False
        self.heads.append(request.split(b"\r\n\r\n")[0].decode("latin-1"))
        if self.authorization and not self._is_authorized():
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\n"
                               b"Proxy-Authenticate: Basic realm=\"x\"\r\n"
                               b"Content-Length: 4\r\n\r\nwho?")
            return True
        method, target, _ = self.heads[-1].split("\r\n")[0].split(" ")
        if method == "CONNECT":
            self._tunnel(connection, target)
            return False
        return self._forward(connection, target, request)

    def _is_authorized(self):
        return "proxy-authorization: %s" % self.authorization.lower() in self.heads[-1].lower()

    def _tunnel(self, connection, target):
        connection.sendall(self.answer or b"HTTP/1.1 200 Connection established\r\n\r\n")
        host, _, port = target.rpartition(":")
        with socket.create_connection((host.strip("[]"), int(port)), WAIT) as origin:
            relay(connection, origin)

    def _forward(self, connection, target, request):
        """In origin form, and without what is for the proxy (RFC 9110 7.6.1)."""
        parts = urllib.parse.urlsplit(target)
        line, _, rest = request.partition(b"\r\n")
        fields = [f for f in rest.split(b"\r\n\r\n")[0].split(b"\r\n")
                  if not f.lower().startswith(b"proxy-")]
        path = parts.path + ("?" + parts.query if parts.query else "")
        head = b"%s %s HTTP/1.1\r\n" % (line.split(b" ")[0], path.encode())
        with socket.create_connection((parts.hostname, parts.port or 80), WAIT) as origin:
            origin.sendall(head + b"\r\n".join(fields) + b"\r\n\r\n" +
                           request.partition(b"\r\n\r\n")[2])
            while piece := origin.recv(65536):
                connection.sendall(piece)
        return False
