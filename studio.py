#!/usr/bin/env python3
"""Set up Backprop Studio once, then open it or run its tests.

python3 studio.py               open the studio
python3 studio.py FILE.bps      open a project
python3 studio.py train ...     train a project without a screen; any other arguments work too
python3 studio.py test ...      run the tests; what follows goes to pytest

The packages go into `.venv` beside this file, from requirements.lock. The studio itself runs from
the checkout. Needs nothing but a Python from 3.11 on.
"""

# Lets a Python that is too old read the file far enough to be told so.
from __future__ import annotations

import ctypes
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
LOCK = ROOT / "requirements.lock"
VENV_PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / ".studio-stamp"

MINIMUM_PYTHON = (3, 11)

# The interpreter outside of any environment: the one in `.venv` cannot make a new `.venv`, which
# first removes the old.
SYSTEM_PYTHON: str = getattr(sys, "_base_executable", sys.executable)

# First arguments that print and leave: they need no display and none of Qt's libraries.
HEADLESS = frozenset({"check", "train", "-h", "--help", "--version"})

# What Qt loads at run time and its wheels do not bring, each with its Debian and Ubuntu package.
QT_LIBRARIES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libgssapi_krb5.so.2": "libgssapi-krb5-2",
}
# Without one of these Qt aborts the process, and blames libxcb-cursor0 whichever it was.
XCB_LIBRARIES = {
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
}
WAYLAND_LIBRARIES = {"libwayland-cursor.so.0": "libwayland-cursor0"}
# Programs with which tests drive the studio in a real window, and the bus of a desktop.
E2E_PROGRAMS = {"Xvfb": "xvfb", "openbox": "openbox", "xdotool": "xdotool", "dbus-daemon": "dbus"}
# The tests of a file share a window, so a file is never split. More processes than this would only
# make each window late.
WHOLE_SUITE = ("-n", "auto", "--maxprocesses", "4", "--dist", "loadfile")


def main(arguments: Sequence[str]) -> int:
    """Set up what is missing, then hand over to the studio or to pytest."""
    if sys.version_info < MINIMUM_PYTHON:
        found = ".".join(map(str, sys.version_info[:3]))
        stop(f"needs Python 3.11 or newer; this is Python {found} ({sys.executable})")
    testing = arguments[:1] == ["test"]
    if sys.platform.startswith("linux"):
        if testing:
            provide_test_packages()
        else:
            require_packages(missing_libraries(libraries_to_open(arguments, os.environ)))
    set_up()
    environment = child_environment(os.environ, testing=testing)
    if testing:
        os.chdir(ROOT)
    return run(child_command(arguments), environment)


def stop(message: str) -> NoReturn:
    """Leave with one line on standard error and exit code 1."""
    sys.exit(f"studio: {message}")


def say(message: str) -> None:
    print(f"studio: {message}", file=sys.stderr, flush=True)


# --- What to run


def child_command(arguments: Sequence[str]) -> list[str]:
    """Return the command line for what the user asked for."""
    if arguments[:1] == ["test"]:
        return [str(VENV_PYTHON), "-m", "pytest", *(arguments[1:] or WHOLE_SUITE)]
    # -P keeps the caller's folder off sys.path: a numpy.py lying there must not replace numpy.
    return [str(VENV_PYTHON), "-P", "-m", "backprop_studio", *arguments]


