"""Archives and arrays whose headers lie."""

from __future__ import annotations

import io
import struct
import zipfile

import numpy as np

from benchmarks.harm.values import Dice


def some_array(dice: Dice) -> bytes:
    """A `.npy` file, most of the time not as it should be."""
    kind = dice.choice(
        ("<f4", "<f4", "<f8", ">f4", "<i8", "|O", "|b1", "<c8", "<U3", "|V8", "<M8[s]", "x")
    )
    shape = dice.choice(
        (
            "(2, 3)",
            "(6,)",
            "()",
            "(0,)",
            "(-6,)",
            "(2, -3)",
            "(999999999999, 999999999999)",
            "(2,",
            "(2.0, 3)",
            "(1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 6)",
            "(" + "1, " * 5_000 + "6)",
            "(18446744073709551616, 0)",
            "(0, 999999999999, 999999999999)",
            "(6L,)",
            "(True, 6)",
            "6",
        )
    )
    order = dice.choice(("False", "False", "True", "0"))
    text = f"{{'descr': '{kind}', 'fortran_order': {order}, 'shape': {shape}, }}"
    if dice.random() < 0.1:
        text = dice.choice(
            ("__import__('os').mkdir('pwned')", "{" * 2_000, "{'descr': [('a', '<f4')]}", "\x00")
        )
    body = text.encode() + b" " * dice.choice((0, 20, 60_000)) + b"\n"
    length = dice.choice((len(body), len(body), len(body), 0, 1, 2**32 - 1))
    version = dice.choice((1, 1, 1, 2, 3, 9))
    head = b"\x93NUMPY" + bytes((version, 0))
    head += struct.pack("<H", length % 65_536) if version == 1 else struct.pack("<L", length)
    values = np.array([0.5, -1, 3, 4, 5, 6], "<f8" if kind == "<f8" else "<f4")
    if dice.random() < 0.2:
        values[dice.randrange(6)] = dice.choice((np.nan, np.inf, -np.inf, 1e-45, 3e38))
    content = values.tobytes() * dice.choice((1, 1, 1, 0, 2))
    return head + body + content[: dice.choice((len(content), len(content), 5))]


TITLES = (
    "project.json",
    "weights/dense_1/weight.npy",
    "weights/dense_1/bias.npy",
    "data/x.npy",
    "data/y.npy",
    "data/about.json",
    "../project.json",
    "/etc/passwd",
    "C:\\x",
    "weights\\dense_1\\bias.npy",
    "PROJECT.JSON",
    "project.json\x00.npy",
    "\uff50roject.json",
    "weights/dense_1/../bias.npy",
    "x" * 60_000,
    "weights/",
    "weights/a.npy",
    "pro\u0435ct.json",
    "",
    ".",
    "weights/dense_1/weight.npy/",
    "weights/\u202e/x.npy",
    "x.npy",
    "y.npy",
    "a.npy",
)


def archive(dice: Dice, entries: list[tuple[str, bytes]]) -> bytes:
    """A zip of these entries, and of others, whose headers may lie."""
    entries = list(entries)
    for _ in range(dice.choice((0, 0, 1, 3))):
        entries.append(
            (dice.choice(TITLES), dice.choice((b"", b"{}", some_array(dice), b"x" * 999)))
        )
    if dice.random() < 0.1:
        entries += [(f"weights/a/b{i}.npy", b"") for i in range(dice.choice((300, 70_000)))]
    if dice.random() < 0.2:
        dice.shuffle(entries)
    file = io.BytesIO()
    packing = dice.choice((0, 0, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
    if len(entries) > 1_000:
        packing = zipfile.ZIP_STORED
    with zipfile.ZipFile(file, "w", packing) as made:
        for title, content in entries:
            entry = zipfile.ZipInfo(title.replace("\x00", "\x01"), (1980, 1, 1, 0, 0, 0))
            entry.compress_type = packing
            if dice.random() < 0.05 and len(entries) < 1_000:
                entry.extra = dice.choice(
                    (
                        b"\x01\x00\x08\x00" + b"\xff" * 8,
                        b"\x01\x00\x04",
                        b"\x99\x99\x00\x00" * 900,
                        b"x",
                    )
                )
            if dice.random() < 0.05 and len(entries) < 1_000:
                entry.comment = b"c" * dice.choice((1, 60_000))
            made.writestr(entry, content)
        if dice.random() < 0.03:
            made.comment = b"c" * dice.choice((1, 65_535))
    whole = bytearray(file.getvalue())
    for _ in range(dice.choice((0, 1, 1, 2, 5))):
        _lie(dice, whole)
    if dice.random() < 0.1:
        whole = bytearray(bytes(whole).replace(b"\x01.npy", b"\x00.npy"))
    return bytes(whole)


_LOCAL = (
    ("H", 4),
    ("H", 6),
    ("H", 8),
    ("H", 10),
    ("L", 14),
    ("L", 18),
    ("L", 22),
    ("H", 26),
    ("H", 28),
)
_CENTRAL = (
    ("H", 4),
    ("H", 6),
    ("H", 8),
    ("H", 10),
    ("L", 16),
    ("L", 20),
    ("L", 24),
    ("H", 28),
    ("H", 30),
    ("H", 32),
    ("H", 34),
    ("L", 38),
    ("L", 42),
)
_ENDING = (("H", 4), ("H", 6), ("H", 8), ("H", 10), ("L", 12), ("L", 16), ("H", 20))


def _lie(dice: Dice, whole: bytearray) -> None:
    """Change a number in a header."""
    mark, fields = dice.choice(
        ((b"PK\x03\x04", _LOCAL), (b"PK\x01\x02", _CENTRAL), (b"PK\x05\x06", _ENDING))
    )
    places = []
    at = whole.find(mark)
    while at >= 0 and len(places) < 40:
        places.append(at)
        at = whole.find(mark, at + 1)
    if not places:
        return
    form, offset = dice.choice(fields)
    place = dice.choice(places) + offset
    if place + struct.calcsize("<" + form) > len(whole):
        return
    (now,) = struct.unpack_from("<" + form, whole, place)
    most = 2 ** (8 * struct.calcsize("<" + form)) - 1
    new = dice.choice(
        (0, 1, most, most - 1, now + 1, now - 1, now ^ 1, now * 2, now ^ 8, now ^ 0x800, 2**31 - 1)
    )
    struct.pack_into("<" + form, whole, place, new & most)


def bent(dice: Dice, whole: bytes) -> bytes:
    """A file with bits turned, pieces missing, or pieces twice."""
    made = bytearray(whole)
    for _ in range(dice.choice((1, 1, 3, 20))):
        if not made:
            break
        at = dice.randrange(len(made))
        draw = dice.randrange(5)
        if draw == 0:
            made[at] ^= 1 << dice.randrange(8)
        elif draw == 1:
            made[at : at + dice.choice((1, 4, 50))] = b""
        elif draw == 2:
            made[at:at] = made[at : at + dice.choice((1, 4, 50))]
        elif draw == 3:
            made[at : at + 4] = dice.choice(
                (b"\xff" * 4, b"\0" * 4, b"\xff\xff\xff\x7f", b"PK\x01\x02")
            )
        else:
            made = made[: dice.randrange(len(made) + 1)]
    return bytes(made)
