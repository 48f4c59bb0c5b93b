"""RFC 9112 3.2 and 7.2 of RFC 9110: the target and Host; RFC 3986: what is in a path."""

from tables import ANY, Cases, answer, get, request

HELLO = answer(200, "hello, world\n")
INDEX = answer(200, Content_Type="text/html.*")

# ---- forms ----

c = forms = Cases("RFC 9112 3.2.2")
for target in ("http://a/hello.txt", "HTTP://a/hello.txt", "http://a:80/hello.txt",
               "http://A/hello.txt", "http://[::1]/hello.txt", "http://a:/hello.txt",
               "http://a/hello.txt?x=http://b/"):
    c.kept("absolute form: " + target, get(target), HELLO)
c.kept("its authority goes before Host", get("http://a/hello.txt", host="b"), HELLO)
c.kept("absolute form without a path", get("http://a"), INDEX)
c.kept("absolute form with a query and no path", get("http://a?x"), INDEX, also={400})
for target in ("https://a/hello.txt", "HTTPS://a:80/hello.txt", "https://a"):
    c.kept("https over what is not secured: " + target, get(target), answer(421),
           section="RFC 9110 7.4", also={400, 403, 404})
c.bad("absolute form needs Host all the same", get("http://a/hello.txt", host=None))
for target in ("http:///hello.txt", "http://", "http:/hello.txt", "http:hello.txt",
               "http://user@a/hello.txt", "http://user:pw@a/hello.txt", "http://a:b/hello.txt",
               "http://a:99999/hello.txt", "http://[::1/hello.txt", "http://a b/hello.txt",
               "http://a\\b/hello.txt", "http://a%/hello.txt", "http://[x]/hello.txt",
               "://a/hello.txt", "ftp://a/hello.txt", "file:///hello.txt", "x:y", "hello.txt",
               "../hello.txt", "?x", "a:80", "a.example", "\\hello.txt", "%2Fhello.txt",
               "http://a/hello.txt#part"):
    c.bad("no target: " + target, get(target), also={301, 404, 403, 421})

c = star = Cases("RFC 9112 3.2.4")
c.kept("OPTIONS *", request("OPTIONS", "*"), answer((200, 204), Allow=".*GET.*"),
       also={400, 405, 501})
c.kept("OPTIONS * and a request behind it", request("OPTIONS", "*") + get(), [{200, 204}, HELLO],
       to_head=[False, False], also={400, 405, 501})
for method in ("GET", "HEAD", "POST", "DELETE"):
    c.bad("* is not for " + method, request(method, "*", "Content-Length: 0"),
          also={403, 404, 405, 501})
for target in ("**", "*/hello.txt", "*?x"):
    c.bad("* has nothing behind it: " + target, request("OPTIONS", target), also={404, 405, 501})

c = fragments = Cases("RFC 9112 3.2.1")
c.bad("a target has no fragment", get("/hello.txt#part"), also={200, 404})
c.bad("an empty fragment is one", get("/hello.txt#"), also={200, 404})
c.kept("an empty query", get("/hello.txt?"), HELLO)
c.kept("a query with slashes and question marks", get("/hello.txt?a/b?c=/../"), HELLO)
c.kept("a query with what should be escaped", get('/hello.txt?a="<>`{|}^\\'), HELLO, also={400})
c.kept("a query with a malformed escape", get("/hello.txt?a=%zz"), HELLO, also={400})

# ---- Host ----

c = host = Cases("RFC 9112 3.2")
c.bad("no Host", get(host=None))
c.bad("two of them that differ", get("/hello.txt", "Host: b"))
c.bad("two that are equal", get("/hello.txt", "Host: a"))
c.bad("two, one is empty", get("/hello.txt", "Host:"))
c.bad("two in 1.0", get("/hello.txt", "Host: b", version="1.0"), asked_close=True, also={200})
c.bad("two, far apart and in another case", get("/hello.txt", "X: y", "hOST: b"))
for value in ("a", "a.example", "A.EXAMPLE", "a:8080", "a:", "127.0.0.1", "127.0.0.1:80", "[::1]",
              "[::1]:80", "[2001:db8::1]:8080", "a_b.example", "a-b.example.",
              "xn--bcher-kva.example",
              "a%20b", "a!$&'()*+;=b", "a,b"):
    c.kept("a valid Host: " + value, get(host=value), HELLO,
           also={400} if set(value) & set("%!$(v") or value == "a:" else ())
for value in ("a b", "a\tb", "a/b", "a?b", "a#b", "user@a", "user:pw@a", "@a", "a@", "http://a/",
              "a:b",
              "a:80:80", "a:-1", "a:99999", "a:8a", "::1", "[::1", "::1]", "[]", "[::1]x",
              "[::1]:x",
              "[a]", "[v1.x]", "a, b", "a\\b", "a\"b", "<a>", "a%", "a%2", "a%zz", "\xe4.example",
              "a\x01", "a\x7f", "a\0", ":80x", "a^b", "a{b}", "a|b", "a`b"):
    c.bad("an invalid Host: %r" % value, get(host=value), also={404, 421})
c.bad("a space before the colon of Host", "GET /hello.txt HTTP/1.1\r\nHost : a\r\n\r\n")
c.bad("Host that is folded", "GET /hello.txt HTTP/1.1\r\nHost:\r\n a\r\n\r\n")
c.kept("blanks around its value", "GET /hello.txt HTTP/1.1\r\nHost: \t a \t\r\n\r\n", HELLO)
c.kept("no blank before it", "GET /hello.txt HTTP/1.1\r\nHost:a\r\n\r\n", HELLO)
c.kept("its name in capitals", "GET /hello.txt HTTP/1.1\r\nHOST: a\r\n\r\n", HELLO)

