"""A client like others, in a process of its own: visitor.py HOST PORT PATH kept|anew [CA].

It asks again and again until its standard input ends, and writes a line for each request: how many
seconds it took, or "failed" and why.
"""

import http.client
import select
import ssl
import sys
import time

PAUSE = 0.002
WAIT = 30


def connection_to(host, port, authority):
    if authority:
        context = ssl.create_default_context(cafile=authority)
        return http.client.HTTPSConnection(host, port, timeout=WAIT, context=context)
    return http.client.HTTPConnection(host, port, timeout=WAIT)


def ask(connection, path):
    begun = time.monotonic()
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    if answer.status != 200:
        raise OSError("status %d" % answer.status)
    return time.monotonic() - begun


def main(host, port, path, kept, authority=None):
    connection = connection_to(host, int(port), authority)
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        try:
            print("%.6f" % ask(connection, path), flush=True)
        except (OSError, http.client.HTTPException) as error:
            print("failed: %r" % error, flush=True)
            connection.close()
        if kept != "kept":
            connection.close()


main(*sys.argv[1:])
