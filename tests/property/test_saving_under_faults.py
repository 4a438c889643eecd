"""Whatever fails while a project is saved, and whenever it is killed: the old file or the new."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest
from faults import Fault, injected

from backprop_studio import assets, project
from backprop_studio.errors import ProjectError
from backprop_studio.network import edits
from backprop_studio.project import Project

posix = pytest.mark.skipif(sys.platform == "win32", reason="forks, links and limits of POSIX")
ROOT = Path(__file__).parents[2]

OLD = project.load(assets.path("examples", "xor.bps"))
NEW = Project(edits.rename(OLD.network, OLD.network.nodes[0].id, "renamed"), OLD.weights)
NAME = "ein Netz é 🙂 " + "n" * 220 + ".bps"
"""With spaces, accents and an emoji, in 246 bytes."""


def _places(folder: Path, kind: str) -> tuple[Path, Path]:
    """Where to save, and where the bytes really are."""
    real = folder / NAME
    project.save(OLD, real)
    if kind == "file":
        return real, real
    (folder / "links").mkdir()
    link = folder / "links" / "net.bps"
    link.symlink_to(os.path.relpath(real, link.parent))
    return link, real


def _count(folder: Path, kind: str) -> list[str]:
    path, _ = _places(folder, kind)
    with injected(Fault(0)) as fault:
        project.save(NEW, path)
    return fault.calls


@posix
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("kind", ["file", "link"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES])
def test_that_every_call_may_fail(kind: str, code: int, lasting: bool, tmp_path: Path) -> None:
    (tmp_path / "0").mkdir()
    calls = _count(tmp_path / "0", kind)
    assert {"open", "fsync", "replace", "file.write", "file.close"} <= set(calls)
    for at in range(1, len(calls) + 1):
        folder = tmp_path / str(at)
        folder.mkdir()
        path, real = _places(folder, kind)
        old = real.read_bytes()
        told = ""
        with injected(Fault(at, code, lasting=lasting)):
            try:
                project.save(NEW, path)
            except ProjectError as error:
                told = error.code
                assert str(path)[:40] in str(error) and len(str(error)) < 2000
        now, what = real.read_bytes(), f"call {at}, {calls[at - 1]}"
        if told == "file-unwritable":
            assert now == old, what
        else:
            assert told in ("", "file-unconfirmed"), what
            assert project.load(real).network == NEW.network, what
        left = sorted(p.name for p in folder.iterdir() if p.is_file())
        assert left == [NAME], what
        assert kind == "file" or path.is_symlink(), what


KILLED = """
import os, sys, json
from pathlib import Path
sys.path.insert(0, "tests"); sys.path.insert(0, "tests/property")
from faults import Fault, injected
from test_saving_under_faults import NEW, OLD, _count, _places, project
folder, kind = Path(sys.argv[1]), sys.argv[2]
(folder / "count").mkdir()
calls = _count(folder / "count", kind)
found = []
for at in range(1, len(calls) + 1):
    here = folder / str(at)
    here.mkdir()
    path, real = _places(here, kind)
    child = os.fork()
    if not child:
        with injected(Fault(at)):
            project.save(NEW, path)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    network = project.load(real).network
    state = "old" if network == OLD.network else "new" if network == NEW.network else "other"
    found.append([calls[at - 1], os.waitstatus_to_exitcode(status), state,
                  kind == "file" or path.is_symlink()])
    project.sweep(real.parent, older_than=0.0)
    assert sum(p.is_file() for p in here.iterdir()) == 1, sorted(here.iterdir())
print(json.dumps(found))
"""


@posix
@pytest.mark.parametrize("kind", ["file", "link"])
def test_that_the_program_may_be_killed_at_every_call(kind: str, tmp_path: Path) -> None:
    found = json.loads(_run(KILLED, str(tmp_path), kind))
    assert all(code == -9 and kept for _, code, _, kept in found)
    states = [state for _, _, state, _ in found]
    assert set(states) == {"old", "new"}
    # Old up to the moment of replacing, and new ever after.
    assert states == sorted(states, reverse=True)
    assert found[states.index("new") - 1][0] == "replace"


KEPT = """
import json, os, sys
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
sys.path.insert(0, "tests"); sys.path.insert(0, "tests/property")
from faults import Fault, injected
from PySide6.QtCore import QCoreApplication
from backprop_studio import data
from backprop_studio.data import own
from backprop_studio.network import edits
from backprop_studio.ui.controllers import left_behind
from backprop_studio.ui.controllers.document import Document
from backprop_studio.ui.controllers.engine import Engine
from backprop_studio.ui.controllers.recovery import Recovery
from test_saving_under_faults import NEW, OLD

app = QCoreApplication([])
document = Document(app)
engine = Engine(document, app)
mine = own.keep(replace(data.load("moons"), title="Mine")).id
other = own.keep(replace(data.load("circles"), title="Other")).id

