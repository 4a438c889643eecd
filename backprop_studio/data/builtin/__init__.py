"""The data sets that come with the program, one module each.

A module defines ``INFO: DatasetInfo``, known without loading, and ``load() -> Dataset``.
A new file here is found by the registry and tested by the contract tests.
"""
