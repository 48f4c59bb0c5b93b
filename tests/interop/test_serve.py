"""`skua serve` with Python's http.client, and its command line, log and signals."""

import calendar
import hashlib
import http.client
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

import pytest

from processes import Serving


def serve_and_fail(skua, *arguments, **options):
    return subprocess.run([skua, "serve", *map(str, arguments)], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=30, **options)


# ---- files ----


def test_files_have_types_and_validators(serve, site, http_get):
    server = serve(site)
    for name, media_type in [("hello.txt", "text/plain"), ("page.html", "text/html"),
                             ("sub/inner.css", "text/css"),
                             ("empty.bin", "application/octet-stream")]:
        status, fields, body = http_get(server, "/" + name)
        assert (status, body) == (200, (site / name).read_bytes())
        assert fields["Content-Type"].split(";")[0] == media_type
        assert fields["Content-Length"] == str(len(body))
        assert re.fullmatch(r'(W/)?"[^"]+"', fields["ETag"])
        assert fields["Last-Modified"].endswith(" GMT")


def test_conditions(serve, site, http_get):
    server = serve(site)
    _, fields, _ = http_get(server, "/hello.txt")
    for condition in ({"If-None-Match": fields["ETag"]}, {"If-None-Match": "*"},
                      {"If-None-Match": '"x", ' + fields["ETag"]},
                      {"If-Modified-Since": fields["Last-Modified"]}):
        status, not_modified, body = http_get(server, "/hello.txt", headers=condition)
        assert (status, body) == (304, b"")
        assert not_modified["ETag"] == fields["ETag"]
    for condition in ({"If-None-Match": '"other"'}, {"If-Modified-Since": "nonsense"},
                      {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:01 GMT"},
                      {"If-None-Match": '"other"', "If-Modified-Since": fields["Last-Modified"]}):
        assert http_get(server, "/hello.txt", headers=condition)[0] == 200


def test_a_changed_file_has_other_validators(serve, site, http_get):
    server = serve(site)
    tag = http_get(server, "/hello.txt")[1]["ETag"]
    (site / "hello.txt").write_text("hello, other world\n")
    status, fields, body = http_get(server, "/hello.txt", headers={"If-None-Match": tag})
    assert (status, body) == (200, b"hello, other world\n")
    assert fields["ETag"] != tag


def test_head(serve, site, http_get):
    server = serve(site)
    status, fields, body = http_get(server, "/hello.txt", "HEAD")
    assert (status, body, fields["Content-Length"]) == (200, b"", "13")
    get_fields = http_get(server, "/hello.txt")[1]
    fields.pop("Date"), get_fields.pop("Date")
    assert fields == get_fields


@pytest.mark.parametrize("path", ["/none", "/hello.txt/", "/hello.txt/x", "/.hidden", "/link out",
                                  "/sub/none", "/HELLO.TXT", "/..", "/../outside.txt",
                                  "/sub/../../outside.txt", "/%2e%2e/outside.txt",
                                  "/..%2foutside.txt", "/%2e%2e%2foutside.txt", "//outside.txt",
                                  "/..%5coutside.txt", "/hello.txt%00.html", "/%00"])
def test_what_is_not_served(serve, site, http_get, path):
    status, _, body = http_get(serve(site), path.replace(" ", "%20"))
    assert 400 <= status < 500
    assert b"outside" not in body.replace(b"outside.txt", b"") and body != b"hidden"


def test_a_link_within_is_served(serve, site, http_get):
    assert http_get(serve(site), "/link%20in")[0::2] == (200, b"hello, world\n")


def test_redirect_to_the_slash(serve, site, http_get):
    server = serve(site)
    for path, there in [("/sub", "/sub/"), ("/sub?q=1", "/sub/?q=1"),
                        ("/with%20index", "/with%20index/")]:
        status, fields, _ = http_get(server, path)
        assert status in (301, 308)
        assert urllib.parse.urljoin(server.url, fields["Location"]) == \
            urllib.parse.urljoin(server.url, there)


def test_a_redirect_stays_here(serve, site, http_get):
    """A path of two slashes is no other host."""
    (site / "evil.example").mkdir()
    status, fields, _ = http_get(serve(site), "//evil.example")
    assert not fields.get("Location", "").startswith("//")


def test_index(serve, site, http_get):
    status, fields, body = http_get(serve(site), "/with%20index/")
    assert (status, body) == (200, b"<p>the index")
    assert fields["Content-Type"].startswith("text/html")


def test_listing(serve, site, http_get):
    """It names what there is, escaped for HTML, with links that lead there."""
    server = serve(site)
    status, fields, body = http_get(server, "/")
    page = body.decode("utf-8")
    assert (status, fields["Content-Type"]) == (200, "text/html; charset=utf-8")
    links = [h for h in re.findall(r'<td><a href="([^"]*)"', page)]
    names = {urllib.parse.unquote(link) for link in links}
    assert names >= {"hello.txt", "empty.bin", "sub/", "with index/", "sp ace%20.txt",
                     "\u00fcml\u00e4ut <&>\".txt"}
    assert ".hidden" not in page and "outside" not in page
    assert "<&>" not in page
    for link in links:
        path = urllib.parse.urljoin("/", link)
        if "link%20out" not in path:
            assert http_get(server, path)[0] == 200, path
    assert http_get(server, "/", "HEAD")[0::2] == (200, b"")


def test_keep_alive(serve, site):
    server = serve(site)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.connect()
    local = connection.sock.getsockname()
    for method, path, status in [("GET", "/hello.txt", 200), ("HEAD", "/hello.txt", 200),
                                 ("GET", "/none", 404), ("GET", "/sub", 301), ("GET", "/", 200),
                                 ("POST", "/hello.txt", 405), ("GET", "/hello.txt", 200)] * 3:
        connection.request(method, path)
        answer = connection.getresponse()
        assert answer.status == status
        answer.read()
        assert connection.sock and connection.sock.getsockname() == local
    connection.close()


def test_a_big_file(serve, big_file):
    path, digest = big_file
    server = serve(path.parent)
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    for _ in range(2):
        connection.request("GET", "/" + path.name)
        answer = connection.getresponse()
        got = hashlib.sha256()
        while piece := answer.read(1 << 20):
            got.update(piece)
        assert got.hexdigest() == digest
    connection.close()


def test_a_file_past_four_gigabytes(serve, tmp_path, http_get):
    size = (1 << 32) + 12345
    with open(tmp_path / "sparse", "wb") as sparse:
        sparse.truncate(size)
    assert http_get(serve(tmp_path), "/sparse", "HEAD")[1]["Content-Length"] == str(size)


def test_clients_at_once(serve, site):
    server = serve("--threads", "2", site)
    failed = []

    def ask():
        try:
            connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
            for _ in range(20):
                connection.request("GET", "/hello.txt")
                assert connection.getresponse().read() == b"hello, world\n"
            connection.close()
        except Exception as error:  # told below, in the main thread
            failed.append(error)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    server.stop()
    assert len([line for line in server.lines if " 200 13" in line]) == 400


def test_a_client_that_goes_away_harms_nobody(serve, big_file, http_get):
    server = serve(big_file[0].parent)
    for _ in range(5):
        with server.connect() as connection:
            connection.sendall(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % big_file[0].name.encode())
            connection.recv(1000)
    assert http_get(server, "/")[0] == 200


# ---- the command line ----


def test_the_start_line_names_where(serve, site):
    server = serve(site)
    assert server.directory == str(site)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/", server.url)


def test_the_current_directory_is_served(serve, site, http_get):
    server = serve(cwd=site)
    assert server.directory == "."
    assert http_get(server, "/hello.txt")[0] == 200


@pytest.mark.parametrize("arguments", [["-d", "SITE"], ["--directory", "SITE"],
                                       ["--directory=SITE", "-b", "127.0.0.1"], ["-q", "SITE"]])
def test_flags_of_python(serve, site, http_get, arguments):
    server = serve(*[a.replace("SITE", str(site)) for a in arguments])
    assert http_get(server, "/hello.txt")[0] == 200


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize("arguments", [["PORT"], ["SITE", "PORT"], ["PORT", "SITE"],
                                       ["-p", "PORT", "SITE"], ["-pPORT"], ["--port=PORT", "-q"]])
def test_ports(skua, site, http_get, arguments):
    for left in reversed(range(3)):
        port = free_port()
        given = [a.replace("SITE", str(site)).replace("PORT", str(port)) for a in arguments]
        try:
            server = Serving([skua, "serve", *given], cwd=site)
            break
        except AssertionError as error:  # somebody else has taken it meanwhile
            if not left or "in use" not in str(error):
                raise
    try:
        assert server.port == port
        assert http_get(server, "/hello.txt")[0] == 200
    finally:
        server.stop()


def test_a_directory_named_like_a_port(serve, tmp_path, http_get):
    (tmp_path / "8080").mkdir()
    (tmp_path / "8080" / "inner").write_text("x")
    server = serve("8080", cwd=tmp_path)
    assert server.directory == "8080"
    assert http_get(server, "/inner")[0] == 200


@pytest.mark.parametrize("address, expected", [
    ("localhost", r"http://(localhost|127\.0\.0\.1|\[::1\]):\d+/"),
    ("0.0.0.0", r"http://0\.0\.0\.0:\d+/"),
    ("*", r"http://(\*|\[::\]|0\.0\.0\.0):\d+/"),
    ("::1", r"http://\[::1\]:\d+/"),
    ("[::1]", r"http://\[::1\]:\d+/"),
])
def test_addresses(serve, site, address, expected):
    if "::1" in address and not has_v6():
        pytest.skip("no IPv6 here")
    server = serve("--bind", address, site)
    assert re.fullmatch(expected, server.url)
    host = "::1" if "::1" in address else "127.0.0.1"
    if "localhost" not in address:
        socket.create_connection((host, server.port), 10).close()


def has_v6():
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


def test_only_this_machine_by_default(serve, site):
    server = serve(site)
    assert server.host == "127.0.0.1"
    server.wait_for("--bind")


@pytest.mark.parametrize("arguments, status, message", [
    (["/nonexistent"], 1, "/nonexistent"),
    (["-p", "99999"], 2, "--port: '99999' is no number from 0 to 65535"),
    (["-p", "http"], 2, "--port: 'http'"),
    (["99999"], 2, "99999 is no port"),
    (["8080", "8081"], 2, "8081 is a second port"),
    (["-p", "1", "8081"], 2, "8081 is a second port"),
    ([".", "/tmp"], 2, "/tmp is a second directory"),
    (["-d", ".", "/tmp"], 2, "/tmp is a second directory"),
    (["--foo"], 2, "unknown option --foo (see skua serve --help)"),
    (["--tls", "--tls-cert", "x"], 2, "--tls makes a certificate, --tls-cert brings one"),
    (["--tls-key", "x"], 2, "--tls-key needs --tls-cert"),
    (["--tls-password-file", "x"], 2, "--tls-password-file needs --tls-cert"),
    (["-p", "0", "--bind", "192.0.2.1"], 1, "192.0.2.1"),
    (["-p", "0", "--bind", "a b"], 1, "a b"),
    (["-p", "0", "--bind", "%s.invalid" % ("a" * 70)], 1, "invalid"),
    (["-p", "0", "--tls-cert", "/nonexistent/c"], 1, "/nonexistent/c"),
])
def test_what_cannot_be_served(skua, tmp_path, arguments, status, message):
    done = serve_and_fail(skua, *arguments, cwd=tmp_path)
    assert done.returncode == status
    assert message in done.stderr
    assert done.stderr.startswith("skua: ") and done.stderr.count("\n") == 1
    assert "serving" not in done.stderr


def test_a_file_is_no_directory(skua, site):
    done = serve_and_fail(skua, "-p", "0", site / "hello.txt")
    assert done.returncode == 1 and "hello.txt" in done.stderr


def test_a_port_in_use(skua, site):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = serve_and_fail(skua, "-p", taken.getsockname()[1], site)
    assert done.returncode == 1
    assert "in use" in done.stderr and str(taken) not in done.stderr


# ---- the log ----


def log_line(server, request):
    return server.wait_for(r'^(\S+) - - \[([^]]+)\] "%s" (\d+) (\d+|-)$' % re.escape(request))


def test_common_log_format(serve, site, http_get):
    server = serve(site)
    before = int(time.time())
    http_get(server, "/hello.txt?x=y")
    line = log_line(server, "GET /hello.txt?x=y HTTP/1.1")
    assert line.group(1, 3, 4) == ("127.0.0.1", "200", "13")
    stamp = calendar.timegm(time.strptime(line.group(2), "%d/%b/%Y:%H:%M:%S +0000"))
    assert before <= stamp <= time.time()


def test_the_log_of_other_answers(serve, site, http_get):
    server = serve(site)
    http_get(server, "/none")
    assert log_line(server, "GET /none HTTP/1.1").group(3) == "404"
    http_get(server, "/hello.txt", "HEAD")
    assert log_line(server, "HEAD /hello.txt HTTP/1.1").group(3, 4) == ("200", "0")
    tag = http_get(server, "/hello.txt")[1]["ETag"]
    http_get(server, "/hello.txt?2", headers={"If-None-Match": tag})
    assert log_line(server, "GET /hello.txt?2 HTTP/1.1").group(3, 4) == ("304", "0")


def test_the_log_cannot_be_forged(serve, site):
    """What a client sends stays within its quotes, and steers no terminal."""
    server = serve(site)
    for request in (b'GET /"\\ HTTP/1.1\r\nHost: a\r\n\r\n', b"\x1b[2J\x07 / HTTP/1.1\r\n\r\n",
                    b'GET /\x1b[31m HTTP/1.1\r\nHost: a\r\n\r\n',
                    b'GET /a"\n127.0.0.1 - - [x] "GET /forged HTTP/1.1" 200 - HTTP/1.1\r\n\r\n'):
        with server.connect() as connection:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65536):
                pass
    server.stop()
    lines = [line for line in server.lines if not line.startswith("skua: ")]
    assert len(lines) == 4
    for line in lines:
        assert re.fullmatch(r'127\.0\.0\.1 - - \[[^]]+\] "(\\x..|[^"\\])*" 40[04] \d+', line), line
        assert line.isprintable()


