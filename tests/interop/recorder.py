"""A server that keeps connections and answers each path with its bytes, and remembers who asked
what on which connection."""

import socket
import threading

WAIT = 30


def reply(body=b"", status="200 OK", *fields):
    """A response with a Content-Length."""
    head = ["HTTP/1.1 " + status, "Content-Length: %d" % len(body), *fields]
    return "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body


class Request:
    """One request: `fields` is a list of pairs, `body` without its chunks."""

    def __init__(self, connection, line, fields, body):
        self.connection = connection
        self.method, self.target, self.version = line.split(" ")
        self.fields = fields
        self.body = body

    def __getitem__(self, name):
        """The value of a field; None where there is none."""
        values = [v for k, v in self.fields if k.lower() == name.lower()]
        return values[0] if values else None

    def __repr__(self):
        return "%s %s %r %r" % (self.method, self.target, self.fields, self.body)


class Recorder:
    """`answers`: from a path without its query to bytes, a list of bytes (one for each time it is
    asked for, the last for all that follow), or None, which closes the connection."""

    def __init__(self, answers, default=reply(b"ok"), context=None, unix=None):
        self.answers = answers
        self.default = default
        self.context = context
        self.requests = []
        self.tunnels = []  # the CONNECT requests
        self.connections = 0
        self.lock = threading.Lock()
        if unix:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(str(unix))
            self.listener.listen()  # without a time-out, which waits by poll: no shutdown ends that
            self.port = 0
        else:
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.listener.settimeout(WAIT)
            self.port = self.listener.getsockname()[1]
        self.url = "%s://127.0.0.1:%d" % ("https" if context else "http", self.port)
        self.open = set()
        self.thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join(WAIT)
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def forget(self):
        self.requests = []
        self.connections = 0

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            connection.settimeout(WAIT)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with self.lock:
            self.connections += 1
            number = self.connections
            self.open.add(connection)
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as reader:
                while self._exchange(connection, reader, number):
                    pass
        except OSError:
            pass

    def _exchange(self, connection, reader, number):
        line = reader.readline().decode("latin-1").rstrip("\r\n")
        if not line:
            return False
        fields = []
        for field in iter(reader.readline, b"\r\n"):
            if not field:
                return False
            name, _, value = field.decode("latin-1").rstrip("\r\n").partition(":")
            fields.append((name, value.strip()))
        request = Request(number, line, fields, b"")
        if request["Expect"]:
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.body = self._body(request, reader)
        self.requests.append(request)
        answer = self._answer(request)
        if answer is None:
            return False
        connection.sendall(answer)
        return b"Connection: close" not in answer

    def _answer(self, request):
        path = request.target.partition("?")[0]
        answer = self.answers.get(path, self.default)
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        if callable(answer):
            answer = answer(request)
        if request.method == "HEAD" and answer:
            answer = answer.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
        return answer

    @staticmethod
    def _body(request, reader):
        if (request["Transfer-Encoding"] or "").lower() == "chunked":
            body = b""
            while True:
                size = int(reader.readline(), 16)
                body += reader.read(size)
                reader.readline()
                if size == 0:
                    return body
        return reader.read(int(request["Content-Length"] or 0))
