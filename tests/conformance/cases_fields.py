"""RFC 9112 5 and RFC 9110 5: field lines, and the limits on them."""

from tables import HALF, Cases, answer, get, request

HELLO = answer(200, "hello, world\n")

c = lines = Cases("RFC 9112 5.1")
for name, text in {
        "a space before the colon": "X-A : y",
        "a tab before the colon": "X-A\t: y",
        "several blanks before the colon": "X-A  \t: y",
        "a space within a name": "X A: y",
        "a space before a name": " X-A: y",
        "a vertical tab before the colon": "X-A\x0b: y",
        "NUL before the colon": "X-A\0: y",
        "a control within a name": "X\x01A: y",
        "NUL within a name": "X\0A: y",
        "beyond ASCII within a name": "X\xe4A: y",
        "a no-break space behind a name": "X-A\xa0: y",
        "a separator within a name: (": "X(A: y",
        "a separator within a name: /": "X/A: y",
        "a separator within a name: [": "X[A]: y",
        "a separator within a name: @": "X@A: y",
        "a separator within a name: ,": "X,A: y",
        "a separator within a name: =": "X=A: y",
        "a separator within a name: {": "X{A}: y",
        "a name in quotes": '"X-A": y',
        "no name": ": y",
        "nothing but a colon": ":",
        "no colon": "X-A",
        "no colon, and blanks": "X-A y",
        "a second request line": "GET /hello.txt HTTP/1.1",
        "a line of a space": " ",
        "a line of a tab": "\t"}.items():
    c.bad(name, get("/hello.txt", text))
c.bad("a space before the colon of Content-Length",
      get("/hello.txt", "Content-Length : 3", body="abc"))
c.bad("a space before the colon of Transfer-Encoding",
      get("/hello.txt", "Transfer-Encoding : chunked", body="0\r\n\r\n"))

c = values = Cases("RFC 9110 5.5")
for name, text in {
        "NUL in a value": "X-A: a\0b",
        "NUL at the end of a value": "X-A: a\0",
        "a bare CR in a value": "X-A: a\rb",
        "a bare CR at the front of a value": "X-A:\ra",
        "a bare CR at the end of a value": "X-A: a\r",
        "a bare CR and a field behind it": "X-A: a\rX-B: b",
        "SOH in a value": "X-A: a\x01b",
        "backspace in a value": "X-A: a\x08b",
        "vertical tab in a value": "X-A: a\x0bb",
        "form feed in a value": "X-A: a\x0cb",
        "escape in a value": "X-A: a\x1b[2Jb",
        "unit separator in a value": "X-A: a\x1fb",
        "DEL in a value": "X-A: a\x7fb"}.items():
    # A recipient MUST refuse CR, LF and NUL; other controls it may also keep.
    c.bad(name, get("/hello.txt", text), also=() if "NUL" in name or "CR" in name else {200})
for name, text in {
        "an empty value": "X-A:",
        "a value of blanks": "X-A: \t ",
        "no blank before a value": "X-A:y",
        "a tab before a value": "X-A:\ty",
        "blanks behind a value": "X-A: y \t ",
        "a tab within a value": "X-A: a\tb",
        "Latin-1 in a value": "X-A: \xe4\xff",
        "UTF-8 in a value": "X-A: \xc3\xa4",
        "quotes in a value": 'X-A: "a, b\\" c"',
        "half a quoted string": 'X-A: "abc',
        "a colon in a value": "X-A: a: b",
        "all of tchar in a name": "!#$%&'*+-.^_`|~09azAZ: y",
        "a long name": "X-" + "a" * 200 + ": y",
        "a name of digits": "123: y",
        "an underscore in a name": "X_A: y",
        "a repeated field": "X-A: a\r\nX-A: b"}.items():
    c.kept(name, get("/hello.txt", text), HELLO,
           also={400} if "tchar" in name else ())

c = folded = Cases("RFC 9112 5.2")
for name, text in {
        "with a space": "X-A: a\r\n b",
        "with a tab": "X-A: a\r\n\tb",
        "with an empty line": "X-A: a\r\n \r\n b",
        "that looks like a field": "X-A: a\r\n X-B: b",
        "behind an empty value": "X-A:\r\n b",
        "of Transfer-Encoding": "Transfer-Encoding:\r\n chunked",
        "of Content-Length": "Content-Length:\r\n 0",
        "that hides Transfer-Encoding": "X-A: a\r\n Transfer-Encoding: chunked"}.items():
    # "MUST either reject ... or replace each received obs-fold with one or more SP"
    c.bad("folding " + name, get("/hello.txt", text), also={200, 501})

c = joined = Cases("RFC 9110 5.2", "handlers")
c.kept("lines of one name are joined", get("/field/x-a", "X-A: a", "X-B: c", "x-a: b"),
       answer(200, "<a, b>"))
c.kept("a value without its blanks", get("/field/x-a", "X-A: \t a  b \t"), answer(200, "<a  b>"))
c.kept("names without regard to case", get("/field/x-a", "x-A: y"), answer(200, "<y>"))
c.kept("an empty value is there", get("/field/x-a", "X-A:"), answer(200, "<>"))
c.kept("a field that is not there", get("/field/x-a"), answer(200, "<none>"))
c.kept("bytes beyond ASCII", get("/field/x-a", "X-A: \xe4\xc3\xa4"), answer(200, "<\xe4\xc3\xa4>"))
c.kept("an underscore is no hyphen", get("/field/x-a", "X_A: y"), answer(200, "<none>"))

c = limits = Cases("RFC 6585 5")
TOO_LARGE = {"also": {400, 413, 414}}
c.bad("a value too long is 431", get("/hello.txt", "X-A: " + "a" * 70000), 431, **TOO_LARGE)
c.bad("a name too long is 431", get("/hello.txt", "X" * 70000 + ": a"), 431, **TOO_LARGE)
c.bad("a field line that never ends", ["GET /hello.txt HTTP/1.1\r\nHost: a\r\nX: " + "a" * 300000],
      431, **TOO_LARGE)
c.bad("too many fields are 431", get("/hello.txt", *["X-%d: a" % i for i in range(3000)]), 431,
      **TOO_LARGE)
c.bad("too large a head is 431", get("/hello.txt", *["X-%d: %s" % (i, "a" * 8000)
                                                     for i in range(40)]), 431, **TOO_LARGE)
c.bad("a head that never ends", ["GET /hello.txt HTTP/1.1\r\n" + "A: b\r\n" * 60000], {400, 431},
      **TOO_LARGE)
c.kept("ninety fields are taken", get("/hello.txt", *["X-%d: a" % i for i in range(90)]), HELLO)
c.kept("a cookie of 4096 bytes is taken", get("/hello.txt", "Cookie: a=" + "b" * 4096), HELLO)
c.kept("a value of 7900 bytes is taken", get("/hello.txt", "X-A: " + "b" * 7900), HELLO)
c.bad("a head cut short", ["GET /hello.txt HTTP/1.1\r\nHost: a\r\n", HALF], {0, 400})
c.bad("a field cut short", ["GET /hello.txt HTTP/1.1\r\nHost: a\r\nX-A", HALF], {0, 400})
c.bad("HEAD whose fields are malformed has no body", request("HEAD", "/hello.txt", "X A: b"),
      answer(400, ""))

TABLES = [lines, values, folded, joined, limits]
