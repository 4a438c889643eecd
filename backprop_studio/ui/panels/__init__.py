"""The docks: each shows one thing, and knows no other panel."""
