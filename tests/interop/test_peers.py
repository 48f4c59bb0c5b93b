"""`skua get` against Python's http.server and against nginx."""

import contextlib
import functools
import hashlib
import http.server
import os
import shutil
import socket
import threading

import pytest

from processes import Process


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Quiet11(Quiet):
    protocol_version = "HTTP/1.1"


class Unframed(Quiet):
    """HTTP/1.0 as it once was: the body ends where the connection does."""

    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        for number in range(1000):
            self.wfile.write(b"line %d\n" % number)


class Echo(Quiet11):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Type", self.headers["Content-Type"])
        self.end_headers()
        self.wfile.write(body)


@contextlib.contextmanager
def python_server(handler, directory):
    bound = functools.partial(handler, directory=str(directory))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), bound) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield "http://127.0.0.1:%d/" % server.server_port
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("handler, version", [(Quiet, "HTTP/1.0"), (Quiet11, "HTTP/1.1")])
def test_python(get, get_json, site, handler, version):
    with python_server(handler, site) as url:
        assert get(url + "hello.txt").out == b"hello, world\n"
        _, told = get_json(url + "page.html")
        assert (told["status"], told["version"]) == (200, version)
        fields = dict(told["fields"])
        assert list(fields)[:2] == ["Server", "Date"]
        assert fields["Content-type"] == "text/html"  # as it is spelled there
        _, told = get_json("-I", url + "hello.txt")
        assert (told["status"], told["body_bytes"]) == (200, 0)
        assert ["Content-Length", "13"] in told["fields"]
        assert get_json(url + "none")[1]["status"] == 404
        _, told = get_json(url + "sub")
        assert (told["status"], dict(told["fields"])["Location"]) == (301, "/sub/")
        assert get(url + "empty.bin").out == b""


