"""How well what has a name fits a search: the name itself before what is only said of it."""

from __future__ import annotations


def fit(search: str, name: str, also: str = "", said: str = "") -> int | None:
    """How well something fits a search, better for smaller numbers; None when it does not.

    Every word of the search has to be in its name, or in what is said of it, or begin a word of its
    other names, in whatever case.

    Parameters
    ----------
    search
        What somebody types; everything fits what is blank.
    name
        Its name.
    also
        Other names and words that it goes by, with commas between them.
    said
        What else is said of it.

    Examples
    --------
    >>> fit("add", "Add"), fit("add", "Scale and shift", said="Adds a bias"), fit("add", "ReLU")
    (0, 6, None)
    >>> fit("bug", "Bug hunt"), fit("bug", "Step", "debugger"), fit("fc", "Dense", "affine, fc")
    (1, None, 2)
    """
    wanted, title, other = " ".join(search.split()).casefold(), name.casefold(), also.casefold()
    if not wanted:
        return 0
    text = f"{title} {said.casefold()}"
    begun = f" {other}"
    if not all(word in text or f" {word}" in begun for word in wanted.split()):
        return None
    if title == wanted:
        return 0
    if title.startswith(wanted):
        return 1
    if wanted in (name.strip() for name in other.split(",")):
        return 2
    if title.startswith(wanted.split()[0]):
        return 3
    if f" {wanted}" in f" {title}":
        return 4
    if f" {wanted}" in begun:
        return 5
    return 6
