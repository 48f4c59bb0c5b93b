"""What the tests of tools/ share: the tools as modules, and trees made from a dict."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))


@pytest.fixture
def root():
    return ROOT


@pytest.fixture
def tree(tmp_path):
    """tree({"src/base/a.c": "text"}) writes the files and returns their root."""
    def write(files):
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path
    return write
