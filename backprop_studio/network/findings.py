"""What is wrong with a network, collected while it is looked at."""

from __future__ import annotations

from backprop_studio.errors import Diagnostic, Severity


class Findings:
    """The problems of one network, and the nodes that are not to be looked at again.

    Attributes
    ----------
    problems
        In the order in which they were found.
    blamed
        Ids of the nodes with an error.
    """

    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []
        self.blamed: set[str] = set()

    @property
    def has_errors(self) -> bool:
        """Whether anything forbids training."""
        return any(d.severity is Severity.ERROR for d in self.problems)

    def report(self, problem: Diagnostic) -> None:
        """Note an error; its node, if it has one, is blamed."""
        if problem.node is not None:
            self.blamed.add(problem.node)
        self.problems.append(problem)

    def error(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        """Note an error, of a node or of the whole network."""
        self.report(Diagnostic(code, params, Severity.ERROR, node, field))

    def warn(
        self, code: str, node: str | None = None, *, field: str | None = None, **params: object
    ) -> None:
        """Note something that may be meant."""
        self.problems.append(Diagnostic(code, params, Severity.WARNING, node, field))
