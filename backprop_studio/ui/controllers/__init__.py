"""What acts on behalf of the window: the document, the engine, the files."""