def test_b12_log_goes_to_standard_output(skua, site, http_get):
    """Lines are for a program to read; what is said to people goes to standard error."""
    lines, writer = os.pipe()
    with os.fdopen(lines) as log, os.fdopen(writer, "w") as out:
        server = Serving([skua, "serve", "-p", "0", "--log", "combined", str(site)], stdout=out,
                         stderr=subprocess.PIPE)
        out.close()
        http_get(server, "/hello.txt", headers={"User-Agent": "me"})
        assert server.stop() == 0
        assert re.fullmatch(r'127\.0\.0\.1 - - \[[^]]+\] "GET /hello.txt HTTP/1\.1" 200 13 '
                            r'"-" "me"\n', log.read())
    assert not [line for line in server.lines if "hello" in line]


@pytest.mark.parametrize("arguments", [["-q"], ["--log", "off"]])
def test_b12_quiet(serve, site, http_get, arguments):
    server = serve(*arguments, site)
    http_get(server, "/hello.txt")
    server.stop()
    assert not [line for line in server.lines if "hello.txt" in line]


# ---- signals and limits ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(serve, site, number):
    pid = os.getpid()  # on an address where nobody else takes the port that is given back
    server = serve("--bind", "127.%d.%d.%d" % (1 + (pid >> 16) % 250, pid >> 8 & 255, pid & 255), site)
    with server.connect():
        server.signal(number)
        assert server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        server.connect(5)


