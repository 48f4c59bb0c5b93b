"""RFC 9112 9 and RFC 9110 7.6, 7.8, 10.1.1, 15: connections, pipelines, interim responses, statuses
without content."""

from tables import ANY, AWAIT, HALF, Cases, answer, get, request

HELLO = answer(200, "hello, world\n")
DIGITS = answer(200, "0123456789")
LINE = answer(200, "GET a /line")

# ---- whether it goes on ----

c = persistence = Cases("RFC 9112 9.3")
for name, value in {"close": "close", "close in capitals": "CLOSE", "close in mixed case": "cLoSe",
                    "close in a list": "x, close", "close first in a list": "close, x",
                    "close beside keep-alive": "keep-alive, close",
                    "close with empty elements": ", close ,",
                    "close with a tab": "x,\tclose"}.items():
    c.closed("1.1 with " + name, get("/hello.txt", "Connection: " + value) + get("/digits.txt"),
             answer(200, "hello, world\n", Connection="(?i).*close.*"))
c.closed("close in the second of two lines",
         get("/hello.txt", "Connection: x", "Connection: close") + get("/digits.txt"), HELLO)
for name, value in {"keep-alive": "keep-alive", "an empty value": "", "an unknown option": "x",
                    "closed": "closed", "not-close": "not-close", "close in quotes": '"close"',
                    "hop-by-hop names": "X-A, Cookie", "its own name": "Connection",
                    "Host": "Host", "Content-Length": "Content-Length"}.items():
    c.kept("1.1 goes on with " + name, get("/hello.txt", "Connection: " + value), HELLO,
           also={400} if name in ("Host", "Content-Length") else ())
c.closed("1.0 ends", get(version="1.0") + get("/digits.txt", version="1.0"), HELLO,
         asked_close=True)
KEPT = answer(200, "hello, world\n", Connection="(?i)keep-alive")
for value in ("keep-alive", "Keep-Alive", "x, keep-alive"):
    c.kept("1.0 goes on with " + value, get("/hello.txt", "Connection: " + value, version="1.0"),
           KEPT, also={200})
c.closed("1.0 ends with close beside keep-alive",
         get("/hello.txt", "Connection: keep-alive, close", version="1.0"), HELLO, asked_close=True)
c.closed("Proxy-Connection means nothing", get("/hello.txt", "Proxy-Connection: keep-alive",
                                               version="1.0"), HELLO, asked_close=True)
c.kept("Keep-Alive without Connection means nothing", get("/hello.txt", "Keep-Alive: timeout=0"),
       HELLO)
c.closed("an error in 1.0 ends, too", get("/none", version="1.0"), 404, asked_close=True)
c.closed("a client that has sent all it will is answered", [get(), HALF], HELLO, asked_close=True)
c.closed("also for several requests", [get() + get("/digits.txt"), HALF], [HELLO, DIGITS],
         asked_close=True)
c.closed("nothing at all", [HALF], {0}, asked_close=True)
c.closed("an empty line and nothing more", ["\r\n", HALF], {0, 400}, asked_close=True)
c.closed("a large file whole, then the end", get("/large.bin", "Connection: close"),
         answer(200, bytes(range(256)).decode("latin-1") * 4096))

c = pipelines = Cases("RFC 9112 9.3.2")
c.kept("two requests, in order", get() + get("/digits.txt"), [HELLO, DIGITS])
c.kept("fifty, in order", "".join(get("/digits.txt" if i % 2 else "/hello.txt") for i in range(50)),
       [HELLO, DIGITS] * 25)
c.kept("one at a time", [get(), AWAIT, get("/digits.txt"), AWAIT, get()], [HELLO, DIGITS, HELLO])
c.kept("one that comes in pieces", ["GET /hel", "lo.txt HT", "TP/1.1\r\nHo", "st: a\r\n\r", "\n"],
       HELLO)
c.kept("the next one begun in the same piece", [get() + "GET /digi",
                                                "ts.txt HTTP/1.1\r\nHost: a\r\n\r\n"],
       [HELLO, DIGITS])
c.kept("large ones between small ones", get("/large.bin") + get() + get("/large.bin") + get(),
       [200, HELLO, 200, HELLO])
c.kept("errors do not end it", get("/none") + get() + request("FOO") + get("/digits.txt"),
       [404, HELLO, 501, DIGITS], also={400, 404})
