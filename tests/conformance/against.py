#!/usr/bin/python3
"""Run the cases that ask for files against any server: against.py [-v] HOST:PORT

    against.py --lay-out FOLDER     write the files that it must serve at /

Where the RFCs leave a server a choice, all of it counts as passed. Ends with a line of totals.
"""

import argparse
import concurrent.futures
import pathlib

import exchange
import suite


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lay-out", metavar="FOLDER", type=pathlib.Path)
    parser.add_argument("--strict", action="store_true", help="only what skua answers passes")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what failed")
    parser.add_argument("where", nargs="?", metavar="HOST:PORT")
    args = parser.parse_args()
    if args.lay_out:
        suite.lay_out(args.lay_out)
    if not args.where:
        return
    host, _, port = args.where.rpartition(":")
    address = (host, int(port))
    cases = [case for case in suite.CASES if case.server == "files"]
    etag = exchange.entity_tag(address)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda case: exchange.run(case, address, etag, seconds=8,
                                                        peer=not args.strict), cases))
    for case, faults in zip(cases, found):
        if faults and args.verbose:
            print("%s\n    %s" % (case.name, "\n    ".join(f[:300] for f in faults)))
    failed = sum(bool(faults) for faults in found)
    print("%d passed, %d failed" % (len(cases) - failed, failed))


if __name__ == "__main__":
    main()
