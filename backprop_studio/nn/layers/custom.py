"""An operation of one's own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.expressions import ALLOWED, MAX_LENGTH, Expr, derive, parse
from backprop_studio.autograd.ops import custom
from backprop_studio.errors import Diagnostic, FormulaError
from backprop_studio.nn.operation import check_broadcast
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info, choice, text

VARIABLES = {"one": ("x",), "two": ("a", "b")}
"""What the inputs are called in formulas, by how many there are."""


@dataclass(frozen=True)
class Custom(LayerSpec):
    """A typed formula of one or two inputs, for each entry alone, two inputs with broadcasting.

    Its derivatives follow from it by the rules (see `expressions.derive`), unless they are typed:
    then backward uses what was typed, right or wrong. A formula that cannot be read stays as it
    was typed, and is a problem of the layer.
    """

    inputs: str = choice(
        "one",
        choices={"one": "One: x", "two": "Two: a and b"},
        label="Inputs",
        doc="How many inputs the formula has, and what they are called in it.",
    )
    expression: str = text(
        "x ** 2",
        most=MAX_LENGTH,
        label="Formula",
        doc=f"Made of x (or a and b) and {ALLOWED}.",
    )
    derivative: str = text(
        "",
        most=MAX_LENGTH,
        label="Derivative",
        doc="By x, or by a where there are two inputs. Empty: derived from the formula. What is "
        "typed here is used as it is: a gradient check, such as that of `check --gradients` in a "
        "terminal, tells whether it is right.",
    )
    derivative_b: str = text(
        "",
        most=MAX_LENGTH,
        label="… by b",
        doc="By b, where there are two inputs. Empty: derived from the formula.",
    )

    info: ClassVar[Info] = Info(
        id="custom",
        title="Formula of your own",
        category=Category.OPERATION,
        summary="Computes a formula that you type, with a derivative that you may type, too.",
        also="lambda, function, expression, custom layer",
        latex=r"Y = f(X)",
        plain="Y = f(X)",
        shape="any shape → the same shape; two are stretched where one has size 1",
        rank=2,
    )

    @property
    def ports(self) -> tuple[str, ...]:
        return VARIABLES.get(self.inputs, ("x",))

    @property
    def caption(self) -> str:
        return self.expression

    def unused(self) -> frozenset[str]:
        return frozenset() if len(self.ports) > 1 else frozenset({"derivative_b"})

    def formula(self) -> tuple[str, str]:
        try:
            made = self._op().formula()
        except FormulaError:
            return super().formula()
        return made.latex, made.plain

    def problems(self, name: str, node: str | None = None) -> list[Diagnostic]:
        found = super().problems(name, node)
        blamed = {problem.field for problem in found}
        for field in self._fields():
            if field not in blamed:
                try:
                    self._read(field)
                except FormulaError as error:
                    params = {**error.params, "name": name}
                    found.append(Diagnostic(error.code, params, node=node, field=field))
        return found

    def lower(self, b: Builder, *inputs: Value) -> Value:
        if len(inputs) == 2:
            check_broadcast("custom", inputs[0].shape, inputs[1].shape)
        return b.apply(self._op(), *inputs)

    def _fields(self) -> list[str]:
        """The fields with a formula in them: a derivative that is empty has none."""
        typed = ["derivative", "derivative_b"][: len(self.ports)]
        return ["expression", *(field for field in typed if getattr(self, field).strip())]

    def _read(self, field: str) -> Expr:
        label = next(f.label for f in self.fields() if f.name == field)
        return parse(getattr(self, field), self.ports, name=self.info.id, field=label)

    def _op(self) -> custom.Custom:
        """The op of these settings.

        Raises
        ------
        FormulaError
            A formula cannot be read.
        """
        read = {field: self._read(field) for field in self._fields()}
        expression = read["expression"]
        fields = ("derivative", "derivative_b")[: len(self.ports)]
        derivatives = tuple(
            read[field] if field in read else derive(expression, variable)
            for field, variable in zip(fields, self.ports, strict=True)
        )
        return custom.Custom(
            expression, self.ports, derivatives, tuple(field in read for field in fields)
        )
