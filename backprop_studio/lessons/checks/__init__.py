"""The kinds of check, one file each; `lessons.registry` finds them."""
