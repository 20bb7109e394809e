"""A tested commit as one file that says what it is: made, signed, read, kept."""
