"""The picture with its boxes and texts drawn."""
