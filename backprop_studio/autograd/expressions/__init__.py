"""Formulas that learners type: read, differentiated, written out and turned into numpy calls.

A formula is never evaluated as Python. It is read into a tree of the few things that are allowed
(`parse`), and only that tree is ever computed (`plan`).
"""

from backprop_studio.autograd.expressions.derive import derive
from backprop_studio.autograd.expressions.parse import ALLOWED, MAX_LENGTH, parse
from backprop_studio.autograd.expressions.plan import Plan, plan
from backprop_studio.autograd.expressions.tree import Apply, Expr, Number, Variable
from backprop_studio.autograd.expressions.write import latex, plain

__all__ = [
    "ALLOWED",
    "MAX_LENGTH",
    "Apply",
    "Expr",
    "Number",
    "Plan",
    "Variable",
    "derive",
    "latex",
    "parse",
    "plain",
    "plan",
]