c = seen = Cases("RFC 9112 3.2.2", "handlers")
c.kept("a handler sees Host", get("/line", host="b:8080"), answer(200, "GET b:8080 /line"))
c.kept("the authority of an absolute target goes before it", get("http://c:1/line", host="b"),
       answer(200, "GET c:1 /line"))

# ---- paths ----

c = paths = Cases("RFC 3986 6.2.2")
for target in ("/%68ello.txt", "/hello%2Etxt", "/hello%2etxt", "/./hello.txt", "/dir/../hello.txt",
               "/dir/./../hello.txt", "/dir/%2e%2e/hello.txt", "/dir/.%2E/hello.txt",
               "/%2e/hello.txt"):
    c.kept("the same as /hello.txt: " + target, get(target), HELLO, also={301, 400, 403, 404})
c.kept("an escaped space", get("/sp%20ace.txt"), answer(200, "a space"))
c.kept("an escaped percent sign", get("/per%25cent.txt"), answer(200, "a percent sign"))
c.kept("escaped UTF-8", get("/%C3%BCber.txt"), answer(200, "beyond ASCII"))
c.kept("and in lower case", get("/%c3%bcber.txt"), answer(200, "beyond ASCII"))
c.kept("a plus sign is no space", get("/sp+ace.txt"), 404)
c.kept("decoded once", get("/%2568ello.txt"), 404)
c.kept("dots decoded once", get("/dir/%252e%252e/hello.txt"), 404)
c.kept("no segment can go on behind a file", get("/hello.txt/"), 404, also={200, 400, 403})
c.kept("nor with a name", get("/hello.txt/x"), 404, also={200, 400, 403})

c = hostile = Cases("RFC 3986 7.3")
OUT = {400, 403, 404}
for target in ("/../hello.txt", "/..", "/../", "/../../../../etc/passwd", "/dir/../../etc/passwd",
               "/%2e%2e/%2e%2e/etc/passwd", "/%2E%2E/etc/passwd", "/.%2e/etc/passwd",
               "/..%2f..%2fetc/passwd", "/..%2F..%2Fetc%2Fpasswd", "/dir/..%2f..%2fetc/passwd",
               "/..%5c..%5cetc/passwd", "/..\\..\\etc\\passwd", "/dir\\..\\..\\etc\\passwd",
               "/%252e%252e/etc/passwd", "/%252e%252e%252fetc%252fpasswd", "/..;/etc/passwd",
               "/..;x=y/..;x=y/etc/passwd", "/%c0%ae%c0%ae/etc/passwd", "/%c0%2e%c0%2e/etc/passwd",
               "/%e0%80%ae%e0%80%ae/etc/passwd", "/%c0%af..%c0%afetc/passwd",
               "/%f0%80%80%ae%f0%80%80%ae/etc/passwd", "/%uff0e%uff0e/etc/passwd",
               "/%ef%bc%8e%ef%bc%8e/etc/passwd", "//etc/passwd", "///etc/passwd",
               "/./../etc/passwd", "/dir//..//../etc/passwd", "/....//....//etc/passwd",
               "/..../etc/passwd", "/%2fetc/passwd", "/%2fetc%2fpasswd", "/%5cetc%5cpasswd",
               "/~root/", "/~/", "/.%00./etc/passwd", "/%2e%2e%00/etc/passwd",
               "/dir/%2e%2e%2f%2e%2e%2fetc/passwd", "http://a/../etc/passwd",
               "http://a/%2e%2e/etc/passwd", "/C:/Windows/win.ini", "/hello.txt%00",
               "/hello.txt%00.html", "/%00", "/hello%00.txt", "/hello.txt%2f", "/hello.txt%5c",
               "/hello.txt%20", "/hello.txt.", "/hello.txt::$DATA", "/hello.txt~", "/HELLO.TXT",
               "/%0d%0aSet-Cookie:x=y", "/hello.txt%0a", "/%0aX:y",
               "/dir%2findex.html", "/dir%2f..%2fhello.txt", "/dir%5cindex.html"):
    c.add("nothing is found by " + target, get(target), answer(OUT, lacks=("Set-Cookie",)), ANY,
          also={200, 301, 302, 307, 308} if "%2f" in target.lower() or "//" in target or
          target.endswith("/..") or "/.." in target else ())
for target in ("/%", "/%2", "/%zz", "/%2x.txt", "/hello%.txt", "/%-1", "/% 0", "/hello.txt%",
               "/%%32%65", "/%u0068ello.txt"):
    c.add("a malformed escape: " + target, get(target), OUT, ANY, section="RFC 3986 2.1")

c = segments = Cases("RFC 3986 2.2", "handlers")
for target, body in {"/seg/a%2Fb": "612f62", "/seg/a%2fb": "612f62", "/seg/%3F": "3f",
                     "/seg/%23": "23", "/seg/%25": "25", "/seg/%2541": "253431",
                     "/seg/a+b": "612b62",
                     "/seg/a;b=c": "613b623d63", "/seg/%E4": "e4", "/seg/%C3%A4": "c3a4",
                     "/seg/...": "2e2e2e", "/seg/.a": "2e61", "/seg/x?y": "78",
                     "/seg/%7E": "7e", "/seg/~": "7e", "/seg/a:b@c": "613a624063",
                     "/seg/%0a": "0a", "/x/../seg/a": "61", "/seg/a/../b": "62"}.items():
    c.kept("a segment as it was meant: " + target, get(target), answer(200, body))
c.add("NUL in a segment is refused", get("/seg/a%00b"), 400, ANY)
c.kept("an empty segment is no parameter", get("/seg/"), 404)
c.kept("a segment more", get("/seg/a/b"), 404)

TABLES = [forms, star, fragments, host, seen, paths, hostile, segments]
