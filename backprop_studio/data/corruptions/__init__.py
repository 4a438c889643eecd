"""Ways to spoil data, one module each, found by the registry and tested by the contract tests."""
