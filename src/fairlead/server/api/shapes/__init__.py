"""What answers look like: one type a noun, made from rows that were read before."""
