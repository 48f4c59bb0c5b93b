"""`skua get` beside curl: the same flags bring the same requests, output and exit status."""

import copy

import pytest

from recorder import reply

HELLO = reply(b"hello", "200 OK", "Content-Type: text/plain")
# What the two may say differently. This curl asks first before any upload, later ones, as we do,
# before large ones.
OWN = ("user-agent", "accept-encoding", "proxy-connection", "expect")

ANSWERS = {
    "/": HELLO, "/hello": HELLO, "/dir/file.txt": HELLO, "/dir/": HELLO,
    "/404": reply(b"no", "404 Not Found"),
    "/close": None,
    "/301": reply(b"gone", "301 Moved", "Location: /hello"),
    "/302": reply(b"gone", "302 Found", "Location: /hello"),
    "/303": reply(b"gone", "303 See Other", "Location: hello?q"),
    "/307": reply(b"gone", "307 Temporary", "Location: /hello"),
    "/308": reply(b"gone", "308 Permanent", "Location: /hello"),
    "/chain": reply(b"", "302 Found", "Location: /302"),
    "/loop": reply(b"gone", "302 Found", "Location: /loop"),
    "/nowhere": reply(b"here", "302 Found"),
    "/gopher": reply(b"gone", "302 Found", "Location: gopher://127.0.0.1/"),
    "/mailto": reply(b"gone", "302 Found", "Location: mailto:a@b"),
    "/bad": reply(b"gone", "302 Found", "Location: http://127.0.0.1:99999/"),
    "/spaces": reply(b"gone", "302 Found", "Location: /a b"),
    "/fragment": reply(b"gone", "302 Found", "Location: /hello#there"),
    "/fields": reply(b"x", "200 OK", "A: 1", "a: 2", "Content-Type: text/html"),
    "/200": reply(b"0123456789"),
    "/206": reply(b"56789", "206 Partial Content", "Content-Range: bytes 5-9/10"),
    "/206-other": reply(b"3456789", "206 Partial Content", "Content-Range: bytes 3-9/10"),
    "/416": reply(b"no", "416 Range Not Satisfiable", "Content-Range: bytes */5"),
    "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nabc",
    "/coding": reply(b"not gzip at all", "200 OK", "Content-Encoding: gzip"),
    "/date": reply(b"old", "200 OK", "Last-Modified: Tue, 15 Nov 1994 12:45:26 GMT"),
    "/503": [reply(b"a", "503 Busy"), reply(b"b", "503 Busy"), HELLO],
    "/429": [reply(b"a", "429 Slow", "Retry-After: 0"), HELLO],
    "/500": reply(b"down", "500 Down"),
    "/flaky": [None, HELLO],
}


def asked(server):
    """What the server saw, without what the two clients are free to say."""
    return [(r.method, r.target, r.body, r.connection,
             sorted((k.lower(), v) for k, v in r.fields if k.lower() not in OWN))
            for r in server.requests]


@pytest.fixture
def both(get, curl, record, tmp_path):
    """Run curl and `skua get` with the same arguments, each in a directory of its own made by
    `files` and with a server of its own: what became of them, and of their files."""
    def run(*arguments, files=(), only=None, **options):
        outcomes = []
        for client in (curl, get):
            server = record(copy.deepcopy(ANSWERS))
            home = tmp_path / ("curl" if client is curl else "skua")
            home.mkdir(exist_ok=True)
            for name, content in dict(files).items():
                (home / name).write_bytes(content)
            got = client(*[str(a).replace("URL", server.url) for a in arguments], cwd=home,
                         **options)
            out = got.out.replace(b"%d" % server.port, b"PORT")
            left = {str(p.relative_to(home)): p.read_bytes()
                    for p in sorted(home.rglob("*")) if p.is_file()}
            requests = [(m, t, b, c, [(k, v.replace(str(server.port), "PORT")) for k, v in f])
                        for m, t, b, c, f in asked(server)]
            outcomes.append({"status": got.status, "out": out, "requests": requests,
                             "files": left})
        wanted, got = outcomes
        for key in only or wanted:
            assert got[key] == wanted[key], key
        return got
    return run


