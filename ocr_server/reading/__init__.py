"""`ocr_server read`: the text of files, read in this process or by a server."""
