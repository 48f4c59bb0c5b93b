"""RFC 9112 6 and 7: where a request ends. What two readers could understand differently is how
requests are smuggled (RFC 9112 11.2), so all of it is refused, and the connection with it.

Each case goes to a handler that answers with the body it was given, and to a file, which a GET with
content asks for; both with a second request behind it."""

from tables import HALF, Cases, answer, get, request

HELLO = answer(200, "hello, world\n")
DIGITS = answer(200, "0123456789")
LINE = answer(200, "GET a /line")

TE = "Transfer-Encoding: "
CHUNKED = "Transfer-Encoding: chunked"
ABC = "3\r\nabc\r\n0\r\n\r\n"
SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\nX: "

files = Cases("RFC 9112 6.3")
handlers = Cases("RFC 9112 6.3", "handlers")


def good(name, fields, body, decoded, **options):
    """The body is taken for what it is, and the request behind it answered."""
    handlers.kept(name, request("POST", "/echo", *fields, body=body) + get("/line"),
                  [answer(200, decoded), LINE], **options)
    options.setdefault("also", {400, 411, 413})  # of content with GET
    files.kept(name, get("/hello.txt", *fields, body=body) + get("/digits.txt"), [HELLO, DIGITS],
               **options)


def refused(name, fields, body, statuses=400, **options):
    """One refusal, and no second answer."""
    handlers.bad(name, request("POST", "/echo", *fields, body=body) + get("/line"), statuses,
                 **options)
    files.bad(name, get("/hello.txt", *fields, body=body) + get("/digits.txt"), statuses, **options)


# ---- Content-Length ----

good("a body of known length", ["Content-Length: 3"], "abc", "abc")
good("no body", ["Content-Length: 0"], "", "")
good("no Content-Length is no body", [], "", "")
good("its name in capitals", ["CONTENT-LENGTH: 3"], "abc", "abc")
good("blanks around the length", ["Content-Length: \t 3 \t"], "abc", "abc")
good("leading zeros", ["Content-Length: 0003"], "abc", "abc")
good("a body that looks like a request", ["Content-Length: 27"], "GET /smuggled HTTP/1.1\r\n\r\nx",
     "GET /smuggled HTTP/1.1\r\n\r\nx")
good("a body of NUL and line ends", ["Content-Length: 4"], "\0\r\n\n", "\0\r\n\n")
for value in ("-1", "-0", "+3", "+0", "3 3", "3,", ",3", "3, 3", "3,3", "3, 4", "0, 3", "0x3", "3x",
              "x3", "3.0", "3e0", "1_0", "\"3\"", "'3'", "three", "", "NaN", "3;x", "(3)", "3\t3",
              "0 0", "0b11", "3\xa0", "\xb2", "\xd9\xa3", "9223372036854775808",
              "18446744073709551615", "18446744073709551616", "18446744073709551619",
              "36893488147419103235", "9" * 40,
              "340282366920938463463374607431768211459", "-18446744073709551613"):
    refused("Content-Length: %s" % value[:45], ["Content-Length: " + value], "abc",
            {400, 413} if value.isdigit() else 400, also={413})
for name, fields in {
        "two that differ": ["Content-Length: 3", "Content-Length: 0"],
        "two that differ, the longer last": ["Content-Length: 0", "Content-Length: 3"],
        "two that are equal": ["Content-Length: 3", "Content-Length: 3"],
        "two that are equal as numbers": ["Content-Length: 3", "Content-Length: 03"],
        "two, another field between them": ["Content-Length: 3", "X: y", "content-length: 5"],
        "two, one is empty": ["Content-Length: 3", "Content-Length:"],
        "two, one is no number": ["Content-Length: 3", "Content-Length: x"],
        "three of them": ["Content-Length: 3"] * 3, "with a vertical tab": ["Content-Length:\x0b3"],
        "with NUL": ["Content-Length: 3\0"], "with a bare CR": ["Content-Length: 3\r"],
        "in two lines": ["Content-Length: 1\r\n 3"]}.items():
    refused("Content-Length: " + name, fields, "abc", also={200} if "equal" in name else ())
good("a field that only looks like it", ["Content-Length_: 9", "X-Content-Length: 9",
                                         "Content_Length: 9", "Content-Lengt: 9"], "", "")