@pytest.mark.parametrize("arguments, status", [
    # one URL and several
    (["URL/hello"], 0),
    (["URL/hello", "URL/404", "URL/dir/"], 0),
    (["URL/close", "URL/hello"], 0),
    (["URL/hello", "URL/close"], 52),
    (["--fail-early", "URL/close", "URL/hello"], 52),
    (["-f", "URL/hello", "URL/404"], 22),
    (["--fail-with-body", "URL/404"], 22),
    (["-o", "a", "-o", "b", "URL/hello", "URL/404"], 0),
    (["-o", "a", "URL/hello", "URL/404"], 0),
    (["-O", "URL/hello", "-o", "b", "URL/404"], 0),
    (["--remote-name-all", "URL/hello", "URL/404"], 0),
    (["-o", "-", "URL/hello"], 0),
    (["--output-dir", "new", "--create-dirs", "-o", "deep/a", "URL/hello"], 0),
    (["--output-dir", "new", "-o", "a", "URL/hello"], 23),
    (["--create-dirs", "-o", "x/y/z", "URL/hello"], 0),
    # heads
    (["-i", "URL/hello"], 0),
    (["-I", "URL/hello"], 0),
    (["-I", "URL/hello", "URL/404"], 0),
    (["-D", "-", "URL/hello"], 0),
    (["-D", "heads", "URL/hello", "URL/fields"], 0),
    (["-D", "heads", "-L", "URL/302"], 0),
    (["-iL", "URL/chain"], 0),
    (["-IL", "URL/302"], 0),
    # redirects
    (["URL/302"], 0),
    (["-L", "URL/301"], 0),
    (["-L", "URL/303"], 0),
    (["-L", "-d", "x", "URL/301"], 0),
    (["-L", "-d", "x", "URL/302"], 0),
    (["-L", "-d", "x", "URL/303"], 0),
    (["-L", "-d", "x", "URL/307"], 0),
    (["-L", "-d", "x", "URL/308"], 0),
    (["-L", "-T", "file", "URL/301"], 0),
    (["-L", "-T", "file", "URL/307"], 0),
    (["-L", "-X", "DELETE", "URL/302"], 0),
    (["-L", "--max-redirs", "0", "URL/302"], 47),
    (["-L", "--max-redirs", "1", "URL/302"], 0),
    (["-L", "--max-redirs", "1", "URL/chain"], 47),
    (["-L", "URL/loop"], 47),
    (["-L", "--max-redirs", "-1", "URL/chain"], 0),
    (["-L", "URL/nowhere"], 0),
    (["-L", "URL/gopher"], 1),
    (["-L", "URL/bad"], 3),
    (["-L", "URL/spaces"], 0),
    (["-L", "URL/fragment"], 0),
    (["-L", "-e", "http://a/;auto", "URL/chain"], 0),
    (["-L", "-e", ";auto", "URL/302"], 0),
    (["-e", "http://a/", "URL/302"], 0),
    (["-L", "-u", "a:b", "URL/302"], 0),
    (["-L", "-H", "Host: other", "URL/302"], 0),
    # resuming
    (["-C", "-", "-o", "half", "URL/200"], 33),
    (["-C", "-", "-o", "half", "URL/206"], 0),
    (["-C", "-", "-o", "half", "URL/206-other"], 33),
    (["-C", "-", "-o", "half", "URL/416"], 0),
    (["-C", "-", "-o", "half", "URL/404"], 33),
    (["-f", "-C", "-", "-o", "half", "URL/404"], 22),
    (["-C", "-", "-o", "none", "URL/200"], 0),
    (["-C", "-", "-o", "ten", "URL/200"], 0),
    (["-C", "5", "URL/206"], 0),
    (["-C", "3", "URL/206"], 33),
    (["-C", "0", "URL/200"], 0),
    (["-r", "5-", "URL/206"], 0),
    (["-r", "0-3", "URL/200"], 0),
    (["-R", "-o", "a", "URL/date"], 0),
    # bodies
    (["-d", "a=b", "-d", "c", "URL/"], 0),
    (["--data-raw", "@file", "URL/"], 0),
    (["--data-binary", "@lines", "URL/"], 0),
    (["-d", "@file", "URL/"], 0),
    (["--data-urlencode", "a b&c=d/\u00fc", "URL/"], 0),
    (["--data-urlencode", "=a b=", "URL/"], 0),
    (["--data-urlencode", "n=a+b~", "URL/"], 0),
    (["--data-urlencode", "@lines", "URL/"], 0),
    (["--data-urlencode", "n@lines", "URL/"], 0),
    (["-d", "x", "--data-binary", "@lines", "--data-urlencode", "y= ", "URL/"], 0),
    (["-G", "-d", "a=b", "-d", "c=d", "URL/hello"], 0),
    (["-G", "-d", "a=b", "URL/hello?x#f"], 0),
    (["-G", "-d", "a=b", "URL"], 0),
    (["-GI", "-d", "a=b", "URL/hello"], 0),
    (["-G", "--data-urlencode", "a=b c", "URL/hello"], 0),
    (["-T", "file", "URL/put"], 0),
    (["-T", "file", "URL/dir/"], 0),
    (["-T", "file", "URL"], 0),
    (["-T", "empty", "URL/put"], 0),
    (["-T", "file", "-X", "POST", "URL/put"], 0),
    (["-T", "file", "-T", "empty", "URL/a", "URL/b"], 0),
    (["-T", "big", "URL/put"], 0),
    (["--data-binary", "@big", "URL/put"], 0),
    (["-T", "big", "-H", "Expect:", "URL/put"], 0),
    (["-T", "nonexistent", "URL/put"], 26),
    (["-F", "a=@nonexistent", "URL/"], 26),
    (["-F", "a", "URL/"], 2),
    (["-d", "a", "-I", "URL/"], 2),
    # fields
    (["-u", "name:pass:word", "URL/"], 0),
    (["-u", "name:", "URL/"], 0),
    (["--oauth2-bearer", "t0ken", "URL/"], 0),
    (["-b", "a=b; c=d", "URL/"], 0),
    (["-H", "Accept:", "-H", "X;", "-H", "Y: z", "URL/"], 0),
    (["-H", "Host:", "URL/"], 0),
    (["-u", "a:b", "-H", "Authorization: mine", "URL/"], 0),
    (["-A", "", "-e", "r", "URL/"], 0),
    # endings
    (["URL/short"], 18),
    (["-o", "a", "URL/short"], 18),
    (["--compressed", "URL/coding"], 61),
    (["URL/coding"], 0),
    (["--max-redirs", "-2", "URL/"], 2),
    (["-C", "x", "URL/"], 2),
    (["--nonsense", "URL/"], 2),
    (["-k", "--no-insecure", "URL/hello"], 0),
    (["-N", "-#", "-s", "--http1.1", "-4", "URL/hello"], 0),
    (["--max-filesize", "5", "URL/hello"], 0),
    (["--max-filesize", "4", "URL/hello"], 63),
    (["--max-filesize", "4", "-o", "a", "URL/hello"], 63),
    (["--interface", "192.0.2.77", "URL/hello"], 45),
    (["-qg", "--basic", "--path-as-is", "--url", "URL/hello"], 0),
    # trying again
    (["--retry", "1", "URL/429"], 0),
    (["--retry", "1", "-o", "a", "URL/429"], 0),
    (["--retry", "1", "URL/404"], 0),
    (["--retry", "1", "URL/close"], 52),
    (["--retry", "1", "--retry-all-errors", "URL/flaky"], 0),
    (["URL/503"], 0),
])
def test_the_same_as_curl(both, arguments, status):
    files = {"file": b"from\na file\n", "lines": b"a\r\nb c\0d\n", "empty": b"",
             "big": b"x" * 1100000, "half": b"01234", "ten": b"0123456789"}
    assert both(*arguments, files=files)["status"] == status