def child_environment(environment: Mapping[str, str], *, testing: bool) -> dict[str, str]:
    """Return the environment in which the package is found, from whichever folder it is started."""
    child = dict(environment)
    # Not a change of folder: file names on the command line are relative to the caller's.
    child["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), environment.get("PYTHONPATH")]))
    if testing:
        child["QT_QPA_PLATFORM"] = "offscreen"
        child["OPENBLAS_NUM_THREADS"] = "1"
    return child


def run(command: list[str], environment: Mapping[str, str]) -> int:
    """Run the command in place of this process where the system can, and return its exit code."""
    if os.name == "posix":
        # No parent is left that would need to pass on Ctrl-C, signals or the exit code.
        sys.stdout.flush()
        sys.stderr.flush()
        os.execve(command[0], command, environment)
    with subprocess.Popen(command, env=environment) as child:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                # The child got the Ctrl-C as well, and decides what it means.
                continue


# --- System packages (Linux)


def libraries_to_open(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the libraries that Qt will need, with their packages, for these arguments."""
    if arguments and arguments[0] in HEADLESS:
        return {}
    platform = environment.get("QT_QPA_PLATFORM") or platform_of_display(environment)
    if platform is None:
        # No window can open. The studio says so, and it needs no Qt to say it.
        return {}
    if platform.startswith("xcb"):
        return QT_LIBRARIES | XCB_LIBRARIES
    if platform.startswith("wayland"):
        return QT_LIBRARIES | WAYLAND_LIBRARIES
    return QT_LIBRARIES


def platform_of_display(environment: Mapping[str, str]) -> str | None:
    """Return the platform plugin that Qt will take for the display, or None if there is none."""
    x11 = bool(environment.get("DISPLAY"))
    if environment.get("WAYLAND_DISPLAY"):
        # Where both are there, Qt goes by the kind of desktop session.
        return "wayland" if not x11 or environment.get("XDG_SESSION_TYPE") == "wayland" else "xcb"
    return "xcb" if x11 else None


def missing_libraries(libraries: Mapping[str, str]) -> list[str]:
    """Return the packages of the libraries that do not load."""
    return [package for name, package in libraries.items() if not loads(name)]


def missing_programs(programs: Mapping[str, str]) -> list[str]:
    """Return the packages of the programs that are not on PATH."""
    return [package for name, package in programs.items() if shutil.which(name) is None]


def loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def apt_command(packages: Iterable[str]) -> list[str]:
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def advice(packages: Iterable[str]) -> str:
    """Return the line to copy that installs the packages."""
    return "on Debian or Ubuntu run: sudo " + " ".join(apt_command(packages))


def apt_install(packages: Sequence[str]) -> bool:
    """Install the packages if that needs no password, and tell whether it worked."""
    if not may_install():
        return False
    say(f"installing system packages: {' '.join(packages)}")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    return all(
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, check=False).returncode
        == 0
        for command in (["apt-get", "update"], apt_command(packages))
    )


def may_install() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get") is not None


def require_packages(packages: Sequence[str]) -> None:
    """Install the packages, or stop and say how to."""
    if packages and not apt_install(packages):
        stop(lacking(packages))


def lacking(packages: Iterable[str]) -> str:
    return f"Qt needs system libraries that are missing; {advice(packages)}"


def provide_test_packages() -> None:
    """Make sure of what every test needs, and try for what only the end-to-end test needs."""
    needed = missing_libraries(QT_LIBRARIES)
    wanted = missing_libraries(XCB_LIBRARIES) + missing_programs(E2E_PROGRAMS)
    if not (needed or wanted) or apt_install([*needed, *wanted]):
        return
    if needed:
        stop(lacking([*needed, *wanted]))
    say(f"the end-to-end test will be skipped; to have it, {advice(wanted)}")


# --- The virtual environment


def set_up() -> None:
    """Make `.venv` from requirements.lock, unless it is there and whole."""
    stamp = wanted_stamp(LOCK.read_bytes(), sys.version_info[:2])
    if is_set_up(stamp):
        return
    say("setting up (once; loads about 130 MB, which may take some minutes) ...")
    uv = shutil.which("uv")
    make_venv(uv)
    if subprocess.run(install_command(uv), stdin=subprocess.DEVNULL, check=False).returncode != 0:
        stop(
            "the packages could not be installed (see above); they come for Python 3.11 to 3.14 on "
            "Windows, macOS, and Linux with glibc 2.34 or newer (Debian 12, Ubuntu 22.04)"
        )
    # Written last: a set-up that was interrupted has no stamp, and is done anew.
    STAMP.write_text(stamp, encoding="utf-8")


def wanted_stamp(lock: bytes, version: Sequence[int]) -> str:
    """Return what tells set-ups apart: a digest of the lock file and the Python version."""
    return hashlib.sha256(lock + b"\0" + ".".join(map(str, version)).encode()).hexdigest()


def is_set_up(stamp: str) -> bool:
    try:
        # The interpreter is a link to the system's, which may have been removed.
        return VENV_PYTHON.exists() and STAMP.read_text(encoding="utf-8") == stamp
    except OSError:
        return False


def make_venv(uv: str | None) -> None:
    """Make an empty environment in place of whatever is there."""
    if uv is None:
        require_ensurepip()
    try:
        # The stamp goes first: an interrupted removal must not leave it on a half-empty folder.
        STAMP.unlink(missing_ok=True)
        if VENV.exists():
            shutil.rmtree(VENV)
    except OSError as error:
        stop(f"cannot replace {VENV}: {error.strerror}; is the studio still open?")
    if uv is None:
        command = [SYSTEM_PYTHON, "-m", "venv", str(VENV)]
    else:
        command = [uv, "venv", "--quiet", "--no-project", "--python", SYSTEM_PYTHON, str(VENV)]
    made = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        stop(f"cannot make {VENV}: {(made.stderr or made.stdout).strip()}")


def install_command(uv: str | None) -> list[str]:
    if uv is None:
        install = [
            str(VENV_PYTHON),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ]
    else:
        install = [uv, "pip", "install", "--quiet", "--python", str(VENV_PYTHON)]
    return [*install, "--require-hashes", "--requirement", str(LOCK)]


def require_ensurepip() -> None:
    """Make sure that this Python can make an environment with pip, which Debian packages apart."""
    if importlib.util.find_spec("ensurepip") is not None:
        return
    package = "python{}.{}-venv".format(*sys.version_info)
    if apt_install([package]):
        importlib.invalidate_caches()
        if importlib.util.find_spec("ensurepip") is not None:
            return
    stop(f"this Python has no venv module; {advice([package])}")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        # Only the set-up can be interrupted here; the next start does it again.
        sys.exit(130)
