"""studio.py: what it asks of the system, what it starts, and the lock file it installs from."""

import hashlib
import os
import re
import sys
from pathlib import Path

import pytest

import studio

X11 = {"DISPLAY": ":0"}
WAYLAND = {"WAYLAND_DISPLAY": "wayland-0"}
WAYLAND_SESSION = X11 | WAYLAND | {"XDG_SESSION_TYPE": "wayland"}


def requirements() -> list[str]:
    """Return the lock file's entries, continuation lines joined and comments dropped."""
    text = studio.LOCK.read_text(encoding="utf-8").replace("\\\n", " ")
    return [
        line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]


# --- The lock file


def test_that_the_lock_file_names_no_address() -> None:
    text = studio.LOCK.read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)


def test_that_every_locked_requirement_is_pinned_and_hashed() -> None:
    assert len(requirements()) > 10
    for line in requirements():
        assert re.match(r"[a-z0-9-]+==\S+ ", line), line
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", line), line


@pytest.mark.parametrize(
    "name",
    ["pyside6-essentials==6.11.3", "shiboken6==6.11.3", "pyqtgraph==0.14.", "numpy==", "pytest=="],
)
def test_that_the_lock_file_holds(name: str) -> None:
    assert any(line.startswith(name) for line in requirements())


# --- What it starts


@pytest.mark.parametrize(
    "arguments",
    [[], ["net.bps"], ["--version"], ["train", "net.bps", "--epochs", "20"], ["my test", "test"]],
)
def test_that_arguments_reach_the_studio_as_they_are(arguments: list[str]) -> None:
    command = studio.child_command(arguments)
    assert command == [str(studio.VENV_PYTHON), "-P", "-m", "backprop_studio", *arguments]


def test_that_what_follows_test_reaches_pytest() -> None:
    command = studio.child_command(["test", "-k", "rewind", "-x"])
    assert command == [str(studio.VENV_PYTHON), "-m", "pytest", "-k", "rewind", "-x"]


def test_that_the_whole_suite_is_shared_among_processes() -> None:
    command = studio.child_command(["test"])
    assert command[:3] == [str(studio.VENV_PYTHON), "-m", "pytest"]
    assert command[command.index("--dist") + 1] == "loadfile"


def test_that_the_checkout_comes_first_on_the_path_and_the_callers_path_stays() -> None:
    child = studio.child_environment({"PYTHONPATH": "mine", "HOME": "/h"}, testing=False)
    assert child == {"PYTHONPATH": os.pathsep.join([str(studio.ROOT), "mine"]), "HOME": "/h"}


def test_that_tests_run_without_a_screen_on_one_blas_thread() -> None:
    child = studio.child_environment(X11 | {"QT_QPA_PLATFORM": "xcb"}, testing=True)
    assert child["QT_QPA_PLATFORM"] == "offscreen"
    assert child["OPENBLAS_NUM_THREADS"] == "1"


def test_that_an_old_python_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 12, "final", 0))
    with pytest.raises(SystemExit) as stopped:
        studio.main([])
    assert "needs Python 3.11 or newer; this is Python 3.10.12" in str(stopped.value.code)
    assert "\n" not in str(stopped.value.code)


# --- What it asks of the system


@pytest.mark.parametrize("arguments", [["train", "net.bps"], ["--help"], ["-h"], ["--version"]])
def test_that_headless_commands_need_no_library(arguments: list[str]) -> None:
    assert studio.libraries_to_open(arguments, X11) == {}


@pytest.mark.parametrize("arguments", [[], ["net.bps"]])
@pytest.mark.parametrize(
    ("environment", "libraries"),
    [
        ({}, {}),
        (X11, studio.QT_LIBRARIES | studio.XCB_LIBRARIES),
        (X11 | WAYLAND, studio.QT_LIBRARIES | studio.XCB_LIBRARIES),
        (WAYLAND, studio.QT_LIBRARIES | studio.WAYLAND_LIBRARIES),
        (WAYLAND_SESSION, studio.QT_LIBRARIES | studio.WAYLAND_LIBRARIES),
        ({"QT_QPA_PLATFORM": "offscreen"}, studio.QT_LIBRARIES),
        (X11 | {"QT_QPA_PLATFORM": "offscreen"}, studio.QT_LIBRARIES),
        ({"QT_QPA_PLATFORM": "xcb:nograb"}, studio.QT_LIBRARIES | studio.XCB_LIBRARIES),
    ],
)
def test_that_a_window_needs_the_libraries_of_its_platform(
    arguments: list[str], environment: dict[str, str], libraries: dict[str, str]
) -> None:
    assert studio.libraries_to_open(arguments, environment) == libraries


