"""A save is all or nothing: whichever call fails, the old file is there and no other is."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, BinaryIO

import pytest

from backprop_studio.errors import ExportError, ProjectError
from backprop_studio.project import atomic, check_writable, sweep, write_atomically

posix = pytest.mark.skipif(sys.platform == "win32", reason="the system has no such files")
unprivileged = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere"
)

OLD, NEW = b"old" * 1000, b"new"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "net.bps"
    path.write_bytes(OLD)
    return path


def failing(code: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(code, os.strerror(code))

    return fail


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir())


def test_that_a_write_replaces_the_content(path: Path) -> None:
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW
    write_atomically(path, lambda file: file.write(OLD) and None)
    assert path.read_bytes() == OLD
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize(
    ("call", "code", "words"),
    [
        ("open", errno.EACCES, "permission is denied"),
        ("open", errno.EROFS, "the disk is read-only"),
        ("open", errno.ENOSPC, "the disk is full"),
        ("chmod", errno.EPERM, "permission is denied"),
        ("fdopen", errno.ENOMEM, "annot allocate memory"),
        ("fsync", errno.EIO, "the disk reported an error"),
        ("fsync", errno.ENOSPC, "the disk is full"),
        ("fsync", errno.EDQUOT, "quota"),
        ("replace", errno.EACCES, "permission is denied"),
        ("stat", errno.EIO, "the disk reported an error"),
    ],
)
def test_that_a_failing_call_leaves_the_old_file_alone(
    call: str, code: int, words: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, call, failing(code))
        with pytest.raises(ProjectError) as caught:
            write_atomically(path, NEW)
    assert caught.value.code == "file-unwritable"
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == OLD
    assert names(path.parent) == [path.name]


class Leaky:
    """A file that fails at one of its calls, as a full disk or a lost server does."""

    def __init__(self, file: BinaryIO, call: str) -> None:
        self._file = file
        self._call = call

    def __getattr__(self, name: str) -> Any:
        if name == self._call:
            return failing(errno.ENOSPC)
        return getattr(self._file, name)

    def __enter__(self) -> Leaky:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        if self._call == "close":
            failing(errno.ENOSPC)()


@pytest.mark.parametrize("call", ["write", "flush", "close"])
def test_that_a_failing_file_leaves_the_old_one_alone(
    call: str, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fdopen = os.fdopen
    with monkeypatch.context() as patch:
        patch.setattr(atomic.os, "fdopen", lambda fd, mode: Leaky(fdopen(fd, mode), call))  # type: ignore[arg-type]
        with pytest.raises(ProjectError, match="the disk is full"):
            write_atomically(path, NEW)
    assert path.read_bytes() == OLD
    assert names(path.parent) == [path.name]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, RuntimeError])
def test_that_an_interrupted_writer_leaves_the_old_file_alone(
    error: type[BaseException], path: Path
) -> None:
    def write(file: BinaryIO) -> None:
        file.write(b"half")
        raise error

    with pytest.raises(error):
        write_atomically(path, write)
    assert path.read_bytes() == OLD
    assert names(path.parent) == [path.name]


@posix
def test_that_an_unconfirmed_write_is_not_called_saved(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync = os.fsync

    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            failing(errno.EIO)()
        fsync(descriptor)

    monkeypatch.setattr(atomic.os, "fsync", fail_for_folders)
    with pytest.raises(ProjectError) as caught:
        write_atomically(path, NEW)
    assert caught.value.code == "file-unconfirmed"
    assert path.read_bytes() == NEW
    assert names(path.parent) == [path.name]


@posix
def test_that_a_folder_that_cannot_be_flushed_is_no_obstacle(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail_for_folders(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            failing(errno.EINVAL)()

    monkeypatch.setattr(atomic.os, "fsync", fail_for_folders)
    write_atomically(path, NEW)
    assert path.read_bytes() == NEW


@posix
def test_that_a_process_killed_in_the_middle_leaves_the_old_file_and_what_can_be_swept(
    path: Path,
) -> None:
    script = textwrap.dedent(
        """
        import os, signal, sys
        from backprop_studio.project.atomic import write_atomically
        def write(file):
            file.write(b"half")
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        write_atomically(sys.argv[1], write)
        """
    )
    run = subprocess.run([sys.executable, "-c", script, str(path)], check=False)
    assert run.returncode == -9
    assert path.read_bytes() == OLD
    assert len(names(path.parent)) == 2
    assert sweep(path.parent) == 0, "it may belong to a process that is still writing"
    assert sweep(path.parent, older_than=0.0) == 1
    assert names(path.parent) == [path.name]


def test_that_sweeping_touches_nothing_else(tmp_path: Path) -> None:
    kept = ["net.bps", ".backprop-studio-x.tmp", ".backprop-studio-0123456789abcdef.tmp.bps"]
    for name in kept:
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (0, 0))
    (tmp_path / ".backprop-studio-0123456789abcdef.tmp").mkdir()
    assert sweep(tmp_path) == 0
    assert len(names(tmp_path)) == 4
    assert sweep(tmp_path / "none") == 0


@posix
@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664, 0o755])
def test_that_mode_bits_are_kept(mode: int, path: Path) -> None:
    path.chmod(mode)
    write_atomically(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
def test_that_a_new_file_gets_the_mode_of_any_new_file(tmp_path: Path) -> None:
    usual = tmp_path / "usual"
    usual.touch()
    write_atomically(tmp_path / "net.bps", NEW)
    assert (tmp_path / "net.bps").stat().st_mode == usual.stat().st_mode


@posix
def test_that_a_link_is_kept_and_its_target_replaced(path: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    first, second = folder / "first.bps", folder / "second.bps"
    first.symlink_to(second)
    second.symlink_to(path)
    write_atomically(first, NEW)
    assert first.is_symlink()
    assert second.is_symlink()
    assert path.read_bytes() == NEW
    assert names(folder) == ["first.bps", "second.bps"]


@posix
def test_that_a_link_into_nothing_makes_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link.bps"
    link.symlink_to(tmp_path / "target.bps")
    write_atomically(link, NEW)
    assert link.is_symlink()
    assert (tmp_path / "target.bps").read_bytes() == NEW


@posix
@pytest.mark.timeout(10)
def test_that_what_is_no_ordinary_file_is_not_replaced(tmp_path: Path) -> None:
    pipe, loop, folder = tmp_path / "pipe", tmp_path / "loop", tmp_path / "folder"
    os.mkfifo(pipe)
    loop.symlink_to(loop)
    folder.mkdir()
    for target in (pipe, loop, folder, Path("/dev/null"), tmp_path / "none" / "net.bps"):
        for attempt in (check_writable, lambda p: write_atomically(p, NEW)):
            with pytest.raises(ProjectError) as caught:
                attempt(target)
            assert caught.value.code == "file-unwritable"
    assert names(tmp_path) == ["folder", "loop", "pipe"]


@unprivileged
def test_that_a_file_locked_on_purpose_is_not_replaced(path: Path) -> None:
    path.chmod(0o444)
    with pytest.raises(ProjectError, match="permission is denied"):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD


def test_that_a_locked_file_is_refused_whoever_asks(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)
    with pytest.raises(ProjectError, match="permission is denied"):
        write_atomically(path, NEW)


@pytest.mark.skipif(not hasattr(os, "statvfs"), reason="the system does not tell")
def test_that_a_disk_that_takes_nothing_is_told_from_a_locked_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)
    told = SimpleNamespace(f_flag=os.ST_RDONLY)
    monkeypatch.setattr(atomic.os, "statvfs", lambda _: told)
    with pytest.raises(ProjectError, match="the disk is read-only"):
        write_atomically(path, NEW)
    assert path.read_bytes() == OLD


def test_that_the_caller_chooses_the_class_of_the_error(tmp_path: Path) -> None:
    with pytest.raises(ExportError):
        write_atomically(tmp_path / "none" / "file", NEW, error=ExportError)


def test_that_trying_changes_nothing(path: Path) -> None:
    before = path.stat()
    check_writable(path)
    check_writable(path.with_name("new.bps"))
    assert path.stat() == before
    assert names(path.parent) == [path.name]


def test_that_a_failure_is_quick_and_old_files_keep_their_time(path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(ProjectError):
        write_atomically(path.parent / "none" / "net.bps", NEW)
    assert time.monotonic() - began < 2.0
