"""What people call things: words that lead to a command or a panel beside those of its name.

One table for the command palette and the list of keyboard shortcuts. A word stands here once for
each thing that it is to find; what the name itself says need not be repeated.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from PySide6.QtCore import QCoreApplication

WORDS: Mapping[str, str] = MappingProxyType(
    {
        # File
        "new": "create empty blank network project clear",
        "new_window": "second another instance",
        "open": "load file project bps",
        "start_page": "welcome home recent greeting",
        "example": "demo sample mnist handwritten",
        "examples": "demo sample template spirals moons xor",
        "save": "store write file keep project disk",
        "save_as": "store write copy file rename project disk",
        "export": "save download parameters npz safetensors write file",
        "export_picture": "save image svg png pdf screenshot print network",
        "export_selection": "save image svg png pdf picture part of network layers",
        "import_data": "load csv table images npy idx own dataset file",
        "import_weights": "load parameters npz safetensors pretrained file",
        "quit": "exit close end leave",
        # Edit
        "undo": "take back revert design",
        "redo": "again repeat design",
        "history": "edits changes versions design",
        "cut": "move clipboard",
        "copy": "clipboard",
        "paste": "insert clipboard",
        "duplicate": "copy clone twice",
        "duplicate_shared": "tied tie weight sharing siamese copy clone twice",
        "delete": "remove erase clear layer wire",
        "select_all": "everything mark",
        "select_none": "deselect unselect clear",
        "select_inverse": "inverse reverse opposite others except",
        "find": "search go to node jump",
        "outline": "tree list structure accessible screen reader",
        # Network
        "quick_add": "create new insert node block preset",
        "insert_layer": "add between wire node",
        "connect": "wire edge link join",
        "next_wire": "edge connection link",
        "enter": "inside zoom operations edit",
        "rename": "name title label edit",
        "explain_output": "values activations why number",
        "fix": "repair mend error mismatch solve",
        "group": "frame block subnetwork bundle",
        "ungroup": "frame dissolve split",
        "leave_group": "remove frame",
        "join_group": "add to frame block",
        "fold": "hide unfold block group",
        "note": "comment text annotation label",
        "arrow": "annotation line point",
        "arrange": "layout tidy align order automatic",
        "align_left": "line up straight column",
        "align_centre": "line up straight vertical middle center centre",
        "align_right": "line up straight column",
        "align_top": "line up straight row",
        "align_middle": "line up straight horizontal middle center centre",
        "align_bottom": "line up straight row",
        "align_across": "spread space evenly equal gap spacing horizontal",
        "align_down": "spread space evenly equal gap spacing vertical",
        # View
        "zoom_in": "larger bigger magnify",
        "zoom_out": "smaller reduce",
        "zoom_fit": "whole all center reset",
        "minimap": "overview navigator",
        "theme": "mode color colour appearance switch",
        "theme_system": "color colour appearance automatic dark light mode",
        "theme_light": "color colour appearance bright white day mode",
        "theme_dark": "color colour appearance black night mode",
        "text_larger": "font size bigger increase zoom scale",
        "text_smaller": "font size decrease zoom scale",
        "text_normal": "font size reset default zoom scale",
        "motion_system": "animation animate automatic accessibility",
        "motion_full": "motion animation animate flow on",
        "motion_reduced": "motion animation animate flow reduce less off still accessibility",
        "presentation": "full screen fullscreen projector beamer large font zoom teach",
        "layout_build": "arrangement workspace layout design edit",
        "layout_step": "arrangement workspace layout debug",
        "layout_train": "arrangement workspace layout learn",
        "layout_explain": "arrangement workspace layout understand",
        "reset_layout": "arrangement workspace docks windows default restore",
        # Train
        "run": "train start play learn go pause stop",
        "step_element": "next number single forward debug",
        "step_op": "next instruction operation single debug",
        "step_layer": "next debug",
        "step_phase": "next forward backward stage pass debug",
        "step_batch": "next iteration update minibatch",
        "step_epoch": "next pass data",
        "back_element": "step rewind previous undo number",
        "back_op": "step rewind previous undo instruction operation",
        "back_layer": "step rewind previous undo",
        "back_phase": "step rewind previous undo stage pass",
        "back_batch": "step rewind previous undo iteration minibatch",
        "back_epoch": "step rewind previous undo",
        "stop_here": "breakpoint pause halt",
        "open_breakpoints": "stop pause halt condition debug",
        "fork": "what if alternative experiment split",
        "set_number": "change edit value weights what if intervene",
        "restart": "reset begin again initial",
        "new_weights": "reset seed random initial initialise reinitialize shuffle",
        "data": "dataset rows split scaling normalise held-out corruption noise labels",
        "open_draw": "paint dataset plane mouse own data",
        # Investigate
        "open_example": "row sample input follow what if",
        "open_explanation": "why formula value derivative chain rule",
        "open_credit": "blame responsibility gradient weights sensitivity",
        "open_paths": "chain rule routes product weights gradient",
        "open_inside": "local gradient by hand exercise",
        "open_efficiency": "cost speed race finite differences forward mode complexity",
        "open_rules": "optimizer update sgd adam momentum learning rule",
        "open_gradient_check": "numerical finite differences verify test",
        "open_compare": "difference weights before after branches",
        "open_bug_hunt": "game mistake exercise debug wrong backward",
        # Observe
        "open_over_time": "history norm histogram distribution weights activations chart plot",
        "open_gradient_flow": "vanishing exploding signal layers",
        "open_doctor": "diagnose health problem advice overfitting dead vanishing",
        "open_predictions": "accuracy confusion matrix decision boundary output mistakes",
        "open_representations": "pca embedding hidden probe clusters features",
        "open_landscape": "surface contour valley minimum weights 3d",
        "open_units": "neuron feature saliency dead weights",
        "open_voices": "noise examples variance per-example gradient weights",
        # Help
        "commands": "search action",
        "help": "documentation manual explain what is this",
        "shortcuts": "keys hotkeys bindings preferences settings",
        "about": "version licence license credits",
        "lessons": "course tutorial learn teach guided exercise",
        "open_lesson": "load course tutorial file teacher",
        "write_lesson": "create edit author course tutorial teacher",
        "export_evidence": "save homework proof report teacher file",
        "leave_lesson": "end close stop course tutorial",
        # Panels
        "open_palette": "palette add node presets",
        "open_inspector": "settings properties layer name",
        "open_setup": "settings learning rate optimizer batch size seed schedule loss "
        "regularisation weight decay clipping held-out hyperparameters",
        "open_losses": "chart plot accuracy validation training error",
        "open_timeline": "rewind history branches journal memory go back",
        "open_gradients": "heatmap weights matrix picture colors colours",
        "open_current_step": "instruction formula phase",
        "open_program": "instructions listing code operations costs",
        "open_messages": "errors warnings problems",
        "close_panel": "hide dock",
    }
)
"""By the id of an action."""


def words(key: str) -> str:
    """Words to find something by, beside those of its name; empty if there are none."""
    return QCoreApplication.translate("SearchWords", WORDS[key]) if key in WORDS else ""
