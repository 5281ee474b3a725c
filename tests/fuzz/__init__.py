"""Random requests and pictures against the real parts: `make fuzz`."""
