"""Raw requests by the sections of RFC 9110, 9112 and 3986: see tables.py for what a case is.

All cases run beside each other against one `skua serve` and one server with handlers, each twice:
its bytes sent whole, and one by one. Then every case is a test that says what was found.
"""

import concurrent.futures

import pytest

import exchange
from suite import CASES, Files, Handlers
from tables import CLOSE

LONG = 2000  # what is longer than this is sent whole only


def both_ways(case):
    """Whole and, where that is sure to end the same, byte by byte: who is not refused, but has said
    that nothing follows, and goes on all the same, may be reset."""
    length = sum(len(piece) for piece in case.pieces if isinstance(piece, bytes))
    refused = max(case.answers[-1].statuses) >= 400
    if length > LONG or (case.end is CLOSE and not refused):
        return [False]
    return [False, True]


RUNS = [(case, bytewise) for case in CASES for bytewise in both_ways(case)]


@pytest.fixture(scope="session")
def found(tmp_path_factory):
    """The faults of each run."""
    with Files(tmp_path_factory.mktemp("files")) as files, Handlers() as handlers:
        addresses = {"files": files.address, "handlers": handlers.address}
        etag = exchange.entity_tag(files.address)

        def run(number):
            case, bytewise = RUNS[number]
            return exchange.run(case, addresses[case.server], etag, bytewise=bytewise)
        with concurrent.futures.ThreadPoolExecutor(24) as pool:
            yield list(pool.map(run, range(len(RUNS))))


def test_names_are_unique():
    names = [(case.name, case.server) for case in CASES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("number", range(len(RUNS)), ids=[
    "%s (%s)%s" % (case.name, case.server, ", byte by byte" if bytewise else "")
    for case, bytewise in RUNS])
def test_case(found, number):
    assert not found[number], "\n".join(found[number])
