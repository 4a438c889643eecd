"""The data sets that come with the program, one module each.

A module defines ``INFO: DatasetInfo``, known without loading, and ``load() -> Dataset``. If it
generates its rows, it also defines a class ``Recipe`` derived from `Options`, and ``load`` takes
one; ``INFO`` then describes what it makes without changes.
A new file here is found by the registry and tested by the contract tests.
"""
