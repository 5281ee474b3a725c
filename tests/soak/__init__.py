"""Hours of mixed load: `make soak`."""
