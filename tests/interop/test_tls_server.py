"""A server's TLS against openssl s_client and curl: names, clients' certificates, sessions, staples."""

import contextlib
import os
import re
import shutil
import subprocess
import time

import pytest

from authority import Authority
from conftest import build_directory
from processes import WAIT, Process

REQUEST = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
VERSIONS = ["-tls1_2", "-tls1_3"]


class Https(Process):
    def __init__(self, *arguments):
        super().__init__([build_directory() / "examples" / "https", "https://127.0.0.1:0",
                          *map(str, arguments)])
        self.port = int(self.wait_for(r"^serving at https://127\.0\.0\.1:(\d+)/$").group(1))


@pytest.fixture
def https():
    with contextlib.ExitStack() as stack:
        def start(*arguments):
            server = Https(*arguments)
            stack.callback(server.stop)
            return server
        yield start


@pytest.fixture(scope="module")
def ca(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def bundle(ca, tmp_path):
    """A certificate with its key, in one file."""
    def make(kind, names):
        made = ca.issue(kind, names)
        path = tmp_path / (kind + ".pem")
        with open(path, "wb") as out:
            for part in (made.cert, made.key):
                with open(part, "rb") as f:
                    shutil.copyfileobj(f, out)
        return path
    return make


def s_client(server, ca, *arguments):
    """What it prints, with the reply to a request."""
    done = subprocess.run(["openssl", "s_client", "-connect", "127.0.0.1:%d" % server.port,
                           "-CAfile", ca.cert, "-ign_eof", *map(str, arguments)], input=REQUEST,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=WAIT)
    return done.stdout.decode(errors="replace")


def shown(text):
    return re.search(r"^subject=CN ?= ?(.*)$", text, re.M).group(1)


def test_b03_names(https, ca, bundle):
    server = https(bundle("a", "DNS:a.example"), bundle("b", "DNS:*.b.example"))
    for asked, name in (("a.example", "a"), ("www.b.example", "b"), ("WWW.B.Example", "b"),
                        ("b.example", "a"), ("other.example", "a")):
        for version in VERSIONS:
            text = s_client(server, ca, "-servername", asked, version)
            assert shown(text) == name, asked
            assert "Verify return code: 0 (ok)" in text and text.rstrip().endswith("closed")
    assert shown(s_client(server, ca, "-noservername")) == "a"


@pytest.mark.parametrize("version", VERSIONS)
def test_b03_client_certificates(https, ca, bundle, version):
    server = https("-c", ca.cert, bundle("a", "DNS:a.example"))
    client = ca.client
    text = s_client(server, ca, version, "-cert", client.cert, "-key", client.key)
    assert "\nCN=client\n" in text
    assert "Acceptable client certificate CA names\nCN = Test authority\n" in text
    text = s_client(server, ca, version)
    assert ("alert certificate required" if version == "-tls1_3" else "handshake failure") in text
    server.wait_for(r"127\.0\.0\.1:\d+: the client sent no certificate, and one is required")
    assert "200 OK" not in text


def test_b03_client_certificates_of_strangers(https, ca, bundle, tmp_path):
    other = Authority(tmp_path, "Other authority")
    stranger = other.issue("stranger")
    server = https("-c", ca.cert, "-o", bundle("a", "DNS:a.example"))
    text = s_client(server, ca, "-cert", stranger.cert, "-key", stranger.key)
    assert "200 OK" not in text and "alert" in text
    server.wait_for(r"127\.0\.0\.1:\d+: unable to get local issuer certificate: .*depth 0, "
                    r"subject CN=stranger, store ")
    assert "\nnobody\n" in s_client(server, ca)


def test_b03_curl(https, ca, bundle):
    server = https("-c", ca.cert, bundle("a", "DNS:a.example"))
    curl = ["curl", "-sS", "--cacert", ca.cert, "--resolve",
            "a.example:%d:127.0.0.1" % server.port]
    url = "https://a.example:%d/" % server.port
    options = {"capture_output": True, "timeout": WAIT, "text": True}
    known = subprocess.run([*curl, "--cert", ca.client.cert, "--key", ca.client.key, url, url],
                           check=True, **options)
    assert known.stdout == "CN=client\nCN=client\n"
    assert subprocess.run([*curl, url], **options).returncode in (35, 56)


@pytest.mark.parametrize("version", VERSIONS)
def test_b03_sessions_across_servers(https, ca, bundle, tmp_path, version):
    keys, session = tmp_path / "keys", tmp_path / "session"
    keys.write_bytes(os.urandom(160))
    keys.chmod(0o600)
    one = bundle("a", "DNS:a.example")
    arguments = ["-c", ca.cert, "-t", keys, one]
    first, second = https(*arguments), https(*arguments)
    others = https("-c", ca.cert, one)
    client = [version, "-cert", ca.client.cert, "-key", ca.client.key]
    assert "\nNew, " in s_client(first, ca, *client, "-sess_out", session)
    for server, word in ((first, "Reused"), (second, "Reused"), (others, "New")):
        text = s_client(server, ca, version, "-sess_in", session, *client[1:])
        assert "\n%s, TLSv1." % word in text
        assert "\nCN=client\n" in text


def test_b03_staple(https, ca, bundle):
    one = bundle("a", "DNS:a.example")
    staple = ca.staple(ca.issue("a"))
    server = https("%s,%s" % (one, staple))
    assert "OCSP Response Status: successful" in s_client(server, ca, "-status")
    assert "OCSP Response Status" not in s_client(server, ca)


def test_b03_reload(https, ca, bundle, tmp_path):
    """A certificate that is renewed is shown soon, without a word to the server."""
    served = tmp_path / "served.pem"
    shutil.copy(bundle("a", "DNS:a.example"), served)
    server = https(served)
    assert shown(s_client(server, ca)) == "a"
    os.replace(bundle("b", "DNS:a.example"), served)
    until = time.monotonic() + WAIT
    while shown(s_client(server, ca)) != "b":
        assert time.monotonic() < until
    server.wait_for("files have changed, and were read again")
