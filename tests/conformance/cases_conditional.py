"""RFC 9110 13: preconditions. "@ETAG@" stands for the entity tag of /hello.txt."""

from tables import MODIFIED_DATE, Cases, answer, get, request

HELLO = answer(200, "hello, world\n", Last_Modified=MODIFIED_DATE, ETag='(W/)?".*"')
NONE = answer(304, "", ETag='(W/)?".*"', lacks=("Content-Type", "Content-Encoding"))
FAILED = 412

EARLIER = "Tue, 31 Dec 2019 23:59:59 GMT"
LATER = "Wed, 01 Jan 2020 00:00:01 GMT"
BAD_DATES = (
    "", "0", "now", "1577836800", "2020-01-01", "2020-01-01T00:00:00Z", "Wed, 01 Jan 2020",
    "Wed, 01 Jan 2020 00:00:00", "Wed, 01 Jan 2020 00:00:00 CET", "Wed, 01 Jan 2020 00:00:00 +0000",
    "Wed, 32 Jan 2020 00:00:00 GMT", "Wed, 00 Jan 2020 00:00:00 GMT",
    "Wed, 01 Foo 2020 00:00:00 GMT", "Wed, 01 Jan 2020 24:00:00 GMT",
    "Wed, 01 Jan 2020 00:60:00 GMT", "Wed, 1 Jan 2020 00:00:00 GMT",
    "Wed, 30 Feb 2020 00:00:00 GMT", "Wed, 01 Jan 20200 00:00:00 GMT", "01 Jan 2020 00:00:00 GMT",
    "Wed, 01 Jan 2020 00:00:00 GMT x", "Wed, 01-Jan-2020 00:00:00 GMT",
    "Wed, 01 Jan 2099 00:00:00 GMT, Wed, 01 Jan 2099 00:00:00 GMT")

c = none_match = Cases("RFC 9110 13.1.2")
for name, value in {
        "the tag": "@ETAG@", "any": "*", "the tag in a list": '"x", @ETAG@, "y"',
        "the tag, weak": "W/@STRONG@", "empty elements of the list": ' , ,@ETAG@, ',
        "no blanks in the list": '"x",@ETAG@', "a tag with a comma before it": '"a,b", @ETAG@',
        "many tags before it": ", ".join('"%d"' % i for i in range(200)) + ", @ETAG@"}.items():
    c.kept("304 for " + name, get("/hello.txt", "If-None-Match: " + value), NONE)
c.kept("304 to HEAD", request("HEAD", "/hello.txt", "If-None-Match: @ETAG@"), NONE)
c.kept("304 for the second line", get("/hello.txt", 'If-None-Match: "x"', "If-None-Match: @ETAG@"),
       NONE, also={200})
for value in ('"x"', 'W/"x"', "", "x", '"', '""', "@ETAG@x", 'w/"x"', "@BARE@", "**", '"*"'):
    c.kept("200 for %s" % value, get("/hello.txt", "If-None-Match: " + value), HELLO,
           also={400} if value in ("", "x", '"', "@ETAG@x", "@BARE@", "**") else ())
c.kept("it goes before If-Modified-Since: 200", get("/hello.txt", 'If-None-Match: "x"',
                                                    "If-Modified-Since: " + LATER), HELLO)
c.kept("it goes before If-Modified-Since: 304", get("/hello.txt", "If-None-Match: @ETAG@",
                                                    "If-Modified-Since: " + EARLIER), NONE)
c.kept("what is not there is 404", get("/none", "If-None-Match: *"), 404)
c.kept("304, and the next request is answered", get("/hello.txt", "If-None-Match: @ETAG@") + get(),
       [NONE, HELLO])
c.kept("no content behind 304, whatever the range", get("/hello.txt", "If-None-Match: @ETAG@",
                                                        "Range: bytes=0-1"), NONE)

