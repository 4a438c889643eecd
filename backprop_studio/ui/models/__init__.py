"""Item models over values that never change. They know Qt's core and no widgets."""
