"""RFC 9112 2 and 3: the request line."""

from tables import HALF, Cases, answer, get, request

HELLO = answer(200, "hello, world\n", Content_Length="13")
INDEX = answer(200, Content_Type="text/html.*")
HOST = "\r\nHost: a\r\n\r\n"

# ---- methods ----

c = methods = Cases("RFC 9110 9.1")
c.kept("GET", get(), HELLO)
c.kept("HEAD has the fields of GET and no body", request("HEAD"),
       answer(200, "", Content_Length="13"))
for method in ("get", "Get", "gET", "head", "hEAD"):
    c.kept("methods are case-sensitive: " + method, method + " /hello.txt HTTP/1.1" + HOST,
           501, also={400, 405})
for method in ("FOO", "GETT", "GE", "X-GET", "M!#$%&'*+-.^_`|~9", "G" * 200):
    c.kept("a method that nobody knows is 501: " + method[:20], request(method), 501,
           also={400, 405})
for method in ("POST", "PUT", "DELETE", "PATCH"):
    c.kept("a known method that does not apply here is 405: " + method,
           request(method, "/hello.txt", "Content-Length: 0"), answer(405, Allow=".*GET.*HEAD.*"),
           also={403, 501} if method != "POST" else {200, 403, 501})
c.kept("TRACE is not echoed", request("TRACE", "/hello.txt", "X-Secret: cookie"),
       answer(405, Allow="(?!.*TRACE).*"), also={501})
c.kept("TRACE with content is not served", request("TRACE", "/hello.txt", "Content-Length: 3",
                                                   body="abc"), 405, also={400, 501})
c.kept("OPTIONS names the methods", request("OPTIONS"), answer((200, 204), Allow=".*GET.*"),
       also={405, 501})
c.kept("HEAD of what is not there", request("HEAD", "/none"), answer(404, ""))
c.kept("HEAD of a directory", request("HEAD", "/dir"), answer((301, 308), Location=".*/dir/"))
for target, status in (("/none", 404), ("/dir", {301, 308}), ("/", 200)):
    c.kept("GET after HEAD of " + target, request("HEAD", target) + get(),
           [answer(status, ""), HELLO], to_head=[True, False])

c = connect = Cases("RFC 9110 9.3.6")
CONNECT = {"also": {200, 404, 405, 501, 502, 503}}
c.bad("CONNECT to a name", "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n",
      {400, 405, 501}, **CONNECT)
c.bad("what follows CONNECT is not served",
      "CONNECT example.org:80 HTTP/1.1\r\nHost: example.org:80\r\n\r\n" + get(),
      {400, 405, 501}, **CONNECT)
for target in ("/", "*", "example.org", "example.org:", "http://example.org/", ":80", "a:b:80",
               "a:99999", "a:0", "user@a:80"):
    c.bad("CONNECT to " + target, "CONNECT %s HTTP/1.1\r\nHost: a\r\n\r\n" % target, {400, 501},
          **CONNECT)

# ---- the form of the line ----

c = line = Cases("RFC 9112 3")
for name, text in {
        "two spaces before the target": "GET  /hello.txt HTTP/1.1",
        "two spaces before the version": "GET /hello.txt  HTTP/1.1",
        "a space before the method": " GET /hello.txt HTTP/1.1",
        "a tab before the method": "\tGET /hello.txt HTTP/1.1",
        "a tab before the target": "GET\t/hello.txt HTTP/1.1",
        "a tab before the version": "GET /hello.txt\tHTTP/1.1",
        "a space behind the version": "GET /hello.txt HTTP/1.1 ",
        "a tab behind the version": "GET /hello.txt HTTP/1.1\t",
        "a word behind the version": "GET /hello.txt HTTP/1.1 GET",
        "a space within the target": "GET /sp ace.txt HTTP/1.1",
        "a tab within the target": "GET /sp\tace.txt HTTP/1.1",
        "a vertical tab for a space": "GET\x0b/hello.txt HTTP/1.1",
        "a form feed for a space": "GET\x0c/hello.txt HTTP/1.1",
        "a bare CR for a space": "GET\r/hello.txt HTTP/1.1",
        "a bare CR behind the target": "GET /hello.txt\r HTTP/1.1",
        "a bare CR behind the version": "GET /hello.txt HTTP/1.1\r",
        "a bare CR within the target": "GET /hel\rlo.txt HTTP/1.1",
        "NUL within the method": "GE\0T /hello.txt HTTP/1.1",
        "NUL within the target": "GET /hello.txt\0 HTTP/1.1",
        "NUL within the version": "GET /hello.txt HTTP/1.\x001",
        "DEL within the target": "GET /hello\x7f.txt HTTP/1.1",
        "a control within the target": "GET /hello\x01.txt HTTP/1.1",
        "escape within the method": "G\x1bET /hello.txt HTTP/1.1",
        "beyond ASCII within the method": "G\xcbT /hello.txt HTTP/1.1",
        "beyond ASCII within the target": "GET /\xc3\xbcber.txt HTTP/1.1",
        "a no-break space": "GET\xa0/hello.txt HTTP/1.1",
        "no method": "/hello.txt HTTP/1.1",
        "no target": "GET HTTP/1.1",
        "nothing between the spaces": "GET  HTTP/1.1",
        "one word": "GET",
        "a colon in the method": "GET: /hello.txt HTTP/1.1",
        "a method in quotes": '"GET" /hello.txt HTTP/1.1',
        "a separator in the method": "G(T /hello.txt HTTP/1.1",
        "an equals sign for a method": "= /hello.txt HTTP/1.1",
        "a response": "HTTP/1.1 200 OK",
        "nonsense": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "an empty line behind a space": " "}.items():
    c.bad(name, text + HOST, also={200, 404, 405, 501, 505} if "beyond" in name else ())
