"""One window for the tests of a file: each of them begins with the example, at its start."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hands import Desk, desk, missing_tools


@pytest.fixture(scope="module")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """The application on a display of its own, for all tests of a file."""
    if missing_tools():
        pytest.skip(f"needs {', '.join(missing_tools())}")
    with desk(tmp_path_factory.mktemp("home")) as opened:
        opened.wait("the example is ready to run", lambda s: s["state"] == "paused")
        opened.wait("the window is active", lambda s: s["active"])
        yield opened


@pytest.fixture
def person(studio: Desk) -> Desk:
    """Somebody before the window, the run at its start."""
    studio.key("ctrl+r")
    studio.wait(
        "the run is at its start",
        lambda s: (s["state"], s["cursor"], s["branches"]) == ("paused", [0, 0], ["main"]),
    )
    return studio
