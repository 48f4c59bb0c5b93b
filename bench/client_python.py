#!/usr/bin/python3
"""GETs through Python's http.client, told what to do as in client_blocks.h."""

import http.client
import resource
import ssl
import sys
import urllib.parse

BUFFER = 65536


def cpu_us():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return int((used.ru_utime + used.ru_stime) * 1e6)


def connect(url, ca_file):
    if url.scheme == "http":
        return http.client.HTTPConnection(url.hostname, url.port)
    context = ssl.create_default_context(cafile=ca_file)
    return http.client.HTTPSConnection(url.hostname, url.port, context=context)


def get(connection, path):
    connection.request("GET", path)
    response = connection.getresponse()
    total = 0
    while data := response.read(BUFFER):
        total += len(data)
    return total


def main():
    url = urllib.parse.urlsplit(sys.argv[1])
    connection = connect(url, sys.argv[2] if len(sys.argv) > 2 else None)
    for line in sys.stdin:
        before = cpu_us()
        total = sum(get(connection, url.path) for _ in range(int(line)))
        print(cpu_us() - before, total, flush=True)


if __name__ == "__main__":
    main()
