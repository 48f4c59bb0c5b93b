"""tools/run_tests counts what ran, and takes nothing for a success that was none."""

import importlib.machinery
import importlib.util
import pathlib
import re
import signal
import subprocess
import sys
import time

import pytest

PASSES = "print('[ RUN      ] a\\n[       OK ] a')"
FAILS = "print('[ RUN      ] a\\n[  ERROR   ] --- 1 != 2\\n[  FAILED  ] a'); raise SystemExit(1)"
SKIPS = ("print('[ RUN      ] b\\n[  SKIPPED ] b\\n[  SKIPPED ] 1 test(s), listed below:\\n"
         "[  SKIPPED ] b')")
CRASHES = "import os; print('[ RUN      ] a', flush=True); os.abort()"
LEAKS = PASSES + "; raise SystemExit(1)"
NOTHING = "pass"


@pytest.fixture
def run(root, tmp_path):
    """run({"unit/a": program}) gives (exit status, passed, failed, skipped, output)."""
    def start(programs, *options):
        rows = []
        for label, program in programs.items():
            kind, name = label.split("/")
            path = tmp_path / name
            if program is not None:
                path.write_text("#!%s\n%s\n" % (sys.executable, program))
                path.chmod(0o755)
            rows.append("%s\t%s\t%s\n" % (kind, name, path))
        (tmp_path / "tests.tsv").write_text("".join(rows))
        command = [sys.executable, str(root / "tools" / "run_tests"), "--build", str(tmp_path),
                   "--kinds", "unit,fault,replay", *options]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        last = done.stdout.splitlines()[-1]
        count = re.fullmatch(r"(\d+) passed, (\d+) failed(?:, (\d+) skipped)?", last)
        assert count, done.stdout + done.stderr
        return (done.returncode, *(int(n or 0) for n in count.groups()), done.stdout)
    return start


@pytest.mark.parametrize("programs, expected", [
    ({"unit/a": PASSES}, (0, 1, 0, 0)),
    ({"unit/a": PASSES, "fault/b": PASSES, "replay/c": NOTHING}, (0, 3, 0, 0)),
    ({"unit/a": PASSES, "unit/b": FAILS}, (1, 1, 1, 0)),
    ({"unit/a": PASSES + "\n" + SKIPS}, (0, 1, 0, 1)),
    ({"unit/a": PASSES + "\n" + SKIPS + "\n" + FAILS}, (1, 1, 1, 1)),
    ({"unit/a": CRASHES}, (1, 0, 1, 0)),
    ({"unit/a": PASSES + "\n" + CRASHES}, (1, 1, 1, 0)),
    ({"unit/a": LEAKS}, (1, 1, 1, 0)),
    ({"unit/a": NOTHING}, (1, 0, 1, 0)),
    ({"replay/a": "raise SystemExit(3)"}, (1, 0, 1, 0)),
    ({}, (1, 0, 0, 0)),
])
def test_count(run, programs, expected):
    assert run(programs)[:4] == expected


def test_output_of_a_failure_is_shown_and_of_a_success_is_not(run):
    output = run({"unit/a": FAILS, "unit/b": "print('quiet please')\n" + PASSES})[4]
    assert "FAIL unit/a" in output and "--- 1 != 2" in output
    assert "quiet please" not in output


def test_a_failure_is_said_again_below_what_is_printed_behind_it(run):
    leaks = "[print('    #', i) for i in range(500)]; "
    output = run({"unit/a": FAILS.replace("raise", leaks + "raise")})[4]
    assert output.index("# 499") < output.index("--- 1 != 2")


def test_a_test_can_be_interrupted_whatever_the_shell_ignores(run):
    is_default = "import signal; [None][signal.getsignal(signal.%s) is not signal.%s]; " + PASSES
    before = {number: signal.signal(number, signal.SIG_IGN)
              for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        result = run({"unit/a": is_default % ("SIGINT", "default_int_handler"),
                      "unit/b": is_default % ("SIGQUIT", "SIG_DFL")})
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert result[:3] == (0, 2, 0), result[4]


def test_a_missing_executable_is_a_failure(run):
    assert run({"unit/a": PASSES, "unit/gone": None})[:3] == (1, 1, 1)


def test_pattern_selects(run):
    assert run({"unit/a": PASSES, "unit/b": FAILS}, "unit/a")[:3] == (0, 1, 0)
    assert run({"unit/a": PASSES}, "unit/zzz")[:3] == (1, 0, 0)


@pytest.fixture
def module(root):
    """tools/run_tests as a module."""
    loader = importlib.machinery.SourceFileLoader("run_tests", str(root / "tools" / "run_tests"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("run_tests", loader))
    sys.modules["run_tests"] = module
    loader.exec_module(module)
    return module


def test_a_hanging_executable_is_killed(module, tmp_path):
    program = "print('[ RUN      ] a', flush=True)\nimport time\ntime.sleep(600)\n"
    job = module.Job("unit", "a", [sys.executable, "-c", program], module.judge_cmocka)
    result = module.run(job, tmp_path, 1)
    assert (result.passed, result.failed) == (0, 1)
    assert "killed after 1 s" in result.why
    assert result.seconds < 30


def gone(stat, seconds=10):
    """Has the process ended, or does it within that time? Unreaped is ended, too."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if stat.read_text().split()[2] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.01)
    return False


def test_what_a_test_leaves_running_is_killed_and_not_waited_for(module, tmp_path):
    program = "import subprocess\nprint(subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
    job = module.Job("replay", "a", [sys.executable, "-c", program], module.judge_status)
    result = module.run(job, tmp_path, 60)
    assert (result.passed, result.seconds < 30) == (1, True)
    assert gone(pathlib.Path("/proc", result.output.strip(), "stat"))
