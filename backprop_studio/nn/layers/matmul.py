"""The matrix product of two inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from backprop_studio.autograd import Builder, Value
from backprop_studio.autograd.ops.matmul import MatMul
from backprop_studio.errors import ShapeError
from backprop_studio.nn.spec import LayerSpec
from backprop_studio.specs import Category, Info


@dataclass(frozen=True)
class MatrixProduct(LayerSpec):
    """Multiplies two matrices, as `torch.matmul`: a Dense layer without its bias, made by hand."""

    info: ClassVar[Info] = Info(
        id="matmul",
        title="Matrix product",
        category=Category.OPERATION,
        summary="Multiplies two matrices: rows of the first with columns of the second.",
        also="matmul, dot product, matrix multiplication",
        latex=r"Y = A B",
        plain="Y = A·B",
        shape="(N, k) and (k, m) → (N, m)",
    )
    ports: ClassVar[tuple[str, ...]] = ("a", "b")

    def lower(self, b: Builder, *inputs: Value) -> Value:
        first, second = (v.shape for v in inputs)
        for shape in (first, second):
            if len(shape) < 2:
                raise ShapeError.of("matmul", "matrices, with rows and columns,", shape)
        if first[-1] != second[-2]:
            expected = f"a second input of {first[-1]} rows, as many as the first has columns,"
            raise ShapeError.of("matmul", expected, second)
        return b.apply(MatMul(), *inputs)
