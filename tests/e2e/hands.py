"""A virtual display with a window manager, a real mouse and keyboard, and the application on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TOOLS = ("Xvfb", "openbox", "xdotool")


def missing_tools() -> list[str]:
    """Programs that the test needs and that are not installed."""
    return [tool for tool in TOOLS if shutil.which(tool) is None]


class Desk:
    """The application on a display of its own."""

    def __init__(self, display: str, app: subprocess.Popen[str], pictures: Path) -> None:
        self._env = {**os.environ, "DISPLAY": display}
        self.display = display
        self.app = app
        self.pictures = pictures

    # Eyes.

    def see(self, ask: str, *about: Any) -> Any:
        """What the application says of itself.

        Raises
        ------
        AssertionError
            There is no such thing to be seen.
        """
        assert self.app.stdin is not None and self.app.stdout is not None
        self.app.stdin.write(json.dumps([ask, *about]) + "\n")
        self.app.stdin.flush()
        line = self.app.stdout.readline()
        if not line:
            raise AssertionError(f"the application ended with code {self.app.wait(10)}")
        told = json.loads(line)
        if "error" in told:
            self.picture_of_failure()
            raise AssertionError(f"{ask} {about}: {told['error']}")
        return told["answer"]

    def state(self) -> dict[str, Any]:
        """All that the application says of itself."""
        answer: dict[str, Any] = self.see("state")
        return answer

    def wait(
        self, what: str, done: Callable[[dict[str, Any]], bool], seconds: float = 20
    ) -> dict[str, Any]:
        """Wait until the state is as it should be; fail with what was waited for."""
        deadline = time.monotonic() + seconds
        while not done(state := self.state()):
            if time.monotonic() > deadline:
                self.picture_of_failure()
                raise AssertionError(f"waited in vain for: {what}; the state is {state}")
            time.sleep(0.05)
        print(f"ok: {what}", flush=True)
        return state

    def meet(
        self, what: str, done: Callable[[dict[str, Any]], bool], seconds: float = 20
    ) -> dict[str, Any]:
        """Wait until what is in front is as it should be; fail with what was waited for."""
        deadline = time.monotonic() + seconds
        while not done(front := self.see("front")):
            if time.monotonic() > deadline:
                self.picture_of_failure()
                raise AssertionError(f"waited in vain for: {what}; in front is {front}")
            time.sleep(0.05)
        print(f"ok: {what}", flush=True)
        return dict(front)

    def windows(self, name: str) -> int:
        """How many windows of this name are seen on the display."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", name],
            env=self._env, capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        return len(found.stdout.split())

    def hear(self, key: str, words: str, seconds: float = 20) -> list[str]:
        """Wait until a dock says something; fail with what it says instead."""
        deadline = time.monotonic() + seconds
        said: list[str] = self.see("says", key)
        while not any(words in line for line in said):
            if time.monotonic() > deadline:
                self.picture_of_failure()
                raise AssertionError(f"{key} never says {words!r} but {said}")
            time.sleep(0.05)
            said = self.see("says", key)
        print(f"ok: {key} says {words!r}", flush=True)
        return said

    def picture_of_failure(self) -> None:
        """Keep a picture of what it was like when something was not as it should be."""
        self.picture("failed")

    def picture(self, name: str) -> None:
        """Keep a picture of the whole display."""
        assert self.see("shot", str(self.pictures / f"{name}.png"))

    def lesson(
        self, what: str, done: Callable[[dict[str, Any]], bool], seconds: float = 20
    ) -> dict[str, Any]:
        """Wait until the lesson is as it should be; fail with what was waited for."""
        deadline = time.monotonic() + seconds
        while (state := self.see("lesson")) is None or not done(state):
            if time.monotonic() > deadline:
                self.picture_of_failure()
                raise AssertionError(f"waited in vain for: {what}; the lesson is {state}")
            time.sleep(0.05)
        print(f"ok: {what}", flush=True)
        found: dict[str, Any] = state
        return found

    # Hands.

    def move(self, x: int, y: int) -> None:
        """Put the pointer here."""
        self._do("mousemove", x, y)

    def click(self, place: list[int]) -> None:
        """Click here."""
        self.move(*place)
        time.sleep(0.05)
        self._do("click", 1)
        time.sleep(0.05)

    def right_click(self, place: list[int]) -> None:
        """Click here with the other button."""
        self.move(*place)
        time.sleep(0.05)
        self._do("click", 3)
        time.sleep(0.05)

    def double_click(self, place: list[int]) -> None:
        """Click here twice."""
        self.move(*place)
        time.sleep(0.05)
        self._do("click", "--repeat", 2, "--delay", 40, 1)
        time.sleep(0.05)

    def wheel(self, place: list[int], notches: int) -> None:
        """Turn the wheel here: away from oneself for positive numbers."""
        self.move(*place)
        self._do("click", "--repeat", abs(notches), "--delay", 15, 4 if notches > 0 else 5)
        time.sleep(0.05)

    def press(self, name: str, key: str = "") -> None:
        """Click on what is called so, in a dock or a dialog."""
        self.click(self.see("widget", name, key))

    def press_lesson(self, what: str, which: int = 0, option: str = "") -> None:
        """Click on a part of the lesson's panel, and scroll there first, as people do."""
        for _ in range(60):
            x, y, away = self.see("lesson_part", what, which, option)
            if away == 0:
                break
            self.wheel(self.see("widget", "Lesson text", "lesson"), -1 if away > 0 else 1)
        self.click([x, y])

    def go_to(self, place: int) -> None:
        """Choose a step of the lesson, counted from 0, in the list of steps."""
        self.press_lesson("steps")
        self.key("Home")
        for _ in range(place):
            self.key("Down")
        self.key("Return")
        self.lesson(
            f"step {place} is in front, and the app ready for it",
            lambda s: s["number"] == place and s["ready"],
        )

    def predict(self, which: int, said: str | float) -> None:
        """Say a prediction of the step in front."""
        if isinstance(said, str):
            self.press_lesson("option", which, said)
        else:
            self.press_lesson("number", which)
            self.key("ctrl+a")
            self.type(f"{said:g}")
        self.press_lesson("predict", which)

    def answer(self, which: int, said: str | float) -> None:
        """Answer the question that is this check of the step in front."""
        if isinstance(said, str):
            self.press_lesson("choice", which, said)
        else:
            self.press_lesson("answer", which)
            self.key("ctrl+a")
            self.type(f"{said:.6g}")
        self.press_lesson("button", which)

    def drag(
        self, start: list[int], end: list[int], before: Callable[[], object] | None = None
    ) -> None:
        """Press here, go there in small moves, call `before` if it is given, release."""
        self.move(*start)
        time.sleep(0.1)
        self._do("mousedown", 1)
        for k in range(1, 11):  # across the distance at which a drag begins
            self.move(start[0] + 3 * k, start[1] + k)
            time.sleep(0.01)
        for k in range(1, 13):
            x = start[0] + 30 + (end[0] - start[0] - 30) * k // 12
            y = start[1] + 10 + (end[1] - start[1] - 10) * k // 12
            self.move(x, y)
            time.sleep(0.02)
        time.sleep(0.15)
        if before is not None:
            before()
        self._do("mouseup", 1)
        time.sleep(0.1)

    @contextmanager
    def holding(self, *keys: str) -> Iterator[None]:
        """Keys that are held meanwhile."""
        self._do("keydown", *keys)
        time.sleep(0.05)
        try:
            yield
        finally:
            self._do("keyup", *keys)
            time.sleep(0.05)

    def key(self, keys: str) -> None:
        """Press keys, in xdotool's notation: `ctrl+n`."""
        self._do("key", "--clearmodifiers", keys)
        time.sleep(0.05)

    def tap(self, keys: str) -> None:
        """Press keys while others are held, or a button: `key` would let go of them first."""
        self._do("key", keys)
        time.sleep(0.05)

    def keys(self, *keys: str) -> None:
        """Press keys as fast as can be, one after the other."""
        self._do("key", "--clearmodifiers", "--delay", 0, *keys)

    def open(self, file: Path) -> None:
        """Open a project."""
        self.key("ctrl+o")
        self.wait("the dialog opens", lambda s: s["dialog"] is not None)
        self.key("ctrl+a")
        self.type(str(file))
        self.key("Return")
        self.wait(f"{file.name} is open", lambda s: file.name in s["title"])

    def type(self, text: str) -> None:
        """Type text."""
        self._do("type", "--delay", 15, "--", text)

    def _do(self, *words: object) -> None:
        subprocess.run(["xdotool", *(str(w) for w in words)], env=self._env, check=True, timeout=30)


