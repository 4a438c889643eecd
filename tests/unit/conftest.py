"""What several files of these tests start from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backprop_studio import __main__ as start
from backprop_studio import project
from tests import project_files
from tests.desk import Desk
from tests.networks import chain


@pytest.fixture
def desk() -> Desk:
    """A worker that has got the small digits network."""
    desk = Desk()
    desk.load(chain())
    return desk


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A small project on disk, with weights."""
    path = tmp_path / "net.bps"
    project.save(project.Project(project_files.network(), project_files.weights()), path)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Return a function that runs the program and gives exit code, output and errors."""

    def run(*arguments: object) -> tuple[int, str, str]:
        try:
            code = start.main([str(a) for a in arguments])
        except SystemExit as leaving:
            assert isinstance(leaving.code, int)
            code = leaving.code
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run
