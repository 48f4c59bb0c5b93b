"""What the tests of the examples share: how one is run, and peers for it."""

import contextlib
import http.server
import os
import pathlib
import shutil
import ssl
import subprocess
import threading

import pytest

EXAMPLES = pathlib.Path(os.environ["SKUA_BUILD_DIR"]) / "examples"


def run_example(name, *arguments, **options):
    return subprocess.run([EXAMPLES / name, *arguments], capture_output=True, timeout=30, **options)


class Recorder(http.server.BaseHTTPRequestHandler):
    """Keeps what it was sent, and answers with it."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def read_body(self):
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def answer(self):
        self.server.seen = (self.command, self.path, dict(self.headers.items()), self.read_body())
        self.server.ports.append(self.client_address[1])
        status = int(self.path[8:]) if self.path.startswith("/status/") else 200
        self.send_response(status)
        body = b"got " + self.server.seen[3]
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = do_PUT = answer


@contextlib.contextmanager
def recording(certificate=None):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as server:
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        server.ports = []
        server.url = "http%s://127.0.0.1:%d" % ("s" if certificate else "", server.server_port)
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def run():
    return run_example


@pytest.fixture
def peer():
    with recording() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A file with a certificate for 127.0.0.1, signed by itself, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    path = tmp_path_factory.mktemp("certificate") / "cert.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=example",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out",
                    "%s.cert" % path], check=True, capture_output=True, timeout=30)
    with open(path, "a") as file:
        file.write(pathlib.Path("%s.cert" % path).read_text())
    return path


@pytest.fixture
def secure_peer(certificate):
    with recording(certificate) as server:
        yield server
