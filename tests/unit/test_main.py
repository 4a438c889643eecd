"""The front door: what is done before anything is imported, and what needs no display."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from backprop_studio import __main__ as start
from backprop_studio import __version__, assets

EXAMPLE = assets.path("examples", "digits.bps")
ROOT = Path(__file__).resolve().parents[2]

Run = Callable[..., tuple[int, str, str]]


def test_that_the_version_and_the_help_need_no_display(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_display(monkeypatch)
    assert run("--version") == (0, f"Backprop Studio {__version__}\n", "")
    for arguments in (("--help",), ("train", "-h"), ("check", "--help")):
        code, out, err = run(*arguments)
        assert (code, err) == (0, "")
        assert out.startswith("usage: backprop-studio ")


def without_display(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start.sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("arguments", [(), ("net.bps",)])
def test_that_no_display_is_one_line_and_1(
    arguments: tuple[str, ...], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_display(monkeypatch)
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1 and "no display found" in err


@pytest.mark.parametrize(
    ("environment", "platform", "lacking"),
    [
        ({}, "linux", True),
        ({"DISPLAY": ""}, "linux", True),
        ({"QT_QPA_PLATFORM": "xcb"}, "linux", True),
        ({"QT_QPA_PLATFORM": "wayland-egl"}, "linux", True),
        ({"QT_QPA_PLATFORM": "offscreen"}, "linux", False),
        ({"DISPLAY": ":0"}, "linux", False),
        ({"WAYLAND_DISPLAY": "wayland-0"}, "linux", False),
        ({}, "darwin", False),
        ({}, "win32", False),
    ],
)
def test_that_a_missing_display_is_found(
    environment: dict[str, str], platform: str, lacking: bool
) -> None:
    assert start.lacks_display(environment, platform) is lacking


def test_that_one_blas_thread_is_set_before_numpy_is_imported() -> None:
    code = (
        "import os, sys; from backprop_studio import __main__ as m; "
        "assert 'numpy' not in sys.modules; m.main(['check', 'none']); "
        "print(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OMP_NUM_THREADS'])"
    )
    environment = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "3"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "1 3\n"


def test_that_help_and_training_load_no_qt() -> None:
    code = (
        "import sys; from backprop_studio import __main__ as m; m.main(sys.argv[1:]); "
        "assert not [n for n in sys.modules if n.startswith(('PySide6', 'pyqtgraph'))]"
    )
    command = [sys.executable, "-c", code, "train", str(EXAMPLE), "--epochs", "1"]
    subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, capture_output=True, check=True
    )
