"""What each panel is for and how it is read, for somebody who sees it for the first time.

The help panel shows this below the first words of the panel's own documentation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from backprop_studio.data import Corruption

TOPIC = "help_topic"
"""Property of a widget that has a page of its own in the help: the title of that page."""


def corruption_topic(kind: type[Corruption]) -> str:
    """Title of the help page of a corruption."""
    return f"Corruption: {kind.info.title}"


GUIDE: Mapping[str, str] = MappingProxyType(
    {
        "palette": (
            "Everything a network can be built from. Drag a layer onto the canvas, onto a wire "
            "to put it in between, or press Enter to add it beside the selected one. The search "
            "finds names and formulas. At the end stand whole networks to begin with.\n\n"
            "On the canvas itself, / offers the same by name."
        ),
        "outline": (
            "The same network as on the canvas, as a list: for the keyboard, for a screen "
            "reader, and for networks too large to survey. What is selected here is selected "
            "there."
        ),
        "inspector": (
            "The settings of the layer that is selected on the canvas. A change counts when you "
            "press Enter or leave the field; Ctrl+Z takes it back. Weights that still fit stay "
            "as they were learned."
        ),
        "setup": (
            "What the network learns from and how: the data set, the optimizer and its learning "
            "rate, how many rows share one update, and the seed that fixes all chance. Under "
            "More: what is held out to measure success, penalties, clipping, and schedules of "
            "the learning rate."
        ),
        "losses": (
            "How wrong the network is while it learns; lower is better. The training curve has a "
            "point for each batch. The validation curve is measured on rows that it never learns "
            "from: when it rises while the other falls, the network learns by heart. View "
            "shows the accuracy instead, where a gap that widens means the same, or the learning "
            "rate. Point at a curve for its exact numbers; drag and scroll to look closer."
        ),
        "timeline": (
            "Every moment of the training so far. Drag the slider to go back; the weights are "
            "again exactly what they were. Change something there and train on, and the old "
            "future stays as a branch to compare with. The journal's memory decides how fast "
            "distant moments are reached, not how many there are."
        ),
        "gradients": (
            "One picture for each weight matrix and bias: how the loss would change if each "
            "number grew a little. Blue is negative, orange positive, pale is near zero. "
            "Double-click a number to have it explained. Step through the backward pass to see "
            "them appear from the loss towards the input."
        ),
        "breakpoints": (
            "Training stops by itself when one of these is met: at an instruction, a layer or a "
            "phase, after so many iterations, or when the loss, the gradients or dead units pass "
            "a limit. Choose what to stop at, and Add."
        ),
        "gradient_check": (
            "Moves a weight up and down a little and looks at what the loss really does. That "
            "must agree with what backward says. The relative difference is below 1e-7 when "
            "backward is right."
        ),
        "current_step": (
            "The instruction that has just been carried out, in symbols and with the sizes and "
            "ranges of its numbers. The strip above shows how far the step has come: data, "
            "forward, loss, backward, update. Press F6 for the next instruction."
        ),
        "program": (
            "A training step as the computer sees it: one instruction after the other, from the "
            "data to the new weights. The marked one is next. B sets a breakpoint, Return runs "
            "up to a line, E explains its result. Grey results are not computed yet in this "
            "iteration."
        ),
        "messages": (
            "What keeps the network from training, and what is merely odd. Choose a message to "
            "go to the layer that it is about. What stopped a training run is told here as well."
        ),
        "help": (
            "Choose a layer, loss, optimizer, schedule or panel from the list. F1 explains the "
            "panel that has the keyboard, or else the selected layer."
        ),
        "history": (
            "Every edit of the network since it was opened, the latest at the bottom. Click one "
            "to go back to it, or forward again. This is about the design alone: the training "
            "has a timeline of its own."
        ),
        "example": (
            "Choose one row of the batch, or any example of the data, and the canvas shows it on "
            "its way through the network, and its error signal on the way back. Rows of one class "
            "have one colour; an example that is not in the batch is a star. "
            "Type other numbers and press Put in to ask: what if the input were this?"
        ),
        "explanation": (
            "Where one number comes from: the rule, the rule with the numbers filled in, and the "
            "numbers it was made of. Open a row to see where that one comes from in turn, down "
            "to the data and the weights. Change… puts another number in its place."
        ),
        "credit": (
            "Backpropagation answers one question for every weight: who is to blame, and by how "
            "much? Here are the answers, largest first. Nudge one, and compare what the gradient "
            "foretells with what the loss really does."
        ),
        "paths": (
            "A weight acts on the loss along many ways through the network. Each way contributes "
            "the product of the slopes along it, and all of them together are the gradient. "
            "Choose a weight and see its ways, the strongest first."
        ),
        "inside": (
            "Be a layer for once: it knows its own inputs and weights and the error signal from "
            "the next layer, and nothing else. Compute its gradients from these. Wrong answers "
            "are met with what probably went wrong."
        ),
        "efficiency": (
            "There are other ways to the same gradient: move every weight a little, carry "
            "derivatives forward, or walk every path. Press Race to see what they cost on this "
            "very network, and why nobody uses them for training."
        ),
        "rules": (
            "A gradient says which way is up; what to do with it is another matter. Seven rules "
            "start from the same weights and the same batch. See which get down, which climb, "
            "and what happens when nothing is done at all."
        ),
        "compare": (
            "Press Mark A, train or go somewhere else, also into another branch, and see what "
            "has changed since: how far each weight matrix has moved, and in which direction."
        ),
        "bug_hunt": (
            "A copy of your network gets one mistake that people really make when they write a "
            "backward pass. The gradient check shows where things go wrong. Accuse a layer and "
            "say what is wrong with it."
        ),
        "over_time": (
            "How large the gradients, the weights and the activations of each layer have been "
            "since the start of the run. Lines that sink are signals that fade; lines "
            "that climb without end are signals that burst. Distribution shows all numbers of one "
            "layer, not only their size, as colours; Ridges shows the same as hills, the past "
            "behind and the newest in front."
        ),
        "gradient_flow": (
            "The size of the error signal at each layer, from the loss down to the input. The axis "
            "never changes, so a bar that is short is really small. When the bars get shorter and "
            "shorter, the first layers hear almost nothing of the error: the gradient vanishes."
        ),
        "doctor": (
            "Looks at the run as somebody with experience would: signals that fade or burst, units "
            "that are always off, a rate that is too high, learning by heart. Each finding says "
            "where, since when and why, and offers an experiment. It runs on a branch, so nothing "
            "of yours is lost."
        ),
        "landscape": (
            "The loss as a surface over two directions in the space of all weights, with the way "
            "that training took so far. It is a slice, not the whole: choose random directions, "
            "those in which the run moved most, or two single weights."
        ),
        "predictions": (
            "What the network answers now, and where it is wrong. Held-out rows are told apart "
            "from those that it learns from. Choose a cell of the confusions or one of the worst "
            "examples to see it, or draw a picture and watch it being classified."
        ),
        "representations": (
            "The same rows as each layer sees them, reduced to two directions. A probe says how "
            "well a straight line could tell the classes apart there. Usually the clouds come "
            "apart from left to right: nobody told the layers how."
        ),
        "units": (
            "What makes each unit of a layer say yes: a map of the plane for two features, or the "
            "examples that excite it most, and a picture made by following its gradient uphill. "
            "Saliency shows which inputs the answer for the traced example hangs on."
        ),
        "voices": (
            "The gradient of a batch is the mean of what its examples ask for. Here each example "
            "speaks for itself about one weight. When they disagree, the mean is small although "
            "every single voice is loud."
        ),
        "data": (
            "The rows as they are, how they are split into training and held-out ones, and how "
            "they are scaled. Under Corruption you can spoil them on purpose: wrong labels, leaks, "
            "missing classes. Backpropagation will follow bad data just as faithfully as good ones."
        ),
        "draw": (
            "Put points on the plane with the mouse, spray them with the brush, move and erase "
            "them, also while training runs: the weights are kept and training goes on. Hollow "
            "points are held out. Start from nothing, or from the data set in use."
        ),
        "lesson": (
            "A guided tour on a real network: predict, do it in the app, and see what came of it. "
            "Checks look at what is really so. Nothing is locked, hints come when you ask, and "
            "your own project waits and comes back when you leave."
        ),
    }
)

START_PAGE, CANVAS, MARKS = "The start page", "The canvas", "Groups, notes and arrows"
TOOLBAR, LOOP, OPERATIONS = "The toolbar", "The learning loop", "The operations of a layer"
COMMANDS, KEYS, NUMBER = "The command palette", "Keyboard shortcuts", "Setting a number by hand"
DATA_IMPORT, WEIGHTS_IMPORT = "Importing data", "Importing weights"
LESSONS, WRITING = "Choosing a lesson", "Writing a lesson"

TOPICS: Mapping[str, str] = MappingProxyType(
    {
        START_PAGE: (
            "Where to begin. Lessons are guided tours, 8 to 15 minutes each; the first one needs "
            "nothing but curiosity. Examples that learn are whole projects: open one and press "
            "Run. Networks to change are drawn for you, with data to learn from; what they do is "
            "up to you. Under Begin is an empty canvas, or a file of yours; under Continue are "
            "your last projects.\n\n"
            "Tab and the arrow keys go from card to card, and Enter opens one. Esc leads to the "
            "canvas behind the page. File → Start page (Alt+Home) brings it back, and the box at "
            "the lower left says whether it greets you at the next start. What you had before "
            "is not lost: you are asked first."
        ),
        CANVAS: (
            "Your network, from the data on the left to the loss on the right. Drag from a port "
            "on the right of a card to a port on the left of another to wire them; a wire that is "
            "there already gives way, and Undo brings it back. Turn the wheel "
            "to zoom, with Shift to scroll sideways; two fingers on a touchpad scroll, and zoom "
            "with Ctrl. Drag the ground to select, hold Space or the middle button to pan; what "
            "is dragged to the edge takes the canvas along. "
            "Double-click a card to see its operations, or a wire to put a layer into it. The "
            "right button, the menu key or "
            "Shift+F10 tell what can be done with a layer, a wire or the ground.\n\n"
            "A drag with Shift goes straight; with Ctrl it takes a copy along. Ctrl with "
            "an arrow key moves what is selected by a step, with Shift as well by five. A box "
            "drawn with Shift adds to the selection, with Ctrl as well it takes away. Network → "
            "Align and "
            "distribute puts cards in line.\n\n"
            "The slash key adds a layer: without the mouse, it comes after the selected one, "
            "wired to it. The arrow keys walk from card to card, and everything can be done in "
            "the Outline as well."
        ),
        MARKS: (
            "Ctrl+G puts a frame around what is selected. Whatever you let go of inside the frame "
            "belongs to it, also another frame; the menu of the right button takes it out again. "
            "Without the mouse, Network → Put into the group does that. "
            "Ctrl+Shift+L folds the frame into one block with its own ports, and unfolds it; what "
            "you let go of on the block comes into it, too. "
            "N writes a note at the pointer, A draws an arrow. They are for people: they change "
            "nothing in what is computed, and they are in the exported diagram."
        ),
        "Undo and Back": (
            "There are two kinds of time. Undo (Ctrl+Z) is for the design: it takes back edits "
            "of the network. Back (Shift+F6 and its neighbours) is for the training: it takes "
            "back computation. Neither touches the other."
        ),
        "Arrangements of panels": (
            "Ctrl+Alt+1 to 4 open the panels for building, stepping, training and explaining. "
            "Each comes back as you left it. Press the same keys once more to put the panels "
            "back to their places. Any panel can be closed, moved and put on top of another: View, "
            "Investigate and Observe open it, and Ctrl+W closes the one with the keyboard. What is "
            "opened gets the room to be read; the canvas gets it back when it is closed.\n\n"
            "A presentation (F11) has large type, for a projector. So that the network is large as "
            "well, it puts aside the panels that one builds with; Ctrl+Alt+1 shows them all the "
            "same, and its end brings them back."
        ),
        "Files and recovery": (
            "Projects are .bps files: the network, how it is trained, and what it has learned. A "
            "save is all or nothing; if it fails, the old file is untouched. While something is "
            "not saved, a copy is kept elsewhere: after every edit, when training stops, and "
            "twice a minute while it runs. After a crash or a power cut the next start offers "
            "it, and tells how far it was trained. It never replaces a file by itself."
        ),
        TOOLBAR: (
            "Run (F5) trains until you press it again; the slider beside it slows training down, "
            "to one operation in two seconds. Step goes on by as much as is chosen in the middle: "
            "one number, one operation, a layer, a phase, a batch, or an epoch. Back takes the "
            "same away again, to the last bit. The two buttons after it begin the training anew, "
            "with the same first weights, or with others from another seed."
        ),
        LOOP: (
            "Learning goes around five stages, once a batch: data, model, loss, gradients, "
            "optimisation. The one that has just worked is lit, and the sentence beside them says "
            "what its job is. Backpropagation is the fourth of five, and changes nothing by "
            "itself. Press a stage to open the panel that shows it."
        ),
        OPERATIONS: (
            "A layer from inside: the operations that it consists of, with a row each for forward, "
            "backward and update, and what is computed so far. One with a + opens in turn. "
            "Arrow keys walk from one to the next, Enter shows it in the listing of the program, "
            "and Esc leads back to the canvas."
        ),
        COMMANDS: (
            "Everything that can be done, by name: type a few letters, also of a word that stands "
            "for it, such as animation or font. The best match is on top; arrow keys choose, and "
            "Enter does it. At the right stand the keys that do the same."
        ),
        KEYS: (
            "Search for an action by name, or by keys such as Ctrl+S. Choose it, click into "
            "the field and press the keys that it is to have. If they belong to another action, "
            "that is said before anything changes. Put back gives it the keys that it had at "
            "first. Changes count at once, and are remembered. Menus and tips name the keys as "
            "they are; the texts of this help name those of the beginning."
        ),
        NUMBER: (
            "What if this one were another? Choose a value that is computed already, say which "
            "of its entries you mean, by row and column from 0, and what it is to be. Training "
            "goes on from there with your number. It is part of the record: every way back and "
            "forth meets it again, and Back right after it takes it away."
        ),
        DATA_IMPORT: (
            "Tables (CSV, TSV), arrays (NPZ, IDX), or a folder that holds a folder of pictures "
            "for each class. What was found out about the file is shown first: which column is "
            "the answer, whether it is a class or a number, and what is left out and why. Change "
            "what is not so. Nothing of the project changes before you take the data over, and "
            "Undo brings the earlier ones back."
        ),
        WEIGHTS_IMPORT: (
            "Weights of a file and of the network belong together when they have the same name "
            "and the same shape. The list says of each whether it fits, and if not, why. Import "
            "takes over what fits and leaves the rest as it is; training then begins with these."
        ),
        LESSONS: (
            "Choose one and press Enter. The number is the order in which they build on each "
            "other, but any can be first. Your own project waits meanwhile, and comes back when "
            "you leave the lesson. How far you are is remembered. Lessons of others are opened "
            "from a file."
        ),
        WRITING: (
            "A lesson is a text with steps: what to read, what to predict, what to do, and a "
            "check that looks whether it is so. On the right is what a learner will see. What is "
            "wrong is listed below, with its line. Try the solutions plays every step through: it "
            "must be open before its solution, and done after it. The format is described in "
            "docs/lessons.md.\n\n"
            "What is not saved is kept for the case of a crash, and offered when you next write a "
            "lesson."
        ),
    }
)
"""What belongs to no one panel."""