c.bad("the version of the line in the next one", "GET /hello.txt\r\n HTTP/1.1\r\nHost: a\r\n\r\n")
c.bad("a request line cut short", ["GET /hello.txt", HALF], {0, 400})
c.bad("a request line without its LF", ["GET /hello.txt HTTP/1.1\r", HALF], {0, 400})

c = empty = Cases("RFC 9112 2.2")
c.kept("an empty line before the request line is passed over", "\r\n" + get(), HELLO)
c.kept("two of them", "\r\n\r\n" + get(), HELLO, also={400})
c.kept("an empty line behind a body", request("GET", "/hello.txt", "Content-Length: 3",
                                              body="abc") + "\r\n" + get(), [HELLO, HELLO])
c.bad("a space between request line and fields", "GET /hello.txt HTTP/1.1\r\n Host: a\r\n\r\n")
c.bad("a field with a space before it, and then Host",
      "GET /hello.txt HTTP/1.1\r\n X: y\r\nHost: a\r\n\r\n")
LF = {"also": {200}}  # "MAY recognize a single LF as a line terminator"
c.bad("the request line ends in LF alone", "GET /hello.txt HTTP/1.1\nHost: a\r\n\r\n", **LF)
c.bad("a field line ends in LF alone", "GET /hello.txt HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", **LF)
c.bad("the head ends in LF alone", "GET /hello.txt HTTP/1.1\r\nHost: a\r\n\n", **LF)
c.bad("all lines end in LF alone", "GET /hello.txt HTTP/1.1\nHost: a\n\n", **LF)
c.bad("an empty line of LF alone before it", "\n" + get(), **LF)
c.bad("CR CR LF behind the request line", "GET /hello.txt HTTP/1.1\r\r\nHost: a\r\n\r\n")
c.bad("CR CR LF behind a field", "GET /hello.txt HTTP/1.1\r\nHost: a\r\r\n\r\n")
c.bad("CR CR LF at the end of the head", "GET /hello.txt HTTP/1.1\r\nHost: a\r\n\r\r\n")
c.bad("a bare CR at the end of the head", "GET /hello.txt HTTP/1.1\r\nHost: a\r\n\rX")
c.bad("LF CR for line ends", "GET /hello.txt HTTP/1.1\n\rHost: a\n\r\n\r", {0, 400, 408}, **LF)

# ---- versions ----

c = versions = Cases("RFC 9112 2.3")
c.closed("1.0 is answered and closed", get(version="1.0"), HELLO, asked_close=True)
c.closed("1.0 without Host", get(version="1.0", host=None), HELLO, asked_close=True)
for version in ("1.2", "1.9"):
    c.kept("a higher minor version is read as 1.1: " + version, get(version=version), HELLO,
           section="RFC 9110 2.5", also={505})
    c.bad("a higher minor version needs Host, too: " + version, get(version=version, host=None),
          also={505})
for version in ("2.0", "3.0", "0.9", "9.9", "0.0"):
    c.bad("another major version is 505: " + version, get(version=version), 505,
          section="RFC 9110 15.6.6", also={400})
for version in ("2", "3", "1", "1.", ".1", "1.1.1", "1.10", "11.1", "01.1", "1.01", "1,1", "1 .1",
                "1. 1", "-1.1", "+1.1", "a.b", "1.a", "1.1a", "0x1.1", "1.\xb2", "", " 1.1",
                "1.1\0", "4294967297.1", "1.4294967297", "65537.1"):
    c.bad("a malformed version: %r" % version, get(version=version), also={505})
for name in ("http/1.1", "Http/1.1", "HTTP1.1", "HTTP 1.1", "HTTPS/1.1", "HTTP/", "HTTP", "HTP/1.1",
             "HTTP//1.1", "HTTP\\1.1", "XHTTP/1.1", "ICE/1.0", "RTSP/1.0", "SIP/2.0"):
    c.bad("another protocol: " + name, "GET /hello.txt " + name + HOST, also={505})
c.bad("0.9 is no longer spoken", "GET /hello.txt\r\n", also={200})
c.bad("0.9 with fields behind it", "GET /hello.txt" + HOST, also={200})
c.bad("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 505}, also={0})

# ---- length ----

c = lengths = Cases("RFC 9112 3")
c.kept("a target of 8000 bytes is taken", get("/" + "a" * 7990), 404, also={403})
c.kept("a query of 8000 bytes", get("/hello.txt?" + "q" * 7980), HELLO)
c.bad("a target too long is 414", get("/" + "a" * 70000), 414, also={400, 431})
c.bad("a query too long is 414", get("/hello.txt?" + "a" * 70000), 414, also={400, 431})
c.bad("a method too long", request("M" * 70000), {400, 414, 501}, also={431})
c.bad("a request line that never ends", ["GET /" + "a" * 200000], {414}, also={400, 431})
c.bad("blanks that never end", ["GET " + " " * 200000], 400, also={414, 431})

TABLES = [methods, connect, line, empty, versions, lengths]