c.kept("HEAD between GETs", get() + request("HEAD") + get("/digits.txt"),
       [HELLO, answer(200, "", Content_Length="13"), DIGITS], to_head=[False, True, False])
c.closed("nothing behind close is answered", get("/hello.txt", "Connection: close") + get() + get(),
         HELLO)
c.closed("nothing behind an error in the bytes is answered", get() + get(host=None) + get(),
         [HELLO, 400])
c.closed("nor behind a malformed line", get() + "nonsense\r\n\r\n" + get(), [HELLO, 400])
c.closed("nor behind 1.0", get() + get(version="1.0") + get(), [HELLO, HELLO], asked_close=True)

# ---- what is meant for those between ----

c = between = Cases("RFC 9110 7.6")
for name, fields in {
        "a loop of Via": ["Via: 1.1 a, 1.0 b (c), HTTP/1.1 d:80"],
        "what is no Via": ["Via: , (", "Via: x"],
        "no more hops": ["Max-Forwards: 0"],
        "hops that are no number": ["Max-Forwards: -1"],
        "trailers that are welcome": ["TE: trailers", "Connection: TE"],
        "codings that are welcome": ["TE: gzip;q=1, trailers;q=0.5", "Connection: te"],
        "TE that Connection does not name": ["TE: trailers"],
        "TE that is none": ["TE: chunked;q=x, ;", "Connection: TE"],
        "credentials for a proxy": ["Proxy-Authorization: Basic eDp5"],
        "a transformation that is forbidden": ["Cache-Control: no-transform, only-if-cached"]
        }.items():
    c.kept("an origin passes over " + name, get("/hello.txt", *fields), HELLO)
    c.kept("also to HEAD: " + name, request("HEAD", "/hello.txt", *fields),
           answer(200, "", Content_Length="13"))
c.kept("OPTIONS that goes no further is answered here",
       request("OPTIONS", "*", "Max-Forwards: 0") + get(), [{200, 204}, HELLO],
       to_head=[False, False], also={400, 405, 501})
c.kept("a request that names its trailer fields",
       request("GET", "/hello.txt", "Trailer: X-Sum, Content-Length", "Content-Length: 0"), HELLO)

# ---- what comes while nobody reads ----

c = lingering = Cases("RFC 9112 9.6")
MUCH = "x" * 3000000
c.bad("a refusal reaches a client that is still sending", [get(host=None), MUCH])
c.bad("so does 414", ["GET /" + "a" * 70000, MUCH], 414, also={400, 431})
c.bad("so does 431", ["GET / HTTP/1.1\r\nX: " + "a" * 70000, MUCH], 431, also={400, 413})
c.bad("so does 405", [request("PUT", "/hello.txt", "Content-Length: 3000000"), MUCH], 405,
      also={403, 413, 501})
c.bad("so does 404 to a large PUT", [request("PUT", "/none", "Content-Length: 3000000"), MUCH],
      {404, 405}, also={403, 413, 501})
c.bad("so does 501", [request("FOO", "/", "Content-Length: 3000000"), MUCH], 501, also={405, 413})
c.closed("close, and more behind it", get("/hello.txt", "Connection: close") + MUCH, HELLO)
h = lingering_h = Cases("RFC 9112 9.6", "handlers")
h.bad("413 reaches a client that is still sending",
      [request("POST", "/small", "Content-Length: 3000000"), MUCH], 413)
h.bad("413 in the middle of chunks", [request("POST", "/small", "Transfer-Encoding: chunked",
                                              body="2dc6c0\r\n"), MUCH], 413)
h.closed("an answer before the body", [request("POST", "/early", "Content-Length: 3000000"), MUCH],
         answer(403, "no"))
h.closed("an answer to a body that never comes", request("POST", "/early", "Content-Length: 10"),
         answer(403, "no"))
REFUSED = {
    "a length that is none": (request("POST", "/echo", "Content-Length: x", body="abc"), 400),
    "a coding that does not end": (request("POST", "/echo", "Transfer-Encoding: x"), 400),
    "a chunk that is none": (request("POST", "/echo", "Transfer-Encoding: chunked",
                                     body="x\r\nabc\r\n0\r\n\r\n"), 400),
    "too long a body": (request("POST", "/small", "Content-Length: 17", body="a" * 17), 413),
    "too long a target": (get("/" + "a" * 70000), 414),
    "too long a field": (get("/line", "X: " + "a" * 70000), 431),
    "an unknown version": (get("/line", version="2.0"), 505)}
