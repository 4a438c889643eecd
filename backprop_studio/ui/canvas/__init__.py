"""The canvas: a scene that listens to the document, and gestures that make new documents."""

from backprop_studio.ui.canvas.activity import Activity
from backprop_studio.ui.canvas.mime import LAYER_MIME
from backprop_studio.ui.canvas.view import CanvasView

__all__ = ["LAYER_MIME", "Activity", "CanvasView"]
