"""Every action of the window in one table; menus, toolbars and shortcuts are made from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QCoreApplication, QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QUndoGroup
from PySide6.QtWidgets import QMainWindow, QMenu

from backprop_studio.ui import icons
from backprop_studio.ui.widgets.menus import OwnLetters

_N = "Actions"


def _tr(text: str) -> str:
    return QCoreApplication.translate(_N, text)


@dataclass(frozen=True)
class ActionSpec:
    """One action.

    Attributes
    ----------
    id
        Key of the handler that the window gives.
    menu
        Menu that it stands in.
    text
        Name in the menu, with its mnemonic.
    shortcut
        Key sequence in Qt's portable notation, or empty.
    icon
        Name of an icon of the family, or empty.
    tip
        One sentence for tooltip and status bar; the text without mnemonic if empty.
    separator
        Whether a line stands above it in the menu.
    local
        Whether its shortcut belongs to the canvas alone: elsewhere the keys mean the same for
        what is there, such as a table's text.
    submenu
        Key of the submenu that it stands in; empty for the menu itself.
    checked
        ``"alone"`` if it is on or off, ``"group"`` if it is one of those in its submenu.
    """

    id: str
    menu: str
    text: str
    shortcut: str = ""
    icon: str = ""
    tip: str = ""
    separator: bool = False
    local: bool = False
    submenu: str = ""
    checked: Literal["", "alone", "group"] = ""


MENUS = {
    "file": "&File",
    "edit": "&Edit",
    "network": "&Network",
    "view": "&View",
    "train": "&Train",
    "investigate": "&Investigate",
    "observe": "&Observe",
    "help": "&Help",
}


def _align(how: str, text: str, tip: str) -> ActionSpec:
    return ActionSpec(f"align_{how}", "network", text, tip=tip, submenu="align")


SUBMENUS = {
    "theme": "T&heme",
    "text": "Te&xt size",
    "motion": "Motio&n",
    "align": "&Align and distribute",
}

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("new", "file", "&New", "Ctrl+N", "new", "Start with an empty canvas"),
    ActionSpec(
        "new_window", "file", "New &window", "Ctrl+Alt+N", "",
        "Work on a second project beside this one",
    ),
    ActionSpec("open", "file", "&Open…", "Ctrl+O", "open", "Open a project file"),
    ActionSpec(
        "start_page", "file", "S&tart page", "Alt+Home", "",
        "Recent projects, examples and presets to begin with",
    ),
    ActionSpec("example", "file", "Open the &digits example", "", "", "Open the example network"),
    ActionSpec(
        "examples", "file", "Open an e&xample…", "Ctrl+Shift+N", "",
        "Networks that learn real and generated data, to begin with",
    ),
    ActionSpec("save", "file", "&Save", "Ctrl+S", "save", "Save the project", True),
    ActionSpec("save_as", "file", "Save &as…", "Ctrl+Shift+S"),
    ActionSpec(
        "export", "file", "&Export weights…", "Ctrl+Shift+E", "export",
        "Write the trained weights, and how rows are scaled, as .npz or .safetensors", True,
    ),
    ActionSpec(
        "export_picture", "file", "Export dia&gram…", "", "",
        "Write the diagram as SVG, PDF or PNG",
    ),
    ActionSpec(
        "export_selection", "file", "Export what is se&lected…", "", "",
        "Write the selected layers and notes as SVG, PDF or PNG",
    ),
    ActionSpec(
        "import_data", "file", "&Import data…", "Ctrl+I", "data",
        "Your own table, pictures or arrays as the data set", True,
    ),
    ActionSpec(
        "import_weights", "file", "I&mport weights…", "", "",
        "Train on from weights in an .npz or .safetensors file, matched by name and shape",
    ),
    ActionSpec("quit", "file", "&Quit", "Ctrl+Q", "", "", True),
    ActionSpec("undo", "edit", "&Undo", "Ctrl+Z", "undo", "Undo the last edit of the network"),
    ActionSpec("redo", "edit", "&Redo", "Ctrl+Shift+Z", "redo", "Do the undone edit again"),
    ActionSpec("history", "edit", "Undo h&istory", "Ctrl+H", "", "Every edit, to go back to"),
    ActionSpec("cut", "edit", "Cu&t", "Ctrl+X", "", "Copy the layers, and delete them", True, True),
    ActionSpec("copy", "edit", "&Copy", "Ctrl+C", "", "Copy the selected layers", False, True),
    ActionSpec("paste", "edit", "&Paste", "Ctrl+V", "", "Add the copied layers", False, True),
    ActionSpec(
        "duplicate", "edit", "&Duplicate", "Ctrl+D", "",
        "Add the selected layers once more, with weights of their own",
    ),
    ActionSpec(
        "duplicate_shared", "edit", "Duplicate, &shared weights", "Ctrl+Shift+D", "",
        "Add the selected layers once more; both learn the same numbers",
    ),
    ActionSpec("delete", "edit", "D&elete selected", "Del", "delete"),
    ActionSpec(
        "select_all", "edit", "Select &all", "Ctrl+A", "", "Every layer, wire and note", True
    ),
    ActionSpec("select_none", "edit", "Select &nothing", tip="As Esc on the canvas"),
    ActionSpec("select_inverse", "edit", "In&vert the selection", tip="All else instead"),
    ActionSpec("find", "edit", "&Find a layer…", "Ctrl+F", "", "Go to a layer by its name"),
    ActionSpec("outline", "edit", "&Outline", "Ctrl+Shift+O", "", "The network as a tree"),
    ActionSpec(
        "quick_add", "network", "A&dd a layer…", "/", "",
        "Type a few letters of a layer or a whole network, and Enter",
    ),
    ActionSpec(
        "insert_layer", "network", "&Insert a layer…", "I", "", "Into the selected wire",
        False, True,
    ),
    ActionSpec("connect", "network", "Co&nnect selected", "C", "", "Wire first to second"),
    ActionSpec(
        "next_wire", "network", "Select the next &wire", "W", "",
        "Of those at the layer where the keyboard is; Del deletes it", False, True,
    ),
    ActionSpec(
        "enter", "network", "&Open what is selected", "", "",
        "A layer shows its operations, a group folds or unfolds, a note can be written in",
        True, True,
    ),
    ActionSpec(
        "rename", "network", "Rena&me", "F2", "", "Write another name or text in place", False, True
    ),
    ActionSpec(
        "explain_output", "network", "E&xplain its numbers", "E", "",
        "What leaves the selected layer, or flows in the selected wire, and what it is made of",
        False, True,
    ),
    ActionSpec(
        "fix", "network", "&Fix the problem", "Ctrl+.", "",
        "Mend the first problem of the selected layer, or else of the network",
    ),
    ActionSpec(
        "group", "network", "&Group", "Ctrl+G", "", "Put what is selected into a frame", True
    ),
    ActionSpec("ungroup", "network", "&Ungroup", "Ctrl+Shift+G", "", "Take the group apart"),
    ActionSpec("leave_group", "network", "Ta&ke out of the group"),
    ActionSpec("join_group", "network", "&Put into the group", tip="Select the group last"),
    ActionSpec(
        "fold", "network", "Co&llapse or expand", "Ctrl+Shift+L", "",
        "Fold the group into one block with its own ports, or unfold it",
    ),
    ActionSpec(
        "note", "network", "Add a no&te", "N", "", "Write something on the canvas", True, True
    ),
    ActionSpec(
        "arrow", "network", "Add an a&rrow", "A", "",
        "From the first selected layer or note to the second, or drawn with the mouse", False, True,
    ),
    ActionSpec(
        "arrange", "network", "Arrang&e", "Ctrl+L", "", "Lay the network out automatically", True
    ),
    _align("left", "Align &left edges", "As the leftmost one"),
    _align("centre", "Align in a &column", "One below the other"),
    _align("right", "Align &right edges", "As the rightmost one"),
    _align("top", "Align &top edges", "As the highest one"),
    _align("middle", "Align in a ro&w", "One beside the other"),
    _align("bottom", "Align &bottom edges", "As the lowest one"),
    _align("across", "Distribute &across", "Equal gaps"),
    _align("down", "Distribute &down", "Equal gaps"),
    ActionSpec("zoom_in", "view", "Zoom &in", "Ctrl++"),
    ActionSpec("zoom_out", "view", "Zoom &out", "Ctrl+-"),
    ActionSpec("zoom_fit", "view", "Zoom to &fit", "Ctrl+0", "zoom-fit", "Show the whole network"),
    ActionSpec("minimap", "view", "&Map of the network", "Ctrl+M", "", "In a corner of the canvas"),
    ActionSpec("theme", "view", "Light or dark &theme", "Ctrl+T", "theme", "Switch themes", True),
    ActionSpec(
        "theme_system", "view", "Theme as the &system has it", "", "",
        "Light or dark, whichever the system is", False, False, "theme", "group",
    ),
    ActionSpec(
        "theme_light", "view", "&Light theme", "", "",
        "Always light", False, False, "theme", "group",
    ),
    ActionSpec(
        "theme_dark", "view", "&Dark theme", "", "", "Always dark", False, False, "theme", "group"
    ),
    ActionSpec(
        "text_larger", "view", "&Larger text", "Ctrl+Alt++", "", "", False, False, "text"
    ),
    ActionSpec(
        "text_smaller", "view", "&Smaller text", "Ctrl+Alt+-", "", "", False, False, "text"
    ),
    ActionSpec(
        "text_normal", "view", "Text as the s&ystem has it", "Ctrl+Alt+0", "", "",
        False, False, "text",
    ),
    ActionSpec(
        "motion_system", "view", "Motion as the &system says", "", "",
        "Moves, unless the system is set to show no animations", False, False, "motion", "group",
    ),
    ActionSpec(
        "motion_full", "view", "Let things &move", "", "",
        "What flows through the network is seen to flow", False, False, "motion", "group",
    ),
    ActionSpec(
        "motion_reduced", "view", "Let nothing m&ove by itself", "", "",
        "What flows through the network stands still", False, False, "motion", "group",
    ),
    ActionSpec(
        "presentation", "view", "&Presentation", "F11", "",
        "Large type and the whole screen, for a projector", False, False, "", "alone",
    ),
    ActionSpec(
        "layout_build", "view", "Panels to &build", "Ctrl+Alt+1", "",
        "Palette, inspector and messages. Again puts them back to their places", True,
    ),
    ActionSpec(
        "layout_step", "view", "Panels to &step", "Ctrl+Alt+2", "",
        "Program with shapes, results and costs; current step; timeline",
    ),
    ActionSpec(
        "layout_train", "view", "Panels to t&rain", "Ctrl+Alt+3", "",
        "Loss curves, gradients and training set-up",
    ),
    ActionSpec(
        "layout_explain", "view", "Panels to &explain", "Ctrl+Alt+4", "",
        "Explanation, credit and gradients",
    ),
    ActionSpec("reset_layout", "view", "Reset panel la&yout"),
    ActionSpec("run", "train", "&Run", "F5", "run", "Train until paused"),
    ActionSpec(
        "step_element", "train", "Step one e&lement", "F4", "",
        "Go on to the next number of the operation, and explain it", True,
    ),
    ActionSpec("step_op", "train", "Step one &op", "F6", "", "Execute one operation"),
    ActionSpec("step_layer", "train", "Step one la&yer", "F7", "", "Execute one layer"),
    ActionSpec("step_phase", "train", "Step one &phase", "F8", "", "Execute one stage"),
    ActionSpec("step_batch", "train", "Step one &batch", "F9", "", "Execute to the next update"),
    ActionSpec("step_epoch", "train", "Step one &epoch", "Ctrl+F9", "", "To the end of the data"),
    ActionSpec(
        "back_element", "train", "Back one element", "Shift+F4", "", "Take back one number", True
    ),
    ActionSpec("back_op", "train", "Back one op", "Shift+F6", "", "Take back one operation"),
    ActionSpec("back_layer", "train", "Back one layer", "Shift+F7", "", "Take back one layer"),
    ActionSpec("back_phase", "train", "Back one phase", "Shift+F8", "", "Take back one stage"),
    ActionSpec("back_batch", "train", "Back one batch", "Shift+F9", "", "Take back one update"),
    ActionSpec("back_epoch", "train", "Back one epoch", "Ctrl+Shift+F9", "", "Take back an epoch"),
    ActionSpec(
        "stop_here", "train", "Stop at this l&ayer", "B", "",
        "A breakpoint: before each pass through the selected layer, forward and backward",
        True, True, "", "alone",
    ),
    ActionSpec(
        "open_breakpoints", "train", "Brea&kpoints", "Ctrl+Alt+B", "",
        "Where a run stops by itself: at a layer, a phase, a number that is too large",
    ),
    ActionSpec(
        "fork", "train", "Start a branc&h here", "Ctrl+B", "",
        "Try something else from this moment on; what was recorded stays", True,
    ),
    ActionSpec(
        "set_number", "train", "Set a n&umber…", "Ctrl+E", "",
        "What if this weight, input or error signal were another?",
    ),
    ActionSpec(
        "restart", "train", "Re&start, same weights", "Ctrl+R", "restart",
        "Begin again with the same first weights", True,
    ),
    ActionSpec(
        "new_weights", "train", "Restart, &new weights", "Ctrl+Shift+R", "dice",
        "Begin again with another seed: other first weights, other order of the data",
    ),
    ActionSpec(
        "data", "train", "&Data…", "Ctrl+Shift+A", "",
        "Look at the rows; adjust how they are made, split and scaled; spoil them", True,
    ),
    ActionSpec(
        "open_draw", "train", "Dra&w points", "Ctrl+Shift+W", "",
        "Draw the data set by hand, also while training runs",
    ),
    ActionSpec(
        "open_example", "investigate", "Trace an e&xample", "Ctrl+Shift+X", "",
        "Choose the example that the canvas follows, or type one in",
    ),
    ActionSpec(
        "open_explanation", "investigate", "&Explain a number", "Ctrl+1", "",
        "Where does this number come from? Its rule, and the numbers it is made of",
    ),
    ActionSpec(
        "open_credit", "investigate", "C&redit and nudge", "Ctrl+2", "",
        "Which parameter is responsible for the loss, and by how much",
    ),
    ActionSpec(
        "open_paths", "investigate", "&Paths to the loss", "Ctrl+3", "",
        "All ways from one weight to the loss, and what each adds to its gradient",
    ),
    ActionSpec(
        "open_inside", "investigate", "Sit &inside a layer", "Ctrl+6", "",
        "Compute a layer's gradients by hand, from its own numbers alone",
    ),
    ActionSpec(
        "open_efficiency", "investigate", "&Why it is efficient", "Ctrl+4", "",
        "One backward pass against three other ways to the same gradient",
    ),
    ActionSpec(
        "open_rules", "investigate", "Same gradient, different r&ule", "Ctrl+5", "",
        "What becomes of the loss when something else is done with the gradient",
    ),
    ActionSpec(
        "open_gradient_check", "investigate", "Gradient &check", "Ctrl+9", "",
        "Is backward right? Compare it with what moving each weight does",
    ),
    ActionSpec(
        "open_compare", "investigate", "Co&mpare two moments", "Ctrl+8", "",
        "What changed between two moments, or between two branches",
    ),
    ActionSpec(
        "open_bug_hunt", "investigate", "&Bug hunt", "Ctrl+7", "",
        "Find the one backward rule that is wrong",
    ),
    ActionSpec(
        "open_over_time", "observe", "Gradients over &time", "Ctrl+Alt+G", "",
        "Norms and distributions of gradients, weights and activations since the start",
    ),
    ActionSpec(
        "open_gradient_flow", "observe", "Gradient &flow", "Ctrl+Alt+F", "",
        "How much of the error signal reaches each layer, from the loss to the input",
    ),
    ActionSpec(
        "open_doctor", "observe", "Gradient &doctor", "Ctrl+Alt+D", "",
        "What is wrong with this run, why, and what to try on a branch",
    ),
    ActionSpec(
        "open_predictions", "observe", "&Predictions", "Alt+1", "",
        "What the network says: the decision surface, confusions, the worst examples, a drawing",
    ),
    ActionSpec(
        "open_representations", "observe", "&Representations", "Alt+2", "",
        "The same data as each layer sees them: they come apart layer by layer",
    ),
    ActionSpec(
        "open_landscape", "observe", "Loss &landscape", "Ctrl+Alt+L", "",
        "The loss around the weights, and the way that training took through it",
    ),
    ActionSpec(
        "open_units", "observe", "&Activations and units", "Alt+3", "",
        "What each unit responds to, and what matters in an example",
    ),
    ActionSpec(
        "open_voices", "observe", "&Batch voices", "Alt+4", "",
        "What single examples ask of one weight, their mean and their disagreement",
    ),
    ActionSpec(
        "commands", "help", "&Command palette…", "Ctrl+Shift+P", "", "Find any command by name"
    ),
    ActionSpec("help", "help", "&Help on what is in front", "F1", "", "The layer or the panel"),
    ActionSpec(
        "shortcuts", "help", "&Keyboard shortcuts…", "Ctrl+F1", "",
        "Which keys do what; change them here",
    ),
    ActionSpec("about", "help", "&About Backprop Studio"),
    ActionSpec(
        "lessons", "help", "&Lessons…", "Alt+L", "",
        "The ideas behind backpropagation, as things to do", True,
    ),
    ActionSpec("open_lesson", "help", "&Open a lesson…", "", "", "From a file or a teacher"),
    ActionSpec("write_lesson", "help", "&Write a lesson…", "", "", "With a live preview"),
    ActionSpec(
        "export_evidence", "help", "&Export evidence…", "", "",
        "What was predicted, done and reached in this lesson, for a teacher to verify",
    ),
    ActionSpec("leave_lesson", "help", "Lea&ve the lesson", "", "", "Your project comes back"),
    ActionSpec("open_palette", "view", "L&ayers", "", "", "What a network is built of", True),
    ActionSpec("open_inspector", "view", "Inspe&ctor", "", "", "The settings of a layer"),
    ActionSpec("open_setup", "view", "Trainin&g set-up", "", "", "Data, optimizer, batches, seed"),
    ActionSpec("open_losses", "view", "Loss cur&ves", "", "", "How wrong it is while it learns"),
    ActionSpec("open_timeline", "view", "Time&line", "", "", "Every moment so far, and branches"),
    ActionSpec("open_gradients", "view", "Gra&dients", "", "", "A picture for each weight matrix"),
    ActionSpec("open_current_step", "view", "C&urrent step", "", "", "The operation just done"),
    ActionSpec("open_program", "view", "Program", "", "", "A training step, line by line"),
    ActionSpec("open_messages", "view", "Messages", "", "", "What is wrong, and how to mend it"),
    ActionSpec(
        "close_panel", "view", "Close this panel", "Ctrl+W", "",
        "The one that has the keyboard; the canvas gets its room", True,
    ),
)  # fmt: skip


def _without_state(act: Callable[[str], object], key: str) -> Callable[[bool], None]:
    """`triggered` brings whether the action is checked; nothing here has a use for it."""

    def call(checked: bool) -> None:
        act(key)

    return call


def build(
    window: QMainWindow, act: Callable[[str], object]
) -> tuple[dict[str, QAction], dict[str, QMenu]]:
    """Make every action and the menu bar; return both by id.

    Parameters
    ----------
    window
        It gets the menu bar.
    act
        Does what the action of an id is for.
    """
    actions: dict[str, QAction] = {}
    menus: dict[str, QMenu] = {key: window.menuBar().addMenu(_tr(t)) for key, t in MENUS.items()}
    submenus: dict[str, QMenu] = {}
    groups: dict[str, QActionGroup] = {}
    for spec in ACTIONS:
        action = QAction(_tr(spec.text), window)
        action.setObjectName(f"action-{spec.id}")
        if spec.local:
            action.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        if spec.icon:
            action.setIcon(icons.icon(spec.icon))
        action.setIconText(plain_text(spec).split(" ")[0])
        set_shortcut(action, spec, spec.shortcut)
        action.setCheckable(bool(spec.checked))
        action.triggered.connect(_without_state(act, spec.id))
        menu = menus[spec.menu]
        if spec.separator:
            menu.addSeparator()
        if spec.submenu:
            if spec.submenu not in submenus:
                submenus[spec.submenu] = menu.addMenu(_tr(SUBMENUS[spec.submenu]))
                groups[spec.submenu] = QActionGroup(window)
            menu = submenus[spec.submenu]
            if spec.checked:
                groups[spec.submenu].addAction(action)
        menu.addAction(action)
        actions[spec.id] = action
    for menu in (*menus.values(), *submenus.values()):
        OwnLetters(menu)
    return actions, menus


def plain_text(spec: ActionSpec) -> str:
    """An action's name without mnemonic and dots."""
    return _tr(spec.text).replace("&", "").rstrip("…")


