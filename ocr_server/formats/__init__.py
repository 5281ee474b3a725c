"""Pages -> text lines in the form a client needs. One file for each form."""
