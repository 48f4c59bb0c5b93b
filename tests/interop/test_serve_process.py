"""The process of `skua serve`: who it is, what it can still do, what signals make it do."""

import errno
import os
import pathlib
import pwd
import re
import select
import shutil
import signal
import subprocess

import pytest

from processes import WAIT, Serving, wait_until

PROJECT = pathlib.Path(__file__).resolve().parents[2]

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


def status_of(path):
    return dict(line.split(":\t", 1) for line in pathlib.Path(path).read_text().splitlines())


def threads_of(server):
    return [status_of(task / "status")
            for task in pathlib.Path("/proc/%d/task" % server.popen.pid).iterdir()]


# ---- the sandbox ----


def test_b12_every_thread_is_in_the_sandbox(serve, site, http_get):
    server = serve("--upload", site)
    line = server.wait_for(r"^skua: (sandbox|no sandbox): ").string
    assert http_get(server, "/")[0] == 200  # a listing: it has begun the pool
    threads = threads_of(server)
    assert len(threads) > 2
    for status in threads:
        assert status["NoNewPrivs"] == "1"
        assert status["Seccomp"] == ("2" if "by seccomp" in line else "0")


def test_b12_no_sandbox(serve, site, http_get):
    server = serve("--no-sandbox", site)
    assert http_get(server, "/")[0] == 200
    assert {status["Seccomp"] for status in threads_of(server)} == \
        {status_of("/proc/self/status")["Seccomp"]}
    server.stop()
    assert not [line for line in server.lines if re.match("skua: (no )?sandbox", line)]


def test_b12_what_the_sandbox_forbids(tmp_path):
    """The sandbox alone, entered by a program that then tries to leave it."""
    compiler = shutil.which("cc")
    if not compiler:
        pytest.skip("no C compiler")
    probe = tmp_path / "probe"
    subprocess.run([compiler, "-std=c17", "-D_GNU_SOURCE", "-I", PROJECT / "cli", "-o", probe,
                    PROJECT / "tests/interop/sandbox_probe.c", PROJECT / "cli/serve_sandbox.c",
                    "-pthread"], check=True, timeout=120)
    for name in ("reads", "writes"):
        (tmp_path / name).mkdir()
    (tmp_path / "reads" / "file").write_text("x")
    (tmp_path / "outside").write_text("x")
    done = subprocess.run([probe, tmp_path / "reads", tmp_path / "writes", tmp_path / "outside"],
                          stdout=subprocess.PIPE, text=True, timeout=30, check=True)
    met = {name: int(number) for name, number in map(str.split, done.stdout.splitlines())}
    assert met["read"] == met["make"] == met["thread"] == met["socket-inet"] == 0
    if met["landlock"]:
        for name in ("write-where-it-reads", "make-where-it-reads", "read-where-it-writes",
                     "outside"):
            assert met[name] == errno.EACCES, name
    if met["landlock"] >= 4:
        assert met["connect"] == errno.EACCES
    if met["seccomp"]:
        for name in ("socket-packet", "mount", "unshare", "clone", "setuid", "ptrace", "execve"):
            assert met[name] == errno.EPERM, name


# ---- another user ----


@pytest.fixture
def open_site(site, tmp_path):
    """A site that everybody can reach."""
    for directory in [tmp_path, *tmp_path.parents][:3]:
        if directory.owner() == "root" and directory != pathlib.Path("/tmp"):
            directory.chmod(0o755)
    return site


@as_root
@pytest.mark.parametrize("given, group", [("nobody", None), ("nobody:daemon", "daemon")])
def test_b12_user(serve, open_site, http_get, given, group):
    account = pwd.getpwnam("nobody")
    gid = shutil._get_gid(group) if group else account.pw_gid
    server = serve("--user", given, open_site)
    assert http_get(server, "/hello.txt")[2] == b"hello, world\n"
    for status in threads_of(server):
        assert status["Uid"].split() == [str(account.pw_uid)] * 4
        assert status["Gid"].split() == [str(gid)] * 4
        assert status["Groups"].split() == [str(gid)]
        assert int(status["CapEff"], 16) == 0 and int(status["CapPrm"], 16) == 0