handlers.bad("a body cut short", [request("POST", "/echo", "Content-Length: 10", body="abc"), HALF],
             {0, 400})
handlers.bad("a body larger than the limit is 413",
             request("POST", "/small", "Content-Length: 17", body="a" * 17) + get("/line"), 413)
handlers.kept("a body at the limit", request("POST", "/small", "Content-Length: 16", body="a" * 16),
              answer(200, "a" * 16))
handlers.bad("a length far beyond the limit is 413 at once",
             request("POST", "/small", "Content-Length: 1000000000000"), 413)

# ---- Transfer-Encoding ----

good("chunked", [CHUNKED], ABC, "abc", section="RFC 9112 7.1")
for name, field in {
        "in capitals": "TRANSFER-ENCODING: CHUNKED",
        "in mixed case": "transfer-encoding: ChUnKeD",
        "blanks around it": "Transfer-Encoding: \t chunked \t",
        "no blank before it": "Transfer-Encoding:chunked"}.items():
    good("chunked, " + name, [field], ABC, "abc", section="RFC 9112 7.1")

both = ["Content-Length: 3", CHUNKED]
for name, fields in {
        "Content-Length first": both,
        "Transfer-Encoding first": both[::-1],
        "a length of 0": ["Content-Length: 0", CHUNKED],
        "the length of the chunks": ["Content-Length: %d" % len(ABC), CHUNKED],
        "two lengths": ["Content-Length: 3", "Content-Length: 3", CHUNKED],
        "identity": ["Content-Length: 3", TE + "identity"],
        "an unknown coding": ["Content-Length: 3", TE + "x"],
        "no coding": ["Content-Length: 3", TE],
        "xchunked": ["Content-Length: 3", TE + "xchunked"],
        "gzip": ["Content-Length: 3", TE + "gzip"],
        "in lower case": ["content-length: 3", CHUNKED.lower()],
        "a length that is none": ["Content-Length: x", CHUNKED]}.items():
    refused("both, " + name, fields, ABC, {400, 501}, section="RFC 9112 6.1")
refused("CL.TE", ["Content-Length: 52", CHUNKED], SMUGGLED, section="RFC 9112 11.2")
refused("TE.CL", [CHUNKED, "Content-Length: 4"],
        "2f\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n0\r\n\r\n",
        section="RFC 9112 11.2")

# The spellings by which one reader is led to chunks and another is not.
for value in ("xchunked", "chunkedx", "x-chunked", "chunke", "chunk", "chunked chunked",
              "chunked, chunked", "chunked,chunked", "chunked, identity", "identity",
              "identity, chunked", "chunked, gzip", "gzip, chunked", "gzip", "deflate, chunked",
              "compress", "chunked, x", "x, chunked", "x", "", ",", "chunked,", ",chunked",
              ", chunked", "chunked, ,", "chunked;", "chunked;q=1", "chunked; x=y", "chunked ; x",
              "chunked=1", "\"chunked\"", "'chunked'", "\"chunked", "chunked\"", "`chunked`",
              "(chunked)", "[chunked]", "{chunked}", "<chunked>", "chunked.", ".chunked",
              "chunked/1.1", "chunked:", ": chunked", "=chunked", "chun ked", "chun\tked",
              "chun-ked", "chunKed\xa0", "\xa0chunked", "\x85chunked", "chunked\x85",
              "chun\xb9ked", "\xe2\x84\xaachunked", "chunked\\",
              "\\chunked", "chunked|gzip", "chunked and more", "0", "true", "false", "null", "cow",
              "chunked;chunked", "trailers, chunked", "trailers",
              "chunk%65d", "chunked%00", "c%68unked"):
    refused("Transfer-Encoding: %s" % value, [TE + value], ABC, {400, 501}, section="RFC 9112 6.1")