def test_that_a_library_that_does_not_load_is_reported_by_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(studio, "loads", lambda library: library != "libEGL.so.1")
    assert studio.missing_libraries(studio.QT_LIBRARIES) == ["libegl1"]


def test_that_a_program_not_on_the_path_is_reported_by_its_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None if name == "Xvfb" else f"/{name}")
    assert studio.missing_programs(studio.E2E_PROGRAMS) == ["xvfb"]


def test_that_missing_libraries_are_told_in_one_line_to_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(studio, "may_install", lambda: False)
    with pytest.raises(SystemExit) as stopped:
        studio.require_packages(["libgl1", "libegl1"])
    message = str(stopped.value.code)
    assert message.endswith("sudo apt-get install -y --no-install-recommends libgl1 libegl1")
    assert "\n" not in message


def test_that_tests_go_on_without_what_only_the_end_to_end_test_needs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(studio, "may_install", lambda: False)
    monkeypatch.setattr(studio, "loads", lambda library: library not in studio.XCB_LIBRARIES)
    studio.provide_test_packages()
    (line,) = capsys.readouterr().err.splitlines()
    assert "end-to-end test will be skipped" in line
    assert "libxcb-icccm4" in line


def test_that_tests_do_not_start_without_qts_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(studio, "may_install", lambda: False)
    monkeypatch.setattr(studio, "loads", lambda library: library not in studio.QT_LIBRARIES)
    with pytest.raises(SystemExit, match="libgl1"):
        studio.provide_test_packages()


# --- The set-up


def test_that_the_stamp_is_of_the_lock_file_and_the_python_version() -> None:
    stamp = studio.wanted_stamp(b"lock", (3, 11))
    assert stamp == hashlib.sha256(b"lock\x003.11").hexdigest()
    assert stamp != studio.wanted_stamp(b"lock", (3, 12))
    assert stamp != studio.wanted_stamp(b"lock 2", (3, 11))


def test_that_a_set_up_counts_only_whole_and_for_its_stamp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python, stamp = tmp_path / "python", tmp_path / "stamp"
    monkeypatch.setattr(studio, "VENV_PYTHON", python)
    monkeypatch.setattr(studio, "STAMP", stamp)
    assert not studio.is_set_up("new")
    python.touch()
    assert not studio.is_set_up("new"), "interrupted before the stamp was written"
    stamp.write_text("old", encoding="utf-8")
    assert not studio.is_set_up("new"), "the lock file has changed"
    stamp.write_text("new", encoding="utf-8")
    assert studio.is_set_up("new")
    python.unlink()
    assert not studio.is_set_up("new"), "the interpreter is gone"


def test_that_a_failed_installation_leaves_no_stamp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    stamp = tmp_path / "stamp"
    monkeypatch.setattr(studio, "STAMP", stamp)
    monkeypatch.setattr(studio, "make_venv", lambda _uv: None)
    monkeypatch.setattr(studio, "install_command", lambda _uv: [sys.executable, "-c", "exit(1)"])
    with pytest.raises(SystemExit, match="could not be installed"):
        studio.set_up()
    assert not stamp.exists()


def test_that_a_missing_venv_module_is_told_in_one_line_to_copy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(studio, "may_install", lambda: False)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(SystemExit) as stopped:
        studio.require_ensurepip()
    message = str(stopped.value.code)
    assert re.search(r"sudo apt-get install .* python3\.\d+-venv$", message)
    assert "\n" not in message


@pytest.mark.parametrize("uv", [None, "/bin/uv"])
def test_that_pip_and_uv_both_check_the_hashes(uv: str | None) -> None:
    command = studio.install_command(uv)
    assert command[-3:] == ["--require-hashes", "--requirement", str(studio.LOCK)]
