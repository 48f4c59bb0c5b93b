"""`skua get` through proxies that are real: tunnels, requests that are sent on, the environment."""

import base64
import hashlib
import os
import ssl

import pytest

from relay import Relay

REPLY = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello"
BASIC = "Basic " + base64.b64encode(b"me:p@ss").decode()
CREDENTIALS = "me:p%40ss@"


def context(certificate):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate.cert, certificate.key)
    return made


def environment(**variables):
    """The test's own environment, without proxies but for these."""
    clean = {k: v for k, v in os.environ.items() if not k.lower().endswith("_proxy")}
    return {**clean, **variables}


@pytest.fixture
def through(get):
    """Run `skua get` with no proxy in the environment but these."""
    def run(*arguments, **variables):
        return get(*arguments, env=environment(**variables))
    return run


def with_credentials(url):
    return url.replace("://", "://" + CREDENTIALS)


def test_a10_requests_are_sent_on(through, peer):
    origin = peer(REPLY)
    with Relay(authorization=BASIC) as proxy:
        got = through("-H", "Authorization: Bearer x", "-x", with_credentials(proxy.url),
                      origin.url + "a?b")
    assert (got.status, got.out) == (0, b"hello")
    assert proxy.heads[0].startswith("GET %sa?b HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" %
                                     (origin.url, origin.port))
    assert b"proxy" not in origin.request.lower()
    assert b"\r\nAuthorization: Bearer x\r\n" in origin.request


@pytest.mark.parametrize("tls_proxy", [False, True])
def test_a10_https_goes_through_a_tunnel(through, peer, ca, tls_proxy):
    origin = peer(REPLY, context=context(ca.good))
    with Relay(context(ca.good) if tls_proxy else None, authorization=BASIC) as proxy:
        got = through("-H", "Authorization: Bearer x", "-x", with_credentials(proxy.url),
                      "--proxy-cacert", ca.cert, "--cacert", ca.cert, origin.url)
    assert (got.status, got.out) == (0, b"hello"), got.err
    assert len(proxy.heads) == 1
    assert proxy.heads[0].startswith("CONNECT 127.0.0.1:%d HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n" %
                                     (origin.port, origin.port))
    assert "Bearer" not in proxy.heads[0]
    assert b"proxy" not in origin.request.lower()


def test_a10_much_through_tls_within_tls(through, serve, ca, tmp_path):
    content = os.urandom(8 << 20)
    (tmp_path / "much.bin").write_bytes(content)
    origin = serve(tmp_path, "--tls-cert", ca.good.cert, "--tls-key", ca.good.key)
    with Relay(context(ca.good)) as proxy:
        got = through("--json", "-x", proxy.url, "--proxy-cacert", ca.cert, "--cacert", ca.cert,
                      origin.url + "much.bin")
    assert got.status == 0, got.err
    assert got.json["body_sha256"] == hashlib.sha256(content).hexdigest()


def test_a10_a_refusal_is_told(through, peer, ca):
    origin = peer(context=context(ca.good))
    with Relay(authorization=BASIC) as proxy:
        got = through("-x", proxy.url, "--cacert", ca.cert, origin.url)
    assert got.status == 56
    assert got.err == "skua: tunnel: 127.0.0.1:%d: 407 Proxy Authentication Required\n" % proxy.port


def test_a10_the_origins_certificate_is_the_origins(through, peer, ca):
    origin = peer(REPLY, context=context(ca.other_host))
    with Relay(context(ca.good)) as proxy:
        got = through("-x", proxy.url.replace("127.0.0.1", "localhost"), "--proxy-cacert", ca.cert,
                      "--cacert", ca.cert, origin.url)
    assert got.status == 60
    assert got.err.startswith("skua: tls: 127.0.0.1: ")


def test_a10_a_proxy_that_is_not_believed(through, peer, ca):
    origin = peer(context=context(ca.good))
    with Relay(context(ca.good)) as proxy:
        got = through("-x", proxy.url, "--cacert", ca.cert, origin.url)
    assert got.status == 60
    assert got.err.startswith("skua: tls: proxy 127.0.0.1: ")
    assert proxy.heads == []


def test_a10_the_length_of_a_200_means_nothing(through, peer, ca):
    origin = peer(REPLY, context=context(ca.good))
    with Relay(answer=b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n") as proxy:
        got = through("-x", proxy.url, "--cacert", ca.cert, origin.url)
    assert (got.status, got.out) == (0, b"hello")


def test_a10_the_environment(through, peer):
    with Relay() as proxy:
        for variables, asked in [
                ({"http_proxy": proxy.url}, 1),
                ({"all_proxy": proxy.url, "http_proxy": ""}, 1),
                ({"HTTP_PROXY": proxy.url}, 1),
                ({"HTTP_PROXY": proxy.url, "REQUEST_METHOD": "GET"}, 0),
                ({"https_proxy": proxy.url}, 0),
                ({"http_proxy": proxy.url, "no_proxy": "example.org, 127.0.0.0/8"}, 0),
                ({"http_proxy": proxy.url, "NO_PROXY": "127.0.0.1:1"}, 1)]:
            del proxy.heads[:]
            origin = peer(REPLY)
            assert through(origin.url, **variables).out == b"hello"
            assert len(proxy.heads) == asked, variables