for name, (text, status) in REFUSED.items():
    h.closed("what came before %s is answered, and nothing behind it" % name,
             get("/line") + request("POST", "/echo", "Content-Length: 2", body="ab") + text +
             get("/line"), [answer(200, "GET a /line"), answer(200, "ab"), status])
h.closed("a handler may close", get("/last") + get("/line"),
         answer(200, "last", Connection="close"))

# ---- bodies that nobody asked for ----

c = unwanted = Cases("RFC 9110 9.3.1")
c.kept("a body with GET is passed over", get("/hello.txt", "Content-Length: 3", body="abc") +
       get("/digits.txt"), [HELLO, DIGITS], also={400, 413})
c.kept("a body with HEAD is passed over", request("HEAD", "/hello.txt", "Content-Length: 3",
                                                  body="abc") +
       get("/digits.txt"), [answer(200, ""), DIGITS], to_head=[True, False], also={400, 413})
c.kept("a body with OPTIONS is passed over", request("OPTIONS", "/hello.txt", "Content-Length: 3",
                                                     body="abc") + get("/digits.txt"),
       [{200, 204}, DIGITS], also={400, 405, 413, 501})
for method, status, also in (("POST", 405, {200, 403, 501}), ("PUT", 405, {403, 501}),
                             ("DELETE", 405, {403, 501}), ("FOO", 501, {400, 405})):
    c.kept("a body with %s that is refused is passed over" % method,
           request(method, "/hello.txt", "Content-Length: 3", body="abc") + get("/digits.txt"),
           [status, DIGITS], also=also)
    c.kept("chunks with %s that is refused are passed over" % method,
           request(method, "/hello.txt", "Transfer-Encoding: chunked",
                   body="3\r\nabc\r\n0\r\n\r\n") +
           get("/digits.txt"), [status, DIGITS], also=also | {411})
    c.bad("malformed chunks with %s are no requests" % method,
          request(method, "/hello.txt", "Transfer-Encoding: chunked", body="3\r\nabcGET /") +
          get("/digits.txt"), {400, status}, also=also | {411})
c.kept("a body for what is not there is passed over",
       request("POST", "/none", "Content-Length: 3", body="abc") + get("/digits.txt"),
       [{404, 405}, DIGITS], also={404, 403, 501})

# ---- Expect ----

c = expect = Cases("RFC 9110 10.1.1", "handlers")
EXPECT = "Expect: 100-continue"
POST = request("POST", "/echo", EXPECT, "Content-Length: 3")
c.kept("100 before the body", [POST, AWAIT, "abc"], answer(200, "abc"), interim=[100])
c.kept("in another case", [POST.replace("100-continue", "100-CONTINUE"), AWAIT, "abc"],
       answer(200, "abc"), interim=[100])
c.kept("100 before chunks", [request("POST", "/echo", EXPECT, "Transfer-Encoding: chunked"), AWAIT,
                             "3\r\nabc\r\n0\r\n\r\n"], answer(200, "abc"), interim=[100])
c.kept("none for a body of no bytes", request("POST", "/echo", EXPECT, "Content-Length: 0"),
       answer(200, ""))
c.kept("none without a body", get("/line", EXPECT), LINE)
c.closed("none in 1.0", request("POST", "/echo", EXPECT, "Content-Length: 3", version="1.0",
                                body="abc"), answer(200, "abc"), asked_close=True)
c.bad("413 in its place", request("POST", "/small", EXPECT, "Content-Length: 1000"), 413)
c.closed("a final answer in its place", request("POST", "/early", EXPECT, "Content-Length: 10"),
         answer(403, "no"))
c.bad("405 in its place", request("PUT", "/line", EXPECT, "Content-Length: 10"), 405)
c.bad("404 in its place", request("PUT", "/none", EXPECT, "Content-Length: 10"), 404)
for value in ("200-ok", "100-continued", "100", "x", "100-continue, x", "x=y", '"100-continue"',
              ""):
    c.add("an expectation that cannot be met is 417: %r" % value,
          request("POST", "/echo", "Expect: " + value, "Content-Length: 3", body="abc"),
          {417} if value else {200, 417}, ANY)
c.closed("an unknown one in 1.0 is ignored", request("POST", "/echo", "Expect: x",
                                                     "Content-Length: 3",
                                                     version="1.0", body="abc"), answer(200, "abc"),
         asked_close=True)
