"""The next character of a short story: whole numbers in a row, for networks that read."""

from __future__ import annotations

import numpy as np

from backprop_studio.data.dataset import Dataset, DatasetInfo, Task

_LENGTH = 16
"""Characters that are seen before the one to be guessed."""

TEXT = """\
the lamp at the end of the pier had not been lit for nine years. every evening the keeper, who had
no lamp to keep, walked out along the planks and looked at the water. he counted the waves until he
lost count, and then he walked back. nobody asked him why. in a small town, what a man does every
evening is soon as plain as the weather.

one autumn a girl came to live in the white house by the quay. she was ten, and she asked about
everything. she asked the baker why bread has holes, and she asked his dog why it had no hat. a
dozen times a day somebody sent her home, and a dozen times she came back. on the third evening she
followed the keeper out along the pier and asked him why there was no light in the lamp.

because there are no ships, said the keeper. they take the new road in the north, where the water is
deep. a light is for someone. when there is nobody to see it, it is only a waste of oil.

but you come here every day, said the girl. you would see it.

the keeper did not know what to say to that. he looked at the waves and forgot to count them. the
next day he brought a cloth and a can of oil, and the girl brought a question for every step of the
stair. there were forty seven steps. by the time they stood at the top she knew how a wick is cut,
why glass is thick at the foot, and how far a small flame can be seen when the air is not hazy.

they cleaned the glass until they could see the evening in it. then the keeper struck a match. the
flame was low at first and blue, and then it stood up, quiet and yellow, and the whole room turned
to gold. down in the town a door opened, and then another. people came out and stood on the quay
with bread in their hands and said nothing at all.

far out, where there are no ships, something answered. it was one short flash, then a long one, then
one more. the girl counted them. the keeper held on to the rail and laughed as he had not laughed
for nine years. there is an island, he said, just beyond the edge of what we see. there was a keeper
there as well. i thought that he had gone.

maybe he thought the same of you, said the girl.

so they lit the lamp again the next evening, and the next. in winter, when spray froze on the
planks, the girl drew the signals in a book, a dot for a short flash and a dash for a long one. by
the new year she could read a word, and by the end of january a whole question. it was always the
same one. are you still there, asked the light behind the edge of the sea. and every evening, with
both hands on the shutter, exactly and slowly, she wrote back, yes, we are still here.
"""
"""Written for this data set. Lines are broken for reading only: see `load`."""

CHARACTERS = tuple(sorted(set(" ".join(TEXT.split()))))
"""The vocabulary: a character's place here is its token."""

INFO = DatasetInfo(
    id="story",
    title="Story, next character",
    summary=(
        f"Every {_LENGTH} characters in a row of a short story in English. Which character comes "
        "next? Characters are given as whole numbers, which an Embedding turns into vectors."
    ),
    task=Task.CLASSIFICATION,
    feature_shape=(_LENGTH,),
    target_width=len(CHARACTERS),
    vocabulary=len(CHARACTERS),
)


def load() -> Dataset:
    """Cut the story: `x` int64 (rows, 16) of tokens, `y` (rows,) the token that comes next.

    White space of any kind counts as one space. Rows overlap: each begins one character after the
    row before. So the character that a held-out row asks for is also read, elsewhere in a row, in
    training; only the question itself is new.
    """
    text = " ".join(TEXT.split())
    token = {character: place for place, character in enumerate(CHARACTERS)}
    tokens = np.array([token[character] for character in text], np.int64)
    rows = np.lib.stride_tricks.sliding_window_view(tokens, _LENGTH + 1)
    return Dataset(
        id=INFO.id,
        title=INFO.title,
        summary=INFO.summary,
        x=rows[:, :-1],
        y=rows[:, -1],
        task=INFO.task,
        class_names=tuple("space" if c == " " else c for c in CHARACTERS),
        feature_names=tuple(f"character {i + 1}" for i in range(_LENGTH)),
        image_shape=None,
        citation="Written for Backprop Studio, backprop_studio/data/builtin/story.py.",
        licence="CC0 1.0",
        vocabulary=INFO.vocabulary,
    )
