"""What the tests here have in common. Peers bind port 0 on loopback; nothing sleeps."""

import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import authority  # noqa: E402 (beside this file)
import recorder  # noqa: E402
import scripted  # noqa: E402
from processes import WAIT, Serving  # noqa: E402


def build_directory():
    name = os.environ.get("SKUA_BUILD_DIR") or os.environ.get("SKUA_BUILD")
    if not name:
        pytest.exit("SKUA_BUILD_DIR does not name a build", returncode=2)
    return pathlib.Path(name).resolve()


@pytest.fixture(scope="session")
def skua():
    """The path of the command."""
    path = build_directory() / "skua"
    if not path.exists():
        pytest.exit("%s was not built" % path, returncode=2)
    return str(path)


# ---- peers ----


@pytest.fixture
def serve(skua):
    """Start `skua serve` with these arguments, on a free port."""
    with contextlib.ExitStack() as stack:
        def start(*arguments, **options):
            server = Serving([skua, "serve", "--port", "0", *map(str, arguments)], **options)
            stack.callback(server.stop)
            return server
        yield start


@pytest.fixture
def site(tmp_path):
    """A directory to serve."""
    root = tmp_path / "site"
    (root / "sub").mkdir(parents=True)
    (root / "with index").mkdir()
    (root / "hello.txt").write_text("hello, world\n")
    (root / "empty.bin").write_bytes(b"")
    (root / "page.html").write_text("<!doctype html><title>page</title><p>page")
    (root / "sub" / "inner.css").write_text("p { color: red }\n")
    (root / "with index" / "index.html").write_text("<p>the index")
    (root / "sp ace%20.txt").write_text("odd name")
    (root / "\u00fcml\u00e4ut <&>\".txt").write_text("odder name")
    (root / ".hidden").write_text("hidden")
    (tmp_path / "outside.txt").write_text("outside")
    (root / "link out").symlink_to("../outside.txt")
    (root / "link in").symlink_to("hello.txt")
    return root


# ---- skua get ----


class Got:
    """How a run of `skua get` ended."""

    def __init__(self, done):
        self.status = done.returncode
        self.out = done.stdout
        self.err = done.stderr.decode("utf-8", "replace")

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def get(skua):
    """Run `skua get` with these arguments."""
    def run(*arguments, seconds=WAIT, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return Got(subprocess.run([skua, "get", *map(str, arguments)], timeout=seconds,
                                  stdout=options.pop("stdout", subprocess.PIPE),
                                  stderr=subprocess.PIPE, **options))
    return run


JSON_KEYS = ["url", "status", "reason", "version", "fields", "informational", "trailers",
             "body_bytes", "body_sha256", "timings", "hops", "attempts", "tls",
             "error"]
TIMING_KEYS = ["resolve", "connect", "tls", "send", "first_byte", "head", "total"]


@pytest.fixture
def get_json(get):
    """Run `skua get --json`: the run and the object, whose shape is checked here for every test."""
    def run(*arguments, **options):
        got = get("--json", *arguments, **options)
        told = json.loads(got.out.decode("ascii"))
        assert list(told) == JSON_KEYS
        assert list(told["timings"]) == TIMING_KEYS
        assert (told["error"] is None) == (got.status == 0)
        if told["error"]:
            assert {"name", "code", "class", "message"} <= set(told["error"])
            assert told["error"]["message"]
            assert got.err.endswith("skua: %s\n" % told["error"]["message"])
        else:
            assert got.err == ""
        return got, told
    return run


@pytest.fixture
def peer():
    """Start a peer that plays a script: see scripted.py."""
    with contextlib.ExitStack() as stack:
        def start(*arguments, **options):
            return stack.enter_context(scripted.Peer(*arguments, **options))
        yield start


@pytest.fixture
def record():
    """Start a server that remembers its requests: see recorder.py."""
    with contextlib.ExitStack() as stack:
        def start(answers=(), **options):
            return stack.enter_context(recorder.Recorder(dict(answers), **options))
        yield start


@pytest.fixture
def curl():
    """Run curl with these arguments, as `get` runs `skua get`."""
    if not shutil.which("curl"):
        pytest.skip("there is no curl")

    def run(*arguments, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        return Got(subprocess.run(["curl", "-q", "-sS", *map(str, arguments)], timeout=WAIT,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options))
    return run


# ---- certificates ----


@pytest.fixture(scope="session")
def ca(tmp_path_factory):
    """A certificate authority and what it has signed."""
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl command")
    return authority.Authority(tmp_path_factory.mktemp("ca"))


# ---- small things that several files need ----


@pytest.fixture(scope="session")
def big_file(tmp_path_factory):
    """100 MiB that no two pieces of are alike: the path and its SHA-256."""
    path = tmp_path_factory.mktemp("big") / "big.bin"
    digest = hashlib.sha256()
    with open(path, "wb") as out:
        for number in range(100):
            seed = hashlib.sha256(b"%d" % number).digest()
            piece = hashlib.shake_256(seed).digest(65536) * 16
            out.write(piece)
            digest.update(piece)
    yield path, digest.hexdigest()
    path.unlink()


@pytest.fixture
def http_get():
    """One GET (or other request) with Python's client: status, fields as a dictionary, body."""
    def run(server, target="/", method="GET", **options):
        connection = http.client.HTTPConnection(server.host, server.port, timeout=WAIT)
        with contextlib.closing(connection):
            connection.request(method, target, **options)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
    return run


@pytest.fixture(scope="session", autouse=True)
def no_process_is_left():
    """At the end of it all, nothing that was started here is left."""
    yield
    command = ["ps", "--no-headers", "-o", "pid,stat,args", "--ppid", str(os.getpid())]
    listed = subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout
    left = [line.split(None, 2) for line in listed.splitlines()]
    left = [(int(pid), args) for pid, stat, args in left if stat[0] != "Z" and args[:3] != "ps "]
    for pid, _ in left:
        os.kill(pid, signal.SIGKILL)
    assert not left, "processes were left running: %r" % left
