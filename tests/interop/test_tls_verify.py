"""Whom `skua get` believes of what `openssl s_server` shows: pins, lists, staples, chains."""

import base64
import hashlib
import subprocess

import pytest

from authority import Authority
from processes import Process


@pytest.fixture(scope="module")
def revoking(ca, tmp_path_factory):
    """An authority that has taken its "bad" certificate back. (Without openssl `ca` skips.)"""
    made = Authority(tmp_path_factory.mktemp("revoking"), "Revoking authority")
    made.issue("must", extensions="must_staple")
    made.revoke(made.issue("bad"))
    return made


@pytest.fixture
def s_server():
    running = []

    def start(certificate, *options):
        command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert",
                   certificate.cert, "-key", certificate.key, *map(str, options)]
        running.append(Process(["sh", "-c", 'exec "$@" >&2', "sh", *command]))
        port = running[-1].wait_for(r"^ACCEPT 127\.0\.0\.1:(\d+)").group(1)
        return "https://127.0.0.1:%s/" % port

    yield start
    for process in running:
        process.stop()


def pin(certificate):
    der = subprocess.run(["openssl", "pkey", "-in", certificate.key, "-pubout", "-outform", "DER"],
                         check=True, stdout=subprocess.PIPE, timeout=30).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def refused(got, status, says):
    assert got.status == status, got.err
    assert says in got.err


def test_a02_pins(get, s_server, revoking):
    url = s_server(revoking.good)
    trust = "--cacert", revoking.cert
    assert get(*trust, "--pinnedpubkey", pin(revoking.good), url).status == 0
    assert get("-k", "--pinnedpubkey", pin(revoking.good), url).status == 0
    other = pin(revoking.issue("bad"))
    refused(get(*trust, "--pinnedpubkey", other, url), 90,
            "no key of the certificate chain is among the pins; the peer's own is " +
            pin(revoking.good))
    refused(get("-k", "--pinnedpubkey", other, url), 90, pin(revoking.good))


def test_a02_revocation_lists(get, s_server, revoking):
    options = "--cacert", revoking.cert, "--crlfile", revoking.revocation_list()
    assert get(*options, s_server(revoking.good)).status == 0
    refused(get(*options, s_server(revoking.issue("bad"))), 60,
            "certificate revoked: its issuer has taken it back")


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_a02_staples(get, s_server, revoking, version):
    trust = "--cacert", revoking.cert
    good, bad, must = (revoking.issue(kind) for kind in ("good", "bad", "must"))

    def serve(certificate, staple=None):
        return s_server(certificate, version,
                        *(["-status_file", revoking.staple(staple)] if staple else []))

    assert get(*trust, "--cert-status", serve(good, good)).status == 0
    assert get(*trust, serve(must, must)).status == 0
    refused(get(*trust, "--cert-status", serve(good)), 91, "the server sent none")
    refused(get(*trust, serve(must)), 91, "must-staple, RFC 7633")
    refused(get(*trust, serve(bad, bad)), 60,
            "certificate revoked: the stapled OCSP response says so")
    refused(get(*trust, serve(good, must)), 91, "is about another certificate")
    assert get("-k", serve(bad, bad)).status == 0


def test_a19_a_missing_intermediate(get, s_server, revoking, tmp_path):
    middle = revoking.issue("middle", extensions="root")
    below = Authority(tmp_path, "below", root=middle)
    trust = "--cacert", revoking.cert
    refused(get(*trust, s_server(below.good)), 60,
            "the server did not send the intermediate certificate of its issuer (CN=middle)")
    assert get(*trust, s_server(below.good, "-cert_chain", middle.cert)).status == 0
    assert get("--cacert", middle.cert, s_server(below.good)).status == 0