e = expect_files = Cases("RFC 9110 10.1.1")
e.add("an expectation that cannot be met is 417", get("/hello.txt", "Expect: x"), 417, ANY,
      also={200})
e.kept("none without a body", get("/hello.txt", EXPECT), HELLO)
e.bad("405 in place of 100", request("PUT", "/hello.txt", EXPECT, "Content-Length: 3"), 405,
      also={403, 501})

# ---- Upgrade ----

c = upgrade = Cases("RFC 9110 7.8")
for name, fields in {
        "websocket": ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="],
        "h2c": ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c",
                "HTTP2-Settings: AAMAAABkAAQ"],
        "TLS/1.0": ["Connection: upgrade", "Upgrade: TLS/1.0"],
        "HTTP/1.1": ["Connection: upgrade", "Upgrade: HTTP/1.1"],
        "nothing": ["Connection: upgrade", "Upgrade:"],
        "a list": ["Connection: upgrade", "Upgrade: x/1, y"]}.items():
    c.kept("an upgrade to %s is declined" % name, get("/hello.txt", *fields), HELLO,
           also={101, 426} if name == "h2c" else ())
c.kept("an upgrade without Connection means nothing", get("/hello.txt", "Upgrade: h2c"), HELLO)
c.closed("an upgrade in 1.0 means nothing", get("/hello.txt", "Connection: upgrade", "Upgrade: h2c",
                                                version="1.0"), HELLO, asked_close=True)
c.kept("a body with an upgrade is passed over",
       get("/hello.txt", "Connection: upgrade", "Upgrade: h2c", "Content-Length: 3", body="abc") +
       get("/digits.txt"), [HELLO, DIGITS], also={101, 400, 413})

# ---- what a response may hold ----

c = statuses = Cases("RFC 9112 6.3", "handlers")
for code in (204, 304):
    c.kept("%d has no content" % code, get("/status/%d" % code) + get("/line"),
           [answer(code, ""), LINE])
c.kept("205 has none, and says so", get("/status/205") + get("/line"),
       [answer(205, "", Content_Length="0"), LINE])
for code in (200, 201, 299, 400, 404, 418, 500, 503, 599):
    c.kept("%d has content" % code, get("/status/%d" % code),
           answer(code, "the body", Content_Length="8"))
    c.kept("%d to HEAD has none" % code, request("HEAD", "/status/%d" % code) + get("/line"),
           [answer(code, "", Content_Length="8"), LINE], to_head=[True, False])
for code in (100, 101, 199, 600, 999, 0):
    c.kept("a handler cannot answer %d" % code, get("/status/%d" % code), 500)
c.kept("a body of unknown length is chunked, with its trailers", get("/pieces"),
       answer(200, "first second", Transfer_Encoding="chunked", lacks=("Content-Length",)))
c.closed("for 1.0 it ends with the connection", get("/pieces", version="1.0"),
         answer(200, "first second", lacks=("Transfer-Encoding", "Content-Length")),
         asked_close=True)
c.closed("also where 1.0 asked for it to be kept",
         get("/pieces", "Connection: keep-alive", version="1.0"),
         answer(200, "first second", lacks=("Transfer-Encoding",), Connection="(?i)close|^$"),
         asked_close=True)
c.kept("HEAD of it has no chunks", request("HEAD", "/pieces") + get("/line"),
       [answer(200, "", lacks=("Content-Length",)), LINE], to_head=[True, False])
c.kept("any method goes where a route takes any", request("PATCH", "/any"),
       answer(200, "PATCH a /any"))
c.kept("TRACE does not", request("TRACE", "/any"), 405)
c.kept("a method of the program's own is known", request("QUERY", "/echo", "Content-Length: 2",
                                                         body="ab"),
       answer(200, "ab"))
c.kept("and is 405 elsewhere", request("QUERY", "/line"), answer(405, Allow=".*GET.*"))
c.kept("405 names them all", get("/echo"), answer(405, Allow="(?=.*POST)(?=.*PUT)(?=.*QUERY).*"))
c.kept("OPTIONS * names the methods of all routes", request("OPTIONS", "*"),
       answer(204, "", Allow="(?=.*QUERY)(?=.*GET)(?=.*POST).*"))

TABLES = [persistence, pipelines, between, lingering, lingering_h, unwanted, expect, expect_files,
          upgrade, statuses]
