"""Formats for weights, one file each; `exporting` finds them."""
