"""tools/setup is silent when all is there, and exact when it is not and it may not install."""

import os
import re
import shutil
import subprocess

import pytest

TOOLS = ("sh", "mktemp", "sed", "sort", "rm", "ls", "cat", "tail", "gcc", "ninja")


@pytest.fixture
def setup(root, tmp_path):
    """setup(level, commands) runs it where only these commands exist besides the shell's tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS:
        (folder / tool).symlink_to(shutil.which(tool))

    def run(level, commands):
        for name, script in commands.items():
            path = folder / name
            path.write_text("#!/bin/sh\n%s\n" % script)
            path.chmod(0o755)
        return subprocess.run([str(root / "tools" / "setup"), level], capture_output=True,
                              text=True, stdin=subprocess.DEVNULL,
                              env={"PATH": str(folder), "TMPDIR": str(tmp_path)})
    return run


CMAKE = {"cmake": "echo cmake version 3.25.1"}
USER = {"id": "echo 1000", "apt-get": "echo called; exit 1"}
ADVICE = "apt-get update && apt-get install -y --no-install-recommends"


def test_silent_when_all_is_there(setup):
    done = setup("build", CMAKE)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_user_without_sudo_is_told_what_to_run(setup):
    done = setup("build", USER)
    assert done.returncode == 1
    assert "setup: missing: cmake\n" in done.stderr and "no sudo" in done.stderr
    assert ADVICE + " cmake\n" in done.stderr
    assert "called" not in done.stdout + done.stderr


def test_sudo_that_would_ask_is_not_waited_for(setup):
    done = setup("build", {**USER, "sudo": '[ "$1" != -n ] || exit 1; sleep 60'})
    assert done.returncode == 1 and "asks for a password" in done.stderr


def test_old_cmake_is_missing(setup):
    done = setup("build", {**USER, "cmake": "echo cmake version 3.18.4"})
    assert done.returncode == 1 and "missing: cmake\n" in done.stderr


def test_failed_install_is_reported(setup):
    done = setup("build", {**USER, "sudo": 'while [ "$1" = -n ]; do shift; done; exec "$@"',
                           "true": "exit 0", "env": "while case $1 in *=*) true ;; *) false ;; esac;"
                           ' do shift; done; exec "$@"', "tee": "cat >/dev/null", "chmod": ":"})
    assert done.returncode == 1
    assert "called" in done.stderr and "apt-get could not install" in done.stderr


def test_without_apt_get(setup):
    done = setup("build", {"id": "echo 1000"})
    assert done.returncode == 1 and "no apt-get" in done.stderr


def test_unknown_level(setup):
    assert setup("everything", CMAKE).returncode == 2


def test_optional_libraries_are_installed_for_a_build(root):
    optional = re.findall(r"^sk_optional\(\S+ (\S+)", (root / "cmake/Library.cmake").read_text(), re.M)
    needs = re.search(r"build_needs='(.*?)'", (root / "tools/setup").read_text(), re.S).group(1)
    assert "zlib.h" in optional
    assert [header for header in optional if "<%s>" % header not in needs] == []


def test_this_machine_has_what_the_tests_need(root):
    done = subprocess.run([str(root / "tools" / "setup"), "test"], capture_output=True, text=True,
                          env=os.environ)
    assert (done.returncode, done.stderr) == (0, "")