for name, field in {
        "NUL behind it": TE + "chunked\0", "NUL before it": TE + "\0chunked",
        "a vertical tab before it": TE + "\x0bchunked",
        "a vertical tab behind it": TE + "chunked\x0b", "a form feed before it": TE + "\x0cchunked",
        "a form feed behind it": TE + "chunked\x0c", "a control behind it": TE + "chunked\x01",
        "backspace behind it": TE + "chunked\x08", "DEL behind it": TE + "chunked\x7f",
        "a bare CR behind it": TE + "chunked\r",
        "a bare CR before it": "Transfer-Encoding:\rchunked",
        "CR CR before it": "Transfer-Encoding: \r\rchunked",
        "a bare LF before it": "Transfer-Encoding:\nchunked",
        "a bare LF behind it": TE + "chunked\nX: y",
        "a bare LF before the field": "X: y\nTransfer-Encoding: chunked",
        "a bare CR before the field": "X: y\rTransfer-Encoding: chunked",
        "CR CR LF before the field": "X: y\r\r\nTransfer-Encoding: chunked",
        "folded": "Transfer-Encoding:\r\n chunked",
        "folded with a tab": "Transfer-Encoding:\r\n\tchunked",
        "folded behind another coding": TE + "identity\r\n , chunked",
        "a space before its colon": "Transfer-Encoding : chunked",
        "a tab before its colon": "Transfer-Encoding\t: chunked",
        "a vertical tab before its colon": "Transfer-Encoding\x0b: chunked",
        "NUL before its colon": "Transfer-Encoding\0: chunked",
        "a space before its name": " Transfer-Encoding: chunked",
        "a tab before its name": "\tTransfer-Encoding: chunked",
        "a vertical tab before its name": "\x0bTransfer-Encoding: chunked",
        "a space in its name": "Transfer Encoding: chunked",
        "a space behind its hyphen": "Transfer- Encoding: chunked",
        "a control in its name": "Transfer\x01-Encoding: chunked",
        "a byte beyond ASCII before its name": "\xffTransfer-Encoding: chunked",
        "a byte beyond ASCII behind its name": "Transfer-Encoding\xff: chunked",
        "a byte beyond ASCII in its name": "Transfer\x82Encoding: chunked",
        "an equals sign for its colon": "Transfer-Encoding= chunked",
        "no colon": "Transfer-Encoding chunked",
        "its name in quotes": "\"Transfer-Encoding\": chunked",
        "a slash in its name": "Transfer/Encoding: chunked",
        "a backslash in its name": "Transfer\\Encoding: chunked"}.items():
    refused("chunked, " + name, [field], ABC, {400, 501}, section="RFC 9112 6.1",
            also={200} if "LF" in name else ())
for name, fields in {
        "chunked twice": [CHUNKED, CHUNKED],
        "chunked, then identity": [CHUNKED, TE + "identity"],
        "identity, then chunked": [TE + "identity", CHUNKED],
        "chunked, then nothing": [CHUNKED, TE],
        "nothing, then chunked": [TE, CHUNKED],
        "chunked, then an unknown one": [CHUNKED, TE + "x"],
        "an unknown one, then chunked": [TE + "x", CHUNKED],
        "gzip, then chunked": [TE + "gzip", CHUNKED],
        "chunked, then gzip": [CHUNKED, TE + "gzip"],
        "chunked, then in another case": [CHUNKED, "transfer-encoding: CHUNKED"],
        "far apart": [CHUNKED, "X: y", "TRANSFER-ENCODING: cow"]}.items():
    refused("two fields: " + name, fields, ABC, {400, 501}, section="RFC 9112 6.1")
for name in ("Transfer_Encoding", "TransferEncoding", "Transfer-Encodin", "X-Transfer-Encoding",
             "Transfer-Encodings", "Content-Transfer-Encoding", "TE"):
    good("another field: " + name, [name + ": chunked", "Content-Length: 3"], "abc", "abc",
         section="RFC 9112 6.1")
handlers.bad("Transfer-Encoding in 1.0", request("POST", "/echo", CHUNKED, version="1.0",
                                                 body=ABC) +
             get("/line"), asked_close=True, section="RFC 9112 6.1")
files.bad("Transfer-Encoding in 1.0", get("/hello.txt", CHUNKED, version="1.0", body=ABC) +
          get("/digits.txt"), asked_close=True, section="RFC 9112 6.1",
          also={200})  # then closed: "MUST treat the message as if the framing is faulty"
files.bad("Transfer-Encoding in 1.0 that asks to be kept",
          get("/hello.txt", CHUNKED, "Connection: keep-alive", version="1.0", body=ABC) +
          get("/digits.txt"), asked_close=True, section="RFC 9112 6.1")

# ---- chunks ----

