"""Which text lines belong together on a page, and in which order they are read."""