def test_python_until_close(get_json, site):
    with python_server(Unframed, site) as url:
        _, told = get_json(url)
    body = b"".join(b"line %d\n" % n for n in range(1000))
    assert (told["body_bytes"], told["version"]) == (len(body), "HTTP/1.0")
    assert told["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_python_post(get, site):
    with python_server(Echo, site) as url:
        assert get("-d", "a=b", "-d", "c=d", url).out == b"a=b&c=d"


def test_python_big_file(get, get_json, big_file, tmp_path):
    path, digest = big_file
    with python_server(Quiet, path.parent) as url:
        _, told = get_json(url + path.name)
        assert (told["body_bytes"], told["body_sha256"]) == (100 << 20, digest)
        out = tmp_path / "out"
        assert get("-o", out, url + path.name).status == 0
        assert hashlib.sha256(out.read_bytes()).hexdigest() == digest
        out.unlink()


# ---- nginx ----

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
CONFIG = """
daemon off;
worker_processes 1;
{user}
pid "{folder}/pid";
error_log stderr crit;
events {{ }}
http {{
    access_log off;
    client_body_temp_path "{folder}/body";
    proxy_temp_path "{folder}/proxy";
    fastcgi_temp_path "{folder}/fastcgi";
    uwsgi_temp_path "{folder}/uwsgi";
    scgi_temp_path "{folder}/scgi";
    types {{ text/html html; text/plain txt; }}
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls_port} ssl;
        server_name localhost;
        ssl_certificate "{cert}";
        ssl_certificate_key "{key}";
        ssl_protocols TLSv1.2 TLSv1.3;
        root "{root}";
        location /chunked/ {{
            alias "{root}/";
            ssi on;
            ssi_types *;
            add_trailer X-Trailer "the end";
        }}
        location /big/ {{ alias "{big}/"; }}
        location /early {{ return 413 "too much\\n"; }}
        location /moved {{ return 302 /hello.txt; }}
        location /empty {{ return 204; }}
        location /drop {{ return 444; }}
    }}
    server {{
        listen 127.0.0.1:{client_port} ssl;
        ssl_certificate "{cert}";
        ssl_certificate_key "{key}";
        ssl_client_certificate "{ca}";
        ssl_verify_client on;
        location / {{ return 200 "$ssl_client_s_dn\\n"; }}
    }}
}}
"""


class Nginx:
    pass


@pytest.fixture(scope="module")
def nginx(tmp_path_factory, big_file, ca):
    if not NGINX:
        pytest.skip("there is no nginx")
    folder = tmp_path_factory.mktemp("nginx")
    root = folder / "root"
    root.mkdir()
    (root / "hello.txt").write_text("hello, world\n")
    (root / "large.bin").write_bytes(hashlib.shake_256(b"large").digest(8 << 20))
    # Its sockets are ours, bound and listening before it is started: no port is guessed, and
    # there is nothing to wait for.
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    server = Nginx()
    server.port, server.tls_port, server.client_port = [s.getsockname()[1] for s in listeners]
    server.url = "http://127.0.0.1:%d/" % server.port
    server.tls_url = "https://127.0.0.1:%d/" % server.tls_port
    server.client_url = "https://127.0.0.1:%d/" % server.client_port
    server.root = root
    (folder / "conf").write_text(CONFIG.format(
        user="user root;" if os.geteuid() == 0 else "", folder=folder, root=root,
        big=big_file[0].parent, port=server.port, tls_port=server.tls_port,
        client_port=server.client_port, cert=ca.good.cert, key=ca.good.key, ca=ca.cert))
    descriptors = [s.fileno() for s in listeners]
    process = Process([NGINX, "-c", str(folder / "conf"), "-p", str(folder), "-e", "stderr"],
                      pass_fds=descriptors,
                      env={**os.environ, "NGINX": "".join("%d;" % d for d in descriptors)})
    for listener in listeners:
        listener.close()
    yield server
    process.stop()


def test_nginx(get, get_json, nginx):
    assert get(nginx.url + "hello.txt").out == b"hello, world\n"
    _, told = get_json("-I", nginx.url + "hello.txt")
    assert (told["status"], told["body_bytes"]) == (200, 0)
    assert ["Content-Length", "13"] in told["fields"]
    assert get_json(nginx.url + "none")[1]["status"] == 404
    assert get_json(nginx.url + "moved")[1]["status"] == 302
    _, told = get_json(nginx.url + "empty")
    assert (told["status"], told["reason"], told["body_bytes"]) == (204, "No Content", 0)


def test_nginx_drops(get_json, nginx):
    got, told = get_json(nginx.url + "drop")
    assert (got.status, told["error"]["name"]) == (52, "RemoteDisconnected")


def test_nginx_chunked(get_json, nginx):
    for path in ("hello.txt", "large.bin"):
        _, told = get_json(nginx.url + "chunked/" + path)
        body = (nginx.root / path).read_bytes()
        assert ["Transfer-Encoding", "chunked"] in told["fields"]
        assert told["trailers"] == [["X-Trailer", "the end"]]
        assert told["body_sha256"] == hashlib.sha256(body).hexdigest()


def test_nginx_refuses_a_large_upload(get_json, nginx, tmp_path):
    (tmp_path / "up").write_bytes(b"x" * 20000000)
    got, told = get_json("-d", "@%s" % (tmp_path / "up"), nginx.url + "hello.txt")
    assert (got.status, told["status"]) == (0, 413)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nginx_big_file(get_json, nginx, ca, big_file, scheme):
    path, digest = big_file
    url = nginx.url if scheme == "http" else nginx.tls_url
    _, told = get_json("--cacert", ca.cert, url + "big/" + path.name)
    assert (told["body_bytes"], told["body_sha256"]) == (100 << 20, digest)


def test_nginx_tls(get, get_json, nginx, ca):
    _, told = get_json("--cacert", ca.cert, nginx.tls_url + "hello.txt")
    assert told["status"] == 200
    times = [told["timings"][k] for k in ("connect", "tls", "send", "first_byte", "head", "total")]
    assert times == sorted(times)
    got, told = get_json(nginx.tls_url + "hello.txt")
    assert (got.status, told["error"]["name"]) == (60, "SSLCertVerificationError")
    assert "TLSv1.3" in get("-v", "--cacert", ca.cert, nginx.tls_url).err


def test_nginx_tells_plain_http_from_tls(get_json, nginx):
    _, told = get_json("http://127.0.0.1:%d/" % nginx.tls_port)
    assert told["status"] == 400


def test_nginx_wants_a_certificate(get, get_json, nginx, ca):
    anonymous = ["--cacert", ca.cert, nginx.client_url]
    assert get_json(*anonymous)[1]["status"] == 400
    own = ["--cert", ca.client.cert, "--key", ca.client.key]
    assert get(*own, *anonymous).out == b"CN=client\n"