def networks(with_data):
    old, new = OLD.network, NEW.network
    if with_data:
        old = edits.set_setup(old, replace(old.setup, dataset=mine))
        new = edits.set_setup(new, replace(new.setup, dataset=other))
    return old, new

def keep(keeper, network, trained):
    reply = Future()
    reply.set_result(dict(OLD.weights))
    keeper._write(network, reply, left_behind.note(Path("/home/ann/net.bps"), (1, 2, 3), trained))

found, at, calls = [], 0, [""]
with_data = sys.argv[2] == "with data"
old, new = networks(with_data)
while at < len(calls):
    folder = Path(sys.argv[1]) / str(at)
    folder.mkdir()
    keeper = Recovery(folder, document, engine)
    keep(keeper, old, 1)
    if at == 0:
        with injected(Fault(0)) as fault:
            keep(keeper, new, 2)
        calls = ["", *fault.calls]
    else:
        child = os.fork()
        if not child:
            with injected(Fault(at)):
                keep(keeper, new, 2)
            os._exit(0)
        os.waitpid(child, 0)
        own.release()
        left_behind.tidy(folder)
        one = left_behind.read(keeper._file)
        loaded = left_behind.load(keeper._file)
        state = "old" if one.network == old else "new" if one.network == new else "other"
        whole = not with_data or own.find(loaded.network.setup.dataset) is not None
        assert one.path == Path("/home/ann/net.bps") and one.trained in (1, 2)
        found.append([state, whole])
        for name, title in (("moons", "Mine"), ("circles", "Other")):
            own.keep(replace(data.load(name), title=title))
    at += 1
print(json.dumps(found))
"""


@posix
@pytest.mark.parametrize("what", ["alone", "with data"])
def test_that_keeping_for_a_crash_may_be_killed_at_every_call(what: str, tmp_path: Path) -> None:
    found = json.loads(_run(KEPT, str(tmp_path), what))
    states = [state for state, _ in found]
    assert set(states) == {"old", "new"} and states == sorted(states, reverse=True)
    assert all(whole for _, whole in found), "its data are never further back than it is"


AT_ANY_TIME = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, "tests"); sys.path.insert(0, "tests/property")
from test_saving_under_faults import NEW, OLD, project
import random
path, dice = Path(sys.argv[1]) / "net.bps", random.Random(7)
project.save(OLD, path)
seen = set()
for round in range(40):
    child = os.fork()
    if not child:
        while True:
            project.save(NEW, path)
            project.save(OLD, path)
    time.sleep(dice.uniform(0.002, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    network = project.load(path).network
    assert network in (OLD.network, NEW.network), round
    seen.add(network == NEW.network)
project.sweep(path.parent, older_than=0.0)
assert [p.name for p in path.parent.iterdir()] == ["net.bps"]
print(len(seen))
"""


@posix
def test_that_the_program_may_be_killed_at_any_time(tmp_path: Path) -> None:
    assert int(_run(AT_ANY_TIME, str(tmp_path))) == 2, "both states were met"


REFUSED = """
import os, resource, signal, sys, time
from pathlib import Path
sys.path.insert(0, "tests"); sys.path.insert(0, "tests/property")
from backprop_studio.errors import ProjectError
from test_saving_under_faults import NEW, OLD, project
folder, how = Path(sys.argv[1]), sys.argv[2]
path = folder / "net.bps"
project.save(OLD, path)
old = path.read_bytes()
if how == "full":
    # The system itself stops in the middle of writing.
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
else:
    if os.geteuid() == 0:
        os.chmod(path, 0o666)
        os.setgid(65534)
        os.setuid(65534)
start = time.monotonic()
try:
    project.save(NEW, path)
    print("saved")
except ProjectError as error:
    assert time.monotonic() - start < 2
    print(error.code, error)
assert path.read_bytes() == old
assert [p.name for p in folder.iterdir()] == ["net.bps"]
"""


@posix
def test_that_a_full_disk_is_told_and_the_old_file_kept(tmp_path: Path) -> None:
    said = _run(REFUSED, str(tmp_path), "full")
    assert said.startswith("file-unwritable") and "too large" in said and "net.bps" in said


@posix
def test_that_a_read_only_folder_is_told_and_the_old_file_kept() -> None:
    # Not in pytest's folder, which nobody else may come to.
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if os.geteuid() == 0:
            folder.chmod(0o755)  # the script becomes nobody
            said = _run(REFUSED, name, "read-only")
        else:
            project.save(OLD, folder / "net.bps")
            folder.chmod(0o555)
            with pytest.raises(ProjectError) as caught:
                project.save(NEW, folder / "net.bps")
            folder.chmod(0o755)
            said = f"{caught.value.code} {caught.value}"
    assert said.startswith("file-unwritable") and "permission is denied" in said


def _run(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), *arguments],
        cwd=ROOT, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout
