"""One file per resource; each view only orchestrates."""