def test_the_second_signal_is_the_last(serve, big_file):
    """Whoever does not want to wait for replies under way presses again."""
    server = serve(big_file[0].parent)
    with server.connect() as connection:
        connection.sendall(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % big_file[0].name.encode())
        connection.recv(1)
        server.signal(signal.SIGINT)
        with pytest.raises(OSError):
            while True:  # until it no longer accepts, which the first signal has brought about
                server.connect(5).close()
        server.signal(signal.SIGINT)
        assert server.wait() in (0, -signal.SIGINT)


def test_the_limit_of_open_files_is_raised(skua, site):
    hard = min(2048, resource.getrlimit(resource.RLIMIT_NOFILE)[1])

    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))

    server = Serving([skua, "serve", "-p", "0", str(site)], preexec_fn=lower)
    try:
        limits = open("/proc/%d/limits" % server.popen.pid).read()
        assert re.search(r"^Max open files\s+%d\s" % hard, limits, re.M)
        connections = [server.connect() for _ in range(200)]
        for connection in connections:
            connection.sendall(b"GET /hello.txt HTTP/1.0\r\n\r\n")
        for connection in connections:
            assert connection.recv(12) == b"HTTP/1.1 200"
            connection.close()
    finally:
        assert server.stop() == 0


def test_out_of_descriptors_is_survived(skua, site, http_get):
    def lower():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    server = Serving([skua, "serve", "-p", "0", "--threads", "1", str(site)], preexec_fn=lower)
    try:
        held = [server.connect() for _ in range(100)]
        for connection in held:
            connection.close()
        deadline = time.monotonic() + 30
        while True:
            try:
                assert http_get(server, "/hello.txt")[0] == 200
                break
            except OSError:
                assert time.monotonic() < deadline
    finally:
        assert server.stop() == 0
