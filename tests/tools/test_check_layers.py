"""tools/check_layers.py sees each kind of violation, and passes a clean tree."""

import subprocess
import sys

import check_layers
import pytest

CLEAN = {
    "src/base/str.h": "#include <skua/types.h>\n#include <string.h>\n",
    "src/wire/h1.c": '#include "base/str.h"\n#include "wire/h1.h"\n#include <stdint.h>\n',
    "src/wire/h1.h": "",
    "src/sys/socket.h": "#include <sys/socket.h>\n#include <fcntl.h>\n",
    "src/net/tls_openssl.c": '#include <openssl/ssl.h>\n#include "sys/socket.h"\n',
    "src/net/local_ca.c": "#include <openssl/x509.h>\n",
    "src/net/digest.c": "#include <openssl/evp.h>\n",
    "src/client/conn.c": '#include "wire/h1.h"\n',
    "src/server/serve.h": "",
    "include/skua/types.h": "#include <stddef.h>\n#include <skua/error.h>\n",
    "cli/main.c": '#include <skua/skua.h>\n#include <stdio.h>\n#include "args.h"\n',
    "cli/args.h": "",
    "examples/get.c": "#include <skua/skua.h>\n",
}

WRONG = {
    "up": ("src/base/str.c", '#include "wire/h1.h"\n'),
    "up two floors": ("src/wire/h1.c", '#include "net/stream.h"\n'),
    "sideways": ("src/wire/x.c", '#include "sys/socket.h"\n'),
    "sideways at the top": ("src/client/x.c", '#include "server/serve.h"\n'),
    "relative": ("src/wire/x.c", '#include "../sys/socket.h"\n'),
    "no floor": ("src/wire/x.c", '#include "h1.h"\n'),
    "missing": ("src/wire/x.c", '#include "wire/gone.h"\n'),
    "spaced": ("src/base/x.c", '  #  include "sys/socket.h"\n'),
    "openssl elsewhere": ("src/client/x.c", "#include <openssl/ssl.h>\n"),
    "openssl in a header": ("src/net/tls.h", "#include <openssl/ssl.h>\n"),
    "openssl in the command": ("cli/x.c", "#include <openssl/ssl.h>\n"),
    "system header in base": ("src/base/x.c", "#include <unistd.h>\n"),
    "system header in net": ("src/net/x.c", "#include <sys/epoll.h>\n"),
    "hosted header in wire": ("src/wire/x.c", "#include <stdlib.h>\n"),
    "assert": ("src/sys/x.c", "#include <assert.h>\n"),
    "system header in public": ("include/skua/x.h", "#include <sys/types.h>\n"),
    "private header in public": ("include/skua/x.h", '#include "base/str.h"\n'),
    "private header in the command": ("cli/x.c", '#include "base/str.h"\n'),
    "private header in an example": ("examples/x.c", '#include "../src/base/str.h"\n'),
    "unknown floor": ("src/extra/x.c", ""),
    "folder in a floor": ("src/wire/h1/x.c", ""),
    "util": ("src/base/util.c", ""),
    "str_utils": ("src/base/str_utils.h", ""),
    "common": ("tests/common/x.c", ""),
    "internal": ("src/http/internal.h", ""),
}


def test_clean_tree_passes(tree):
    assert list(check_layers.check(tree(CLEAN))) == []


@pytest.mark.parametrize("name", WRONG)
def test_violation_is_seen(tree, name):
    path, text = WRONG[name]
    wrong = list(check_layers.check(tree({**CLEAN, path: text})))
    assert wrong, "%s passed" % name
    assert all(place.startswith(path.rsplit("/", 1)[0]) for place, _, _ in wrong)


def run(root, folder):
    command = [sys.executable, str(root / "tools" / "check_layers.py"), "--root", str(folder)]
    return subprocess.run(command, capture_output=True, text=True)


def test_status_and_place_are_reported(root, tree):
    folder = tree({**CLEAN, "src/base/str.c": '\n#include "sys/socket.h"\n'})
    done = run(root, folder)
    assert done.returncode == 1
    assert done.stdout.startswith("src/base/str.c:2: ")


def test_an_empty_tree_is_no_success(root, tmp_path):
    assert run(root, tmp_path).returncode == 1
