"""How many instructions a request takes, counted by callgrind, against a budget.

budget.tsv is changed on purpose only: a line says for which kind of exchange (see count.c) how many
instructions the process may take for one, OpenSSL's own left out. They are those of a Release build
by Debian 12's gcc, optimised at link time; other builds are given more room. A change that saves
many lowers its line, so that the next one cannot spend them unseen:

    BUDGET_WRITE=1 SKUA_BUILD_DIR=build/release python3 -m pytest tests/instructions
"""

import collections
import os
import pathlib
import re
import shutil
import subprocess

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BUDGET = HERE / "budget.tsv"
EXCHANGES = 100
SECONDS = 240
TOLERANCE = 0.03      # the C library's functions differ with the processor
OTHER_BUILD = 0.25
STALE = 0.10          # so far below the budget the budget is out of date
NOT_OURS = ("libcrypto", "libssl")


def read_budget():
    lines = BUDGET.read_text().splitlines()
    return {kind: int(most) for kind, most in (line.split("\t") for line in lines)}


def cached(build, name):
    """What CMake was told, or found."""
    found = re.search(r"^%s:\w+=(.*)$" % name, (build / "CMakeCache.txt").read_text(), re.M)
    return found.group(1) if found else ""


@pytest.fixture(scope="module")
def build():
    path = pathlib.Path(os.environ.get("SKUA_BUILD_DIR") or os.environ["SKUA_BUILD"]).resolve()
    if not shutil.which("valgrind"):
        pytest.skip("valgrind is not installed")
    if cached(path, "SKUA_SANITIZE") or cached(path, "CMAKE_BUILD_TYPE") != "Release":
        pytest.skip("only of a Release build without sanitizers")
    return path


@pytest.fixture(scope="module")
def tolerance(build):
    said = subprocess.run([cached(build, "CMAKE_C_COMPILER"), "--version"], capture_output=True,
                          text=True, check=True).stdout
    as_budgeted = re.match(r"\S*cc\S* \(.* 12\.", said) and cached(build, "SKUA_LTO_WORKS") == "1"
    return TOLERANCE if as_budgeted else OTHER_BUILD


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with a file, a certificate and its key."""
    home = tmp_path_factory.mktemp("site")
    (home / "www").mkdir()
    (home / "www" / "1k.bin").write_bytes(bytes(range(256)) * 4)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost", "-days", "2",
                    "-keyout", home / "key.pem", "-out", home / "cert.pem"],
                   check=True, capture_output=True)
    return [home / "www", home / "cert.pem", home / "key.pem"]


def counts_by_object(profile):
    """What functions of each object took by themselves."""
    names, counts = {}, collections.Counter()
    current, of_call = "", False
    for line in profile.read_text().splitlines():
        if line.startswith("ob="):
            number, name = re.match(r"ob=(\(\d+\)) ?(.*)", line).groups()
            current = names.setdefault(number, name)
        elif line.startswith("calls="):
            of_call = True  # the next line is what the callee took
        elif re.match(r"[+*\-\d]", line):
            counts[current] += 0 if of_call else int(line.split()[1])
            of_call = False
        elif line.startswith("cob="):
            number, name = re.match(r"cob=(\(\d+\)) ?(.*)", line).groups()
            names.setdefault(number, name)
    return counts


def count(build, kind, site, scratch):
    profile = scratch / "callgrind.out"
    command = ["valgrind", "--tool=callgrind", "--toggle-collect=counted",
               "--callgrind-out-file=%s" % profile, build / "tests" / "instructions" / "count",
               kind, str(EXCHANGES)] + site
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    counts = counts_by_object(profile)
    return round(sum(n for name, n in counts.items()
                     if not pathlib.Path(name).name.startswith(NOT_OURS)) / EXCHANGES)


def write(kind, number):
    budget = read_budget() if BUDGET.exists() else {}
    budget[kind] = number
    BUDGET.write_text("".join("%s\t%d\n" % line for line in budget.items()))


@pytest.mark.parametrize("kind", ["hello", "browser", "pipelined", "file", "tls", "client",
                                  "client-fields"])
def test_a_request_stays_within_its_budget(kind, build, tolerance, site, tmp_path):
    number = count(build, kind, site, tmp_path)
    if os.environ.get("BUDGET_WRITE"):
        write(kind, number)
    budget = read_budget()[kind]
    assert number <= budget * (1 + tolerance), \
        "%s: %d instructions, the budget has %d" % (kind, number, budget)
    assert number >= budget * (1 - STALE - tolerance), \
        "%s: only %d instructions: lower the budget of %d" % (kind, number, budget)