@pytest.mark.parametrize("user, message", [
    ("nobody-of-this-name", "no such user"), ("nobody:no-such-group", "no such group"),
    ("", "no such user"), (":daemon", "no such user"),
])
def test_a_user_that_there_is_not(skua, site, user, message):
    done = subprocess.run([skua, "serve", "-p", "0", "--user", user, str(site)],
                          stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1 and message in done.stderr and "serving" not in done.stderr


@as_root
def test_only_root_becomes_somebody(skua, open_site):
    done = subprocess.run([skua, "serve", "-p", "0", "--user", "daemon", str(open_site)],
                          stderr=subprocess.PIPE, text=True, timeout=30, user="nobody", group=65534,
                          extra_groups=[])
    assert done.returncode == 1 and "only root can become daemon" in done.stderr


@as_root
def test_b12_user_opens_the_log_again(serve, open_site, tmp_path, http_get):
    """It is the user's from the beginning, as it has to be later."""
    logs = tmp_path / "logs"
    logs.mkdir()
    shutil.chown(logs, "nobody")
    server = serve("--user", "nobody", "--log-file", logs / "log", open_site)
    assert (logs / "log").owner() == "nobody"
    (logs / "log").rename(logs / "log.1")
    server.signal(signal.SIGHUP)
    server.wait_for("the log is opened again")
    http_get(server, "/hello.txt")
    assert server.stop() == 0
    assert "/hello.txt" in (logs / "log").read_text()


@as_root
def test_b12_user_who_may_not(skua, open_site, tmp_path):
    open_site.chmod(0o700)
    done = subprocess.run([skua, "serve", "-p", "0", "--user", "nobody", str(open_site)],
                          stderr=subprocess.PIPE, text=True, timeout=30)
    assert done.returncode == 1
    assert done.stderr == "skua: serve: %s: Permission denied\n" % open_site


# ---- the browser ----


def opener(tmp_path):
    """An xdg-open that writes down what it is told to open."""
    directory = tmp_path / "bin"
    directory.mkdir()
    program = directory / "xdg-open"
    opened = tmp_path / "opened"
    os.mkfifo(opened)
    opened.chmod(0o666)
    program.write_text('#!/bin/sh\necho "$1" > "%s"\n' % opened)
    program.chmod(0o755)
    return opened, {**os.environ, "PATH": "%s:%s" % (directory, os.environ["PATH"])}


def read_line(fifo):
    """What is written there, if somebody does."""
    fd = os.open(fifo, os.O_RDWR)  # so that no writer need be there yet
    try:
        assert select.select([fd], [], [], WAIT)[0]
        return os.read(fd, 4096)
    finally:
        os.close(fd)


@pytest.mark.parametrize("address, shown", [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "localhost")])
def test_b12_open(skua, open_site, tmp_path, address, shown):
    opened, env = opener(tmp_path)
    user = ["--user", "nobody"] if os.geteuid() == 0 else []
    server = Serving([skua, "serve", "-p", "0", "--open", "--bind", address, *user,
                      str(open_site)], env=env)
    try:
        assert read_line(opened) == b"http://%s:%d/\n" % (shown.encode(), server.port)
    finally:
        assert server.stop() == 0


@as_root
def test_nothing_is_opened_as_root(serve, site, tmp_path):
    _, env = opener(tmp_path)
    serve("--open", site, env=env).wait_for("--open: no browser is started as root")


# ---- signals ----


def test_b12_sigterm_answers_what_is_under_way(serve, site):
    server = serve("--upload", site)
    with server.connect() as connection:
        connection.sendall(b"PUT /new HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
                           b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        server.signal(signal.SIGTERM)
        with pytest.raises(OSError):
            while True:  # until it no longer accepts
                server.connect(5).close()
        connection.sendall(b"done")
        assert connection.recv(65536).startswith(b"HTTP/1.1 201")
    assert server.wait() == 0
    assert (site / "new").read_bytes() == b"done"


def test_b12_sighup_reads_certificates_again(serve, site, tmp_path):
    env = {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    serve("--tls", site, env=env).stop()
    directory = tmp_path / "data" / "skua"
    certificate, key = directory / "cert.pem", directory / "key.pem"
    server = serve("--tls-cert", certificate, "--tls-key", key, site)
    server.signal(signal.SIGHUP)
    server.wait_for("certificates were read again")
    whole = certificate.read_bytes()
    certificate.with_suffix(".new").write_bytes(b"damaged")
    certificate.with_suffix(".new").rename(certificate)
    server.signal(signal.SIGHUP)
    assert str(certificate) in server.wait_for("certificates stay as they were").string
    certificate.with_suffix(".new").write_bytes(whole)
    certificate.with_suffix(".new").rename(certificate)
    server.lines.clear()
    server.signal(signal.SIGHUP)
    server.wait_for("certificates were read again")
    server.connect().close()


def test_b12_sighup_opens_the_log_again(serve, site, tmp_path, http_get):
    log = tmp_path / "access.log"
    server = serve("--log-file", log, site)
    http_get(server, "/hello.txt?1")
    wait_until(lambda: "/hello.txt?1 " in log.read_text())
    log.rename(tmp_path / "access.log.1")
    server.signal(signal.SIGHUP)
    server.wait_for("the log is opened again")
    http_get(server, "/hello.txt?2")
    assert server.stop() == 0
    assert [re.search(r"\?(\d)", line).group(1) for line in log.read_text().splitlines()] == ["2"]
    assert "/hello.txt?1 " in (tmp_path / "access.log.1").read_text()
    assert not [line for line in server.lines if "hello" in line]
