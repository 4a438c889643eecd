"""The examples in docstrings and in docs/library.md do what they show, without Qt."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "library.md"
PACKAGES = ("autograd", "data", "network", "nn")
TAUGHT = {
    "autograd": {"Builder", "Machine", "Storage", "differentiate", "gradcheck", "vjpcheck"},
    "data": {"Dataset", "prepare"},
    "network": {"analyze"},
    "nn": {"LayerSpec", "training_step"},
}
"""What a newcomer meets first: each has an example."""


def modules(package: str) -> list[str]:
    root = importlib.import_module(f"backprop_studio.{package}")
    found = pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
    return [root.__name__, *(m.name for m in found)]


@pytest.mark.parametrize("package", PACKAGES)
def test_that_examples_in_docstrings_are_right(package: str) -> None:
    attempted = 0
    for name in modules(package):
        result = doctest.testmod(importlib.import_module(name))
        assert result.failed == 0, name
        attempted += result.attempted
    assert attempted > 0


@pytest.mark.parametrize("package", PACKAGES)
def test_that_what_a_newcomer_meets_has_an_example(package: str) -> None:
    module = importlib.import_module(f"backprop_studio.{package}")
    finder = doctest.DocTestFinder()
    for name in TAUGHT[package]:
        assert any(t.examples for t in finder.find(getattr(module, name), name)), name


def test_that_the_guide_runs_where_there_is_no_qt() -> None:
    script = (
        "import doctest, sys\n"
        "for name in ('PySide6', 'shiboken6', 'pyqtgraph'):\n"
        "    sys.modules[name] = None\n"
        "result = doctest.testfile(sys.argv[1], module_relative=False, encoding='utf-8',\n"
        "                          optionflags=doctest.ELLIPSIS)\n"
        "assert result.attempted > 30, result\n"
        "sys.exit(result.failed)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script, str(GUIDE)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
