"""All actions with their keys, to look up and to change."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from backprop_studio.ui import guide, search_words, searching, theme
from backprop_studio.ui.actions import MENUS, plain_text
from backprop_studio.ui.controllers.shortcuts import Shortcuts
from backprop_studio.ui.dialogs import sizing
from backprop_studio.ui.dialogs.explaining import explain_with_f1

_ID = Qt.ItemDataRole.UserRole


class ShortcutsDialog(QDialog):
    """A searchable list; below it, the keys of the chosen action. Changes count at once.

    Parameters
    ----------
    shortcuts
        What is shown and changed.
    """

    def __init__(self, shortcuts: Shortcuts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shortcuts = shortcuts
        self._items: dict[str, QTreeWidgetItem] = {}
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        explain_with_f1(self, guide.KEYS)
        self.search = QLineEdit()
        self.search.setPlaceholderText(self.tr("Search for an action, or for keys"))
        self.search.setAccessibleName(self.tr("Search actions"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        self.list = QTreeWidget()
        self.list.setAccessibleName(self.tr("Actions and their keys"))
        self.list.setHeaderLabels([self.tr("Action"), self.tr("Keys")])
        self.list.setUniformRowHeights(True)
        self.list.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.list.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.header().setStretchLastSection(False)
        self.list.currentItemChanged.connect(lambda *_: self._show_chosen())
        self.chosen = QLabel()
        theme.set_role(self.chosen, "heading")
        self.keys = QKeySequenceEdit()
        self.keys.setMaximumSequenceLength(1)
        self.keys.setClearButtonEnabled(True)
        self.keys.setAccessibleName(self.tr("New keys: press them"))
        for edit in self.keys.findChildren(QLineEdit):
            edit.setAccessibleName(self.keys.accessibleName())
            edit.setPlaceholderText(self.tr("Press keys"))
        self.keys.keySequenceChanged.connect(lambda _: self._weigh())
        self.assign = QPushButton(self.tr("&Assign"))
        self.assign.clicked.connect(self._assign)
        self.reset = QPushButton(self.tr("Put &back"))
        self.reset.setToolTip(self.tr("The keys that this action had at first"))
        self.reset.clicked.connect(self._reset)
        self.note = QLabel()
        self.note.setWordWrap(True)
        self.note.setMinimumHeight(2 * self.note.fontMetrics().lineSpacing())
        self.note.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.reset_all = QPushButton(self.tr("Put a&ll back"))
        self.reset_all.clicked.connect(self._reset_all)
        close = QPushButton(self.tr("&Close"))
        close.clicked.connect(self.accept)
        for button in (self.assign, self.reset, self.reset_all, close):
            button.setAutoDefault(False)
        row = QHBoxLayout()
        row.addWidget(self.keys, 1)
        row.addWidget(self.assign)
        row.addWidget(self.reset)
        bottom = QHBoxLayout()
        bottom.addWidget(self.reset_all)
        bottom.addStretch(1)
        bottom.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.chosen)
        layout.addLayout(row)
        layout.addWidget(self.note)
        layout.addLayout(bottom)
        self._fill()
        sizing.fit(self, 560, 560, "shortcuts")

    def choose(self, action: str) -> None:
        """Make an action the one whose keys are shown below."""
        self.list.setCurrentItem(self._items[action])

    def _fill(self) -> None:
        groups = {}
        for menu, title in MENUS.items():
            groups[menu] = QTreeWidgetItem(self.list, [title.replace("&", "")])
            groups[menu].setFlags(Qt.ItemFlag.ItemIsEnabled)
            groups[menu].setFirstColumnSpanned(True)
        for key, spec in self._shortcuts.specs.items():
            item = QTreeWidgetItem(groups[spec.menu], [plain_text(spec), ""])
            item.setData(0, _ID, key)
            item.setToolTip(0, spec.tip)
            self._items[key] = item
        self.list.expandAll()
        self._show_keys()
        self.choose(next(iter(self._items)))

    def _show_keys(self) -> None:
        for key, item in self._items.items():
            changed = self._shortcuts.changed(key)
            item.setText(1, _native(self._shortcuts.keys(key)))
            item.setToolTip(1, self.tr("Changed by you") if changed else "")
            for column in (0, 1):
                font = self.list.font()
                font.setBold(changed)
                item.setFont(column, font)

    def _filter(self, text: str) -> None:
        for key, item in self._items.items():
            also = search_words.words(key)
            item.setHidden(searching.fit(text, item.text(0), also, item.text(1)) is None)
        for place in range(self.list.topLevelItemCount()):
            group = self.list.topLevelItem(place)
            assert group is not None
            rows = (group.child(row) for row in range(group.childCount()))
            group.setHidden(all(row is None or row.isHidden() for row in rows))
        first = next((i for i in self._items.values() if not i.isHidden()), None)
        # Qt moves on to some other row when the current one is hidden.
        self.list.setCurrentItem(first)  # type: ignore[arg-type]

    def _current(self) -> str:
        item = self.list.currentItem()
        key = None if item is None else item.data(0, _ID)
        return key if isinstance(key, str) else ""

    def _show_chosen(self) -> None:
        action = self._current()
        self.keys.setEnabled(bool(action))
        self.chosen.setText(plain_text(self._shortcuts.specs[action]) if action else "")
        self.keys.setKeySequence(QKeySequence(self._shortcuts.keys(action) if action else ""))
        self._weigh()

    def _weigh(self) -> None:
        """Say what assigning would do."""
        action, keys = self._current(), self._typed()
        rival = self._shortcuts.rival(action, keys) if action else ""
        self.assign.setEnabled(bool(action) and keys != self._shortcuts.keys(action))
        self.reset.setEnabled(bool(action) and self._shortcuts.changed(action))
        self.reset_all.setEnabled(any(map(self._shortcuts.changed, self._items)))
        theme.set_role(self.note, "warning" if rival else "muted")
        if rival:
            name = plain_text(self._shortcuts.specs[rival])
            self.note.setText(
                self.tr("{keys} belongs to “{name}”. Assigning takes it from there.").format(
                    keys=_native(self._shortcuts.keys(rival)), name=name
                )
            )
        elif self.assign.isEnabled() and not keys:
            self.note.setText(self.tr("Assigning leaves this action without keys."))
        else:
            self.note.setText(self.tr("Click into the field, and press the keys you want."))

    def _typed(self) -> str:
        return self.keys.keySequence().toString(QKeySequence.SequenceFormat.PortableText)

    def _assign(self) -> None:
        self._shortcuts.set(self._current(), self._typed())
        self._follow()

    def _reset(self) -> None:
        self._shortcuts.reset(self._current())
        self._follow()

    def _reset_all(self) -> None:
        self._shortcuts.reset_all()
        self._follow()

    def _follow(self) -> None:
        self._show_keys()
        self._show_chosen()


def _native(keys: str) -> str:
    return QKeySequence(keys).toString(QKeySequence.SequenceFormat.NativeText)
