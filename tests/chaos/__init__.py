"""A real server under load, and what could go wrong with it: `make chaos`."""