@pytest.mark.parametrize("name", ["-", "."])
def test_standard_input_is_uploaded_in_chunks(get, record, tmp_path, name):
    (tmp_path / "in").write_bytes(b"from stdin")
    server = record()
    with open(tmp_path / "in", "rb") as stdin:
        assert get("-T", name, server.url + "/put", stdin=stdin).status == 0
    request = server.requests[0]
    assert (request.method, request.target, request.body) == ("PUT", "/put", b"from stdin")
    assert (request["Transfer-Encoding"], request["Content-Length"]) == ("chunked", None)


@pytest.mark.parametrize("form", ["%{http_code} %{response_code}", "%{size_download}|%{size_header}",
                                  "%{num_redirects} %{num_connects} %{num_headers}",
                                  "%{url} %{url_effective} %{redirect_url} %{method}",
                                  "%{content_type}|%{scheme}|%{http_version}|%{exitcode}",
                                  "%{remote_ip} %{remote_port} %{local_ip}",
                                  "%{filename_effective} %{errormsg} %{urlnum} %{http_connect}",
                                  "%{size_upload} %{ssl_verify_result} %{referer}",
                                  r"a\nb\tc\rd\qe\\", "100%% %d % %{", "%{onerror}x", "%{}",
                                  "%{unknown}y", "%header{content-TYPE}|%header{none}",
                                  "%{header_json}", "@form", r"%{stdout}a%{stderr}b%{stdout}c"])
@pytest.mark.parametrize("arguments", [["URL/hello"], ["-L", "URL/chain"], ["URL/302"],
                                       ["-o", "out", "URL/fields", "URL/404"],
                                       ["-d", "abc", "URL/hello"]])
def test_write_out(both, arguments, form):
    got = both("-w", form, *arguments, files={"form": b"%{http_code}\\n"},
               only=["status", "files"] if form == "%{header_json}" else ["status", "out", "files"])
    assert got["status"] == 0


@pytest.mark.parametrize("arguments, status", [(["URL/close"], 52), (["-f", "URL/404"], 22),
                                               (["-L", "--max-redirs", "0", "URL/302"], 47)])
def test_write_out_of_a_failure(both, arguments, status):
    form = "%{exitcode} %{http_code} %{num_redirects} %{redirect_url}%{onerror} failed"
    assert both("-w", form, *arguments)["status"] == status
