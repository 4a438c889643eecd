"""All deeds, and how often each is done."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.monkey.canvas import (
    add,
    click_canvas,
    drop,
    drop_nonsense,
    interrupted_drag,
    move,
    select_area,
    wheel,
    wire,
)
from benchmarks.monkey.forms import (
    build,
    change_layer,
    change_setup,
    press_key,
    rename,
    search,
    trigger,
    type_number,
    undo_or_redo,
    undo_until_sound,
)
from benchmarks.monkey.hands import Hands, close_popups
from benchmarks.monkey.haste import drop_preset, hurry, join_group, juggle_docks
from benchmarks.monkey.studies import branch, import_weights, study
from benchmarks.monkey.window import (
    click_widget,
    diverge,
    open_broken,
    resize,
    save_and_open,
    start_over,
    train,
)
from benchmarks.screen import wait

DEEDS: tuple[tuple[int, Callable[[Hands], str]], ...] = (
    (8, drop),
    (4, add),
    (12, wire),
    (8, move),
    (4, select_area),
    (6, click_canvas),
    (4, wheel),
    (10, press_key),
    (6, type_number),
    (8, undo_or_redo),
    (8, trigger),
    (5, change_setup),
    (4, change_layer),
    (3, rename),
    (20, train),
    (2, diverge),
    (8, click_widget),
    (2, save_and_open),
    (1, open_broken),
    (2, start_over),
    (2, resize),
    (3, search),
    (3, interrupted_drag),
    (1, drop_nonsense),
    (2, drop_preset),
    (3, join_group),
    (5, hurry),
    (3, juggle_docks),
    (6, study),
    (2, import_weights),
    (3, branch),
)
"""Each with its weight among all; it tells in words what it has done."""


def act(hands: Hands) -> None:
    """Do one thing, and let the window answer or not."""
    deed = hands.random.choices([d for _, d in DEEDS], [w for w, _ in DEEDS])[0]
    if hands.document.analysis.lowered is None and hands.random.random() < 0.3:
        # Most edits break a network, and a broken one does not train.
        deed = hands.random.choice((undo_until_sound, start_over, build))
    name = deed.__name__
    hands.report.seen[name] = hands.report.seen.get(name, 0) + 1
    # Noted before, so that an action which never ends is seen, too.
    hands.report.last.append(f"{hands.report.actions}: {name} …")
    hands.report.note(hands.report.last[-1])
    done = deed(hands)
    hands.report.last[-1] = f"{hands.report.actions}: {name} {done}"
    hands.report.note(hands.report.last[-1])
    hands.report.actions += 1
    close_popups()
    pause = hands.random.choice((-1, 0, 0, 1, 4))
    if pause >= 0:
        wait(pause)