for name, body, decoded in (
        ("none", "0\r\n\r\n", ""),
        ("several", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc"),
        ("a size in lower case", "a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("a size in upper case", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
        ("a size with leading zeros", "0003\r\nabc\r\n000\r\n\r\n", "abc"),
        ("data of line ends", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
        ("data that looks like the last chunk", "5\r\n0\r\n\r\n\r\n0\r\n\r\n", "0\r\n\r\n"),
        ("an extension", "3;a\r\nabc\r\n0\r\n\r\n", "abc"),
        ("an extension with a value", "3;a=b\r\nabc\r\n0;c\r\n\r\n", "abc"),
        ("a quoted extension", '3;a="b; \\"c\\" \t"\r\nabc\r\n0\r\n\r\n', "abc"),
        ("several extensions", '3;a;b=c;d="e"\r\nabc\r\n0\r\n\r\n', "abc"),
        ("blanks around an extension", "3 ; a = b\r\nabc\r\n0\r\n\r\n", "abc"),
        ("a trailer field", "3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n", "abc"),
        ("several trailer fields", "3\r\nabc\r\n0\r\nX: 1\r\nY: 2\r\n\r\n", "abc"),
        ("trailer fields that frame mean nothing",
         "3\r\nabc\r\n0\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", "abc"),
        ("trailer fields that route mean nothing", "3\r\nabc\r\n0\r\nHost: b\r\nHost: c\r\n\r\n",
         "abc")):
    good("chunks: " + name, [CHUNKED], body, decoded, section="RFC 9112 7.1")
for name, body in {
        "a size of 0x3": "0x3\r\nabc\r\n0\r\n\r\n",
        "a size of 3h": "3h\r\nabc\r\n0\r\n\r\n",
        "a negative size": "-3\r\nabc\r\n0\r\n\r\n",
        "a size of -0": "-0\r\n\r\n",
        "a size with a plus sign": "+3\r\nabc\r\n0\r\n\r\n",
        "no size": "\r\nabc\r\n0\r\n\r\n",
        "no size, and an extension": ";a\r\nabc\r\n0\r\n\r\n",
        "a size that is no number": "x\r\nabc\r\n0\r\n\r\n",
        "a size in quotes": "\"3\"\r\nabc\r\n0\r\n\r\n",
        "a size with a point": "3.0\r\nabc\r\n0\r\n\r\n",
        "a size with an underscore": "0_3\r\nabc\r\n0\r\n\r\n",
        "a space before the size": " 3\r\nabc\r\n0\r\n\r\n",
        "a tab before the size": "\t3\r\nabc\r\n0\r\n\r\n",
        "a space behind the size": "3 \r\nabc\r\n0\r\n\r\n",
        "a tab behind the size": "3\t\r\nabc\r\n0\r\n\r\n",
        "a space within the size": "0 3\r\nabc\r\n0\r\n\r\n",
        "NUL behind the size": "3\0\r\nabc\r\n0\r\n\r\n",
        "a vertical tab behind the size": "3\x0b\r\nabc\r\n0\r\n\r\n",
        "a comma behind the size": "3,\r\nabc\r\n0\r\n\r\n",
        "a word behind the size": "3 abc\r\nabc\r\n0\r\n\r\n",
        "a size of 2^64 + 3": "10000000000000003\r\nabc\r\n0\r\n\r\n",
        "a size of 2^64": "10000000000000000\r\n\r\n",
        "a size of 2^64 - 1": "ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "a size of 2^63": "8000000000000000\r\nabc\r\n0\r\n\r\n",
        "a size of 2^128 + 3": "100000000000000000000000000000003\r\nabc\r\n0\r\n\r\n",
        "a size of forty digits": "f" * 40 + "\r\nabc\r\n0\r\n\r\n",
        "zeros without end": "0" * 20000 + "3\r\nabc\r\n0\r\n\r\n",
        "LF behind the size": "3\nabc\r\n0\r\n\r\n",
        "CR behind the size": "3\rabc\r\n0\r\n\r\n",
        "CR CR LF behind the size": "3\r\r\nabc\r\n0\r\n\r\n",
        "LF behind the data": "3\r\nabc\n0\r\n\r\n",
        "CR behind the data": "3\r\nabc\r0\r\n\r\n",
        "nothing behind the data": "3\r\nabc0\r\n\r\n",
        "two bytes behind the data": "3\r\nabcXX0\r\n\r\n",
        "CR X behind the data": "3\r\nabc\rX0\r\n\r\n",
        "more data than the size": "3\r\nabcd\r\n0\r\n\r\n",
        "less data than the size": "4\r\nabc\r\n0\r\n\r\n",
        "an empty line between chunks": "3\r\nabc\r\n\r\n0\r\n\r\n",
        "LF behind the last size": "3\r\nabc\r\n0\n\r\n",
        "LF for the end": "3\r\nabc\r\n0\r\n\n",
        "CR for the end": "3\r\nabc\r\n0\r\n\rX",
        "an extension without a name": "3;\r\nabc\r\n0\r\n\r\n",
        "an extension of a blank": "3; \r\nabc\r\n0\r\n\r\n",
        "an extension without a value": "3;a=\r\nabc\r\n0\r\n\r\n",
        "two semicolons": "3;;a\r\nabc\r\n0\r\n\r\n",
        "a quote that does not end": '3;a="b\r\nabc\r\n0\r\n\r\n',
        "LF in an extension": "3;a\nb\r\nabc\r\n0\r\n\r\n",
        "LF in a quoted extension": '3;a="\n"\r\nabc\r\n0\r\n\r\n',
        "CR in an extension": "3;a\rb\r\nabc\r\n0\r\n\r\n",
        "CR LF in a quoted extension": '3;a="\r\n"\r\nabc\r\n0\r\n\r\n',
        "NUL in an extension": "3;a\0\r\nabc\r\n0\r\n\r\n",
        "beyond ASCII in an extension": "3;\xe4\r\nabc\r\n0\r\n\r\n",
        "an extension without end": "3;" + "a" * 100000 + "\r\nabc\r\n0\r\n\r\n",
        "a word behind the last size": "3\r\nabc\r\n0 x\r\n\r\n",
        "a trailer with a space before its colon": "3\r\nabc\r\n0\r\nX : y\r\n\r\n",
        "a trailer without a colon": "3\r\nabc\r\n0\r\nX\r\n\r\n",
        "a trailer that is folded": "3\r\nabc\r\n0\r\nX: y\r\n z\r\n\r\n",
        "a trailer that begins with a space": "3\r\nabc\r\n0\r\n X: y\r\n\r\n",
        "a trailer with NUL": "3\r\nabc\r\n0\r\nX: \0\r\n\r\n",
        "a trailer that ends in LF": "3\r\nabc\r\n0\r\nX: y\n\r\n",
        "a trailer with a bare CR": "3\r\nabc\r\n0\r\nX: a\rb\r\n\r\n",
        "a request line for a trailer": "3\r\nabc\r\n0\r\nGET /smuggled HTTP/1.1\r\n\r\n"}.items():
    refused("chunks: " + name, [CHUNKED], body, section="RFC 9112 7.1",
            also={413, 431, 200} if "extension" in name or "trailer" in name or "zeros" in name
            else {413})
refused("chunks: trailers too large", [CHUNKED], "3\r\nabc\r\n0\r\nX: " + "a" * 100000 + "\r\n\r\n",
        431, section="RFC 9112 7.1.2", also={200, 400, 413})
refused("chunks: too many trailers", [CHUNKED], "0\r\n" + "X: y\r\n" * 3000 + "\r\n", 431,
        section="RFC 9112 7.1.2", also={200, 400, 413})
handlers.bad("chunks cut short", [request("POST", "/echo", CHUNKED, body="3\r\nab"), HALF],
             {0, 400}, section="RFC 9112 8")
handlers.bad("no last chunk", [request("POST", "/echo", CHUNKED, body="3\r\nabc\r\n"), HALF],
             {0, 400}, section="RFC 9112 8")
handlers.bad("no end of the trailers", [request("POST", "/echo", CHUNKED, body="0\r\n"), HALF],
             {0, 400}, section="RFC 9112 8")
handlers.bad("chunks that exceed the limit of the body",
             request("POST", "/small", CHUNKED, body="11\r\n" + "a" * 17 + "\r\n0\r\n\r\n") +
             get("/line"), 413, section="RFC 9112 7.1")

TABLES = [files, handlers]
