"""All cases, and the two servers that they go to."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "interop"))

from processes import Process, Serving  # noqa: E402 (of the folder beside this one)

import cases_conditional  # noqa: E402
import cases_connection  # noqa: E402
import cases_fields  # noqa: E402
import cases_framing  # noqa: E402
import cases_range  # noqa: E402
import cases_request_line  # noqa: E402
import cases_target  # noqa: E402
from tables import FILES, MODIFIED  # noqa: E402

MODULES = [cases_request_line, cases_target, cases_fields, cases_framing, cases_connection,
           cases_conditional, cases_range]
CASES = [case for module in MODULES for table in module.TABLES for case in table.list]


def build():
    return pathlib.Path(os.environ.get("SKUA_BUILD_DIR", "build/release")).resolve()


def lay_out(folder):
    """Write the files that the cases ask for."""
    for name, content in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (MODIFIED, MODIFIED))


class Files:
    """`skua serve`, with those files."""

    def __init__(self, folder):
        lay_out(folder)
        self.process = Serving([str(build() / "skua"), "serve", "--port", "0", str(folder)])
        self.address = (self.process.host, self.process.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert self.process.stop() == 0


class Handlers:
    """The server of server.c."""

    def __init__(self, *arguments):
        program = str(build() / "tests" / "conformance" / "server")
        self.process = Process([program, "http://127.0.0.1:0", *map(str, arguments)])
        match = self.process.wait_for(r"^serving at http://(.+):(\d+)/$")
        self.address = (match.group(1), int(match.group(2)))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        assert self.process.stop() == 0