@contextmanager
def desk(home: Path, *, size: str = "1280x800", **environment: str) -> Iterator[Desk]:
    """The application on a fresh virtual display, with `home` for its settings.

    It is started in the environment of this process, with `environment` added to it.

    Pictures go to the folder named in STUDIO_PICTURES, or else to `home`.
    """
    with ExitStack() as stack:
        read, write = os.pipe()
        xvfb = _start(
            stack,
            ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{size}x24", "-nolisten", "tcp"],
            pass_fds=(write,),
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        assert number, f"Xvfb ended with code {xvfb.wait(5)}"
        env = {
            **os.environ,
            "DISPLAY": f":{number}",
            "QT_QPA_PLATFORM": "xcb",
            "PYTHONPATH": str(ROOT),
            # What one run leaves unsaved is not offered to the next.
            **{f"XDG_{name}_HOME": str(home) for name in ("CACHE", "CONFIG", "DATA", "STATE")},
            "HOME": str(home),
            **environment,
        }
        env.pop("WAYLAND_DISPLAY", None)
        _start(stack, ["openbox"], env=env)
        app = _start(
            stack,
            [sys.executable, str(Path(__file__).with_name("eyes.py"))],
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        yield Desk(env["DISPLAY"], app, Path(os.environ.get("STUDIO_PICTURES", home)))


def _start(stack: ExitStack, command: list[str], **options: Any) -> subprocess.Popen[Any]:
    options.setdefault("stdout", subprocess.DEVNULL)
    if command[0] in ("Xvfb", "openbox"):
        options.setdefault("stderr", subprocess.DEVNULL)
    process = subprocess.Popen(command, **options)

    def stop() -> None:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    stack.callback(stop)
    return process
