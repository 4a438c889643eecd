"""The start page: how to go on, and what there is to begin with."""