def submenu_title(spec: ActionSpec) -> str:
    """Title of the submenu that an action stands in; empty for none."""
    return _tr(SUBMENUS[spec.submenu]).replace("&", "") if spec.submenu else ""


def set_shortcut(action: QAction, spec: ActionSpec, keys: str) -> None:
    """Give an action its keys, in portable notation, and say them in its tooltip."""
    action.setShortcut(QKeySequence(keys))
    tip = _tr(spec.tip) if spec.tip else plain_text(spec)
    native = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    action.setToolTip(f"{tip} ({native})" if native else tip)
    action.setStatusTip(tip)


def follow_undo(actions: Mapping[str, QAction], history: QUndoGroup) -> None:
    """Let Undo and Redo be possible when there is something, and say what."""
    for key, possible, changed, text in (
        ("undo", history.canUndo(), history.canUndoChanged, history.undoTextChanged),
        ("redo", history.canRedo(), history.canRedoChanged, history.redoTextChanged),
    ):
        action = actions[key]
        action.setEnabled(possible)
        changed.connect(action.setEnabled)
        text.connect(_EditText(action).show)


class _EditText(QObject):
    """Names the edit in an action's text. It goes with the action, and so do its signals."""

    def __init__(self, action: QAction) -> None:
        super().__init__(action)
        self._action = action
        self._word = action.text()

    def show(self, edit: str) -> None:
        """Take over the name of the edit; empty for none."""
        # An ampersand in a name is no mnemonic.
        self._action.setText(f"{self._word} {edit.replace('&', '&&')}".rstrip())
