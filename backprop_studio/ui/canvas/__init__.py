"""The canvas: a scene that listens to the document, and gestures that make new documents."""
