"""RFC 9110 14 and 12.5.3: ranges of /digits.txt, which holds "0123456789"; Accept-Encoding."""

from tables import MODIFIED_DATE, Cases, answer, get, request

WHOLE = answer(200, "0123456789", Content_Length="10", lacks=("Content-Range",))
UNSATISFIABLE = answer(416, Content_Range=r"bytes \*/10")


def part(first, last):
    return answer(206, "0123456789"[first:last + 1], Content_Length=str(last - first + 1),
                  Content_Range="bytes %d-%d/10" % (first, last))


MULTIPART = answer(206, Content_Type="multipart/byteranges; ?boundary=.+", lacks=("Content-Range",))


def ranged(value, *fields):
    return get("/digits.txt", "Range: " + value, *fields)


c = single = Cases("RFC 9110 14.1.2")
for value, first, last in (("bytes=0-0", 0, 0), ("bytes=0-4", 0, 4), ("bytes=5-", 5, 9),
                           ("bytes=0-", 0, 9), ("bytes=9-", 9, 9), ("bytes=9-9", 9, 9),
                           ("bytes=-1", 9, 9), ("bytes=-4", 6, 9), ("bytes=-10", 0, 9),
                           ("bytes=-100", 0, 9), ("bytes=5-100", 5, 9),
                           ("bytes=0-18446744073709551616", 0, 9),
                           ("bytes=-99999999999999999999", 0, 9), ("bytes=00-04", 0, 4),
                           ("BYTES=0-4", 0, 4), ("bytes=0-4,", 0, 4), ("bytes=, 0-4", 0, 4),
                           ("bytes= 0-4", 0, 4),
                           ("bytes=100-200, 2-3", 2, 3)):
    odd = value[0] == "B" or "," in value or " " in value or len(value) > 20 or value == "bytes=0-"
    c.kept("one range: " + value, ranged(value), part(first, last), also={200, 416} if odd else ())
for value in ("bytes=10-", "bytes=10-20", "bytes=100-", "bytes=-0", "bytes=99999999999999999999-",
              "bytes=10-11,20-30"):
    c.kept("416 for " + value, ranged(value), UNSATISFIABLE,
           also={200} if value in ("bytes=-0", "bytes=10-11,20-30") or "999" in value else ())
for value in ("bytes=", "bytes", "bytes=x", "bytes=a-b", "bytes=4-2", "bytes=-", "bytes=--1",
              "bytes=1--2", "bytes=0-4-5", "bytes=0x0-4", "bytes=+0-4", "bytes=0 -4", "bytes=0- 4",
              "0-4", "=0-4", "bytes:0-4", "bytes 0-4", "items=0-4", "lines=0-4", "none", "",
              "bytes=0-4;5-6", "bytes=0.0-4",
              "bytes=0-4, x", "seconds=0-4", "bytes=1-0", "bytes=0-a"):
    # "MAY ignore the Range header field"; a server may also say 416 or 400.
    c.kept("ignored: %r" % value, ranged(value), WHOLE, also={206, 400, 416})
c.kept("the second of two lines is not ignored for the first",
       get("/digits.txt", "Range: bytes=0-1", "Range: bytes=4-5"), {200, 206}, also={400, 416})
c.kept("an empty file has no range", get("/empty.txt", "Range: bytes=0-0"),
       answer(416, Content_Range=r"bytes \*/0"), also={200})
c.kept("a suffix of an empty file", get("/empty.txt", "Range: bytes=-1"), answer(200, ""),
       also={416})
c.kept("ranges are announced", get("/digits.txt"), answer(200, Accept_Ranges="bytes"))
c.kept("a part, and the next request", ranged("bytes=2-3") + get("/digits.txt"),
       [part(2, 3), WHOLE])
c.kept("a part of a large file", get("/large.bin", "Range: bytes=524288-786431"),
       answer(206, bytes(range(256)).decode("latin-1") * 1024,
              Content_Range="bytes 524288-786431/1048576"))
c.kept("a directory's index, too", get("/", "Range: bytes=0-4"), answer(206, "<!doc"))
c.kept("nothing that is not there", get("/none", "Range: bytes=0-4"),
       answer(404, lacks=("Content-Range",)))

c = methods = Cases("RFC 9110 14.2")
c.kept("ignored for HEAD", request("HEAD", "/digits.txt", "Range: bytes=0-4"),
       answer(200, "", Content_Length="10"), also={206})
c.kept("416 is not for HEAD", request("HEAD", "/digits.txt", "Range: bytes=50-"),
       answer(200, ""), also={416})
c.kept("ignored for OPTIONS", request("OPTIONS", "/digits.txt", "Range: bytes=0-4"), {200, 204},
       also={405, 501})

c = several = Cases("RFC 9110 15.3.7.2")
MULTI = {"also": {200}}
for value in ("bytes=0-0,9-9", "bytes=0-1, 4-5", "bytes=0-0,2-2,4-4", "bytes=0-0,-1",
              "bytes=8-9,0-1"):
    c.kept("several: " + value, ranged(value), MULTIPART, **MULTI)
c.kept("several and one that is not there", ranged("bytes=0-0,5-5,50-60"), MULTIPART, **MULTI)
for value in ("bytes=0-5,3-9", "bytes=0-9,0-9", "bytes=0-,0-", "bytes=-5,-5"):
    c.kept("overlapping ones are not multiplied: " + value, ranged(value), {200, 206})
c.kept("two hundred of them are not served one by one",
       ranged("bytes=" + ",".join("%d-%d" % (i % 10, i % 10) for i in range(200))), {200, 206},
       also={400, 416})
c.kept("a thousand that overlap are not multiplied", ranged("bytes=" + ",".join(["0-"] * 1000)),
       WHOLE, also={206, 400, 416})

c = if_range = Cases("RFC 9110 13.1.5")
c.kept("a date that is exact", ranged("bytes=0-4", "If-Range: " + MODIFIED_DATE), part(0, 4))
for name, value in {"a later date": "Wed, 01 Jan 2020 00:00:01 GMT",
                    "an earlier date": "Tue, 31 Dec 2019 23:59:59 GMT", "another tag": '"x"',
                    "a weak tag": 'W/"x"', "what is neither": "x", "nothing": ""}.items():
    c.kept("the whole for " + name, ranged("bytes=0-4", "If-Range: " + value), WHOLE,
           also={206, 400} if name in ("a later date", "nothing") else ())
c.kept("412 before a range", ranged("bytes=0-4", 'If-Match: "x"'), 412)
c.kept("If-Range without Range means nothing", get("/digits.txt", 'If-Range: "x"'), WHOLE)
c.kept("no 416 where If-Range fails", ranged("bytes=50-", 'If-Range: "x"'), WHOLE)

c = codings = Cases("RFC 9110 12.5.3")
for value in ("gzip", "identity", "*", "", "gzip;q=0", "identity;q=0", "*;q=0", "br, gzip;q=0.5",
              "x", "gzip;q=2",
              "gzip;q=", "gzip;;", ",,", "gzip;q=0.0001", "\"gzip\"",
              "deflate, gzip;q=1.0, *;q=0.5"):
    c.kept("Accept-Encoding: %r" % value, get("/digits.txt", "Accept-Encoding: " + value),
           answer(200, "0123456789", lacks=("Content-Encoding",)), also={400, 406})
for name in ("Accept", "Accept-Language", "Accept-Charset"):
    c.kept("%s that cannot be met is ignored" % name, get("/digits.txt", name + ": x/y;q=0, z"),
           WHOLE, section="RFC 9110 12.5.1", also={406})

TABLES = [single, methods, several, if_range, codings]
