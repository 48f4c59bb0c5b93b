"""`skua get` on a terminal: the bar, colours, what is not text, a password that is asked for."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

import pytest

from recorder import reply

WAIT = 30
BIG = reply(b"x" * 3000000)


class Terminal:
    """A run of the command whose controlling terminal this is."""

    def __init__(self, command, columns=100, env=None, **streams):
        self.master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (24, columns))
        self.said = b""
        environment = {k: v for k, v in os.environ.items() if k != "NO_COLOR"}
        environment.update({"TERM": "xterm", "LC_ALL": "C", **(env or {})})
        streams = {name: slave if to == "tty" else to for name, to in streams.items()}
        self.popen = subprocess.Popen(command, env=environment, start_new_session=True,
                                      preexec_fn=lambda: os.close(os.open(os.ttyname(slave),
                                                                          os.O_RDWR)),
                                      **{"stdin": slave, **streams})
        os.close(slave)

    def read(self, until=None):
        """All that is said, or what is said until it holds these bytes."""
        end = time.monotonic() + WAIT
        while until is None or until not in self.said:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, self.said
            try:
                piece = os.read(self.master, 65536)
            except OSError:  # the last descriptor of the other side is closed
                break
            if not piece:
                break
            self.said += piece
        return self.said

    def write(self, data):
        os.write(self.master, data)

    def end(self):
        self.read()
        out = self.popen.stdout.read() if self.popen.stdout else b""
        status = self.popen.wait(WAIT)
        os.close(self.master)
        return status, out


@pytest.fixture
def terminal(skua):
    runs = []

    def run(*arguments, **options):
        runs.append(Terminal([skua, "get", *map(str, arguments)], **options))
        return runs[-1]
    yield run
    for each in runs:
        if each.popen.poll() is None:
            each.popen.kill()
            each.popen.wait(WAIT)


# ---- the bar ----


def lines_of(said):
    """What was drawn, line over line, without what erases the rest of a line."""
    return [line.replace("\x1b[K", "") for line in said.decode().split("\r") if line.strip("\n")]


@pytest.mark.parametrize("columns", [20, 40, 80, 200])
def test_a_bar_while_a_file_is_filled(terminal, record, tmp_path, columns):
    run = terminal("-o", tmp_path / "out", record({"/": BIG}).url, stderr="tty", stdout="tty",
                   columns=columns)
    assert run.end()[0] == 0
    assert (tmp_path / "out").stat().st_size == 3000000
    drawn = lines_of(run.said)
    assert run.said.startswith(b"\r") and run.said.endswith(b"\x1b[K\r\n")
    assert all(len(line) < columns for line in drawn), drawn
    assert drawn[-1].lstrip().startswith("100%")
    if columns >= 80:
        assert re.match(r"100% \[=+\]   2\.9 MiB of 2\.9 MiB +[\d.]+ [KMG]?i?B/s   \d+:\d\d$",
                        drawn[-1])


def test_a_bar_without_a_length(terminal, record, tmp_path):
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 2048
    run = terminal("-o", tmp_path / "out", record({"/": answer}).url, stderr="tty", stdout="tty")
    assert run.end()[0] == 0
    assert re.match(r" *2\.0 KiB +[\d.]+ [KMG]?i?B/s   0:00$", lines_of(run.said)[-1])


def test_a_bar_into_a_pipe(terminal, record):
    """Standard output is no terminal, standard error is one."""
    run = terminal(record({"/": BIG}).url, stderr="tty", stdout=subprocess.PIPE)
    # The pipe holds less than the body: it is read while the bar is drawn.
    out = run.popen.stdout.read()
    run.read()
    assert run.popen.wait(WAIT) == 0
    assert len(out) == 3000000 and b"100%" in run.said


def test_a_bar_for_an_upload(terminal, record, tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 3000000)
    run = terminal("-T", tmp_path / "file", record().url + "/put", stderr="tty",
                   stdout=subprocess.PIPE)
    assert run.end() == (0, b"ok")
    assert any(line.startswith("100%") and "2.9 MiB of 2.9 MiB" in line
               for line in lines_of(run.said))


def test_a_bar_goes_on_where_an_earlier_run_ended(terminal, record, tmp_path):
    (tmp_path / "out").write_bytes(b"x" * 1024)
    answer = reply(b"y" * 1024, "206 Partial Content", "Content-Range: bytes 1024-2047/2048")
    run = terminal("-C", "-", "-o", tmp_path / "out", record({"/": answer}).url, stderr="tty",
                   stdout="tty")
    assert run.end()[0] == 0
    assert "2.0 KiB of 2.0 KiB" in lines_of(run.said)[-1]


@pytest.mark.parametrize("arguments", [["-s"], ["--no-progress-meter"]])
def test_no_bar_where_none_is_wanted(terminal, record, tmp_path, arguments):
    run = terminal(*arguments, "-o", tmp_path / "out", record({"/": BIG}).url, stderr="tty",
                   stdout="tty")
    assert run.end()[0] == 0
    assert run.said == b""


def test_no_bar_beside_a_body_on_the_terminal(terminal, record):
    run = terminal(record().url, stderr="tty", stdout="tty")
    assert run.end()[0] == 0
    assert run.said == b"ok"


def test_no_bar_in_a_pipe(get, record, tmp_path):
    assert get("-o", tmp_path / "out", record({"/": BIG}).url).err == ""


def test_an_interrupted_download_keeps_what_came(terminal, peer, tmp_path):
    from scripted import HOLD
    server = peer([b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", HOLD])
    run = terminal("-o", tmp_path / "out", server.url, stderr="tty", stdout="tty")
    run.read(b"3 B of 5 B")
    run.write(b"\x03")
    assert run.end()[0] == -signal.SIGINT
    assert run.said.endswith(b"\r\n")
    assert (tmp_path / "out").read_bytes() == b"hel"


# ---- colours ----


FIELDS = reply(b"x", "404 Not Found", "A: b\xc2\x9b31m")


def test_colours_of_a_head(terminal, record):
    run = terminal("-i", record({"/": FIELDS}).url, stderr="tty", stdout="tty")
    assert run.end()[0] == 0
    assert b"\x1b[1;31mHTTP/1.1 404 Not Found\x1b[0m\r\n" in run.said
    assert b"\x1b[36mA\x1b[0m: b\\xc2\\x9b31m\r\n" in run.said
    assert run.said.endswith(b"\r\n\r\nx")


def test_colours_of_a_trace(terminal, record):
    run = terminal("-v", record().url, stderr="tty", stdout=subprocess.PIPE)
    assert run.end()[0] == 0
    assert b"> \x1b[1;32mGET / HTTP/1.1\x1b[0m\r\n" in run.said
    assert b"< \x1b[36mContent-Length\x1b[0m: 2\r\n" in run.said


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"TERM": ""}])
def test_no_colours_where_none_are_wanted(terminal, record, env):
    run = terminal("-iv", record({"/": FIELDS}).url, stderr="tty", stdout="tty", env=env)
    assert run.end()[0] == 0
    assert b"\x1b" not in run.said and b"A: b\\xc2\\x9b31m\r\n" in run.said


def test_no_colours_in_a_pipe(get, record):
    got = get("-iv", record({"/": FIELDS}).url)
    assert "\x1b" not in got.err and b"\x1b" not in got.out
    assert b"A: b\xc2\x9b31m\r\n" in got.out


# ---- what is not text ----


BINARY = reply(b"\x7fELF\0\0")


def test_what_is_not_text_stays_off_the_terminal(terminal, record):
    run = terminal(record({"/": BINARY}).url, stderr=subprocess.PIPE, stdout="tty")
    assert run.end()[0] == 23
    assert run.said == b""
    message = run.popen.stderr.read()
    assert message.startswith(b"skua: get: the body is not text") and message.count(b"\n") == 1


def test_unless_it_is_asked_for(terminal, get, record):
    run = terminal("-o", "-", record({"/": BINARY}).url, stderr="tty", stdout="tty")
    assert run.end()[0] == 0
    assert run.said == b"\x7fELF\0\0"
    assert get(record({"/": BINARY}).url).out == b"\x7fELF\0\0"


# ---- a password ----


def test_a_password_is_asked_for_and_not_shown(terminal, record):
    server = record()
    run = terminal("-u", "ada", server.url, stderr="tty", stdout=subprocess.PIPE)
    run.read(b"Enter host password for user 'ada':")
    run.write(b"s3cret\n")
    assert run.end() == (0, b"ok")
    assert b"s3cret" not in run.said
    assert server.requests[0]["Authorization"] == "Basic YWRhOnMzY3JldA=="


def test_an_interrupted_question_leaves_the_terminal_as_it_was(terminal, record):
    run = terminal("-u", "ada", record().url, stderr="tty", stdout="tty")
    run.read(b"user 'ada':")
    assert not termios.tcgetattr(run.master)[3] & termios.ECHO
    run.write(b"\x03")
    assert run.popen.wait(WAIT) == -signal.SIGINT
    assert termios.tcgetattr(run.master)[3] & termios.ECHO


def test_no_terminal_to_ask_on(skua, record):
    done = subprocess.run([skua, "get", "-u", "ada", record().url], stdin=subprocess.DEVNULL,
                          capture_output=True, start_new_session=True, timeout=WAIT)
    assert done.returncode == 2
    assert done.stderr == (b"skua: get: no host password for 'ada', and no terminal to ask for "
                           b"one\n")
