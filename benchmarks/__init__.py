"""Measurements against real peers; see the Makefile's bench targets."""