c = match = Cases("RFC 9110 13.1.1")
for name, value in {"the tag": "@ETAG@", "any": "*", "the tag in a list": '"x", @ETAG@'}.items():
    c.kept("200 for " + name, get("/hello.txt", "If-Match: " + value), HELLO)
for value in ('"x"', "W/@STRONG@", "x", "", '"x", "y"', "@BARE@"):
    c.kept("412 for %s" % value, get("/hello.txt", "If-Match: " + value), FAILED,
           also={400} if value in ("x", "", "@BARE@") else ())
c.kept("412 to HEAD", request("HEAD", "/hello.txt", 'If-Match: "x"'), answer(FAILED, ""))
c.kept("it goes before If-Unmodified-Since", get("/hello.txt", "If-Match: @ETAG@",
                                                 "If-Unmodified-Since: " + EARLIER), HELLO)
c.kept("it goes before If-None-Match", get("/hello.txt", 'If-Match: "x"', "If-None-Match: @ETAG@"),
       FAILED)
c.kept("both hold", get("/hello.txt", "If-Match: @ETAG@", "If-None-Match: @ETAG@"), NONE)

c = modified = Cases("RFC 9110 13.1.3")
FORMATS = {"IMF-fixdate": MODIFIED_DATE, "RFC 850": "Wednesday, 01-Jan-20 00:00:00 GMT",
           "asctime": "Wed Jan  1 00:00:00 2020"}
for name, value in FORMATS.items():
    c.kept("304 for its date, as " + name, get("/hello.txt", "If-Modified-Since: " + value), NONE)
c.kept("304 for a later one", get("/hello.txt", "If-Modified-Since: " + LATER), NONE)
c.kept("200 for an earlier one", get("/hello.txt", "If-Modified-Since: " + EARLIER), HELLO)
c.kept("200 for an earlier one, as RFC 850",
       get("/hello.txt", "If-Modified-Since: Tuesday, 31-Dec-19 23:59:59 GMT"), HELLO)
# "more than 50 years in the future" is in the past
for value, status in {"Sunday, 06-Nov-94 08:49:37 GMT": HELLO,
                      "Saturday, 01-Jan-00 00:00:00 GMT": HELLO,
                      "Tuesday, 01-Jan-30 00:00:00 GMT": NONE}.items():
    c.kept("a year of two digits: " + value, get("/hello.txt", "If-Modified-Since: " + value),
           status, section="RFC 9110 5.6.7")
c.kept("304 to HEAD", request("HEAD", "/hello.txt", "If-Modified-Since: " + MODIFIED_DATE), NONE)
for value in BAD_DATES:
    # Some of these are read as dates by who is lenient.
    c.kept("what is no date is ignored: %r" % value, get("/hello.txt",
                                                         "If-Modified-Since: " + value),
           HELLO, also={304} if "2020 00:00:00" in value or value == "" else ())
c.kept("ignored for other methods", request("OPTIONS", "/hello.txt",
                                            "If-Modified-Since: " + MODIFIED_DATE),
       {200, 204}, also={405, 501})

c = unmodified = Cases("RFC 9110 13.1.4")
for name, value in FORMATS.items():
    c.kept("200 for its date, as " + name, get("/hello.txt", "If-Unmodified-Since: " + value),
           HELLO)
c.kept("200 for a later one", get("/hello.txt", "If-Unmodified-Since: " + LATER), HELLO)
c.kept("412 for an earlier one", get("/hello.txt", "If-Unmodified-Since: " + EARLIER), FAILED)
for value in BAD_DATES[:8]:
    c.kept("what is no date is ignored: %r" % value, get("/hello.txt",
                                                         "If-Unmodified-Since: " + value),
           HELLO, also={412} if "2020 00:00:00" in value or not value else ())
c.kept("412 before 304", get("/hello.txt", "If-Unmodified-Since: " + EARLIER,
                             "If-None-Match: @ETAG@"), FAILED)

TABLES = [none_match, match, modified, unmodified]
