"""Releases to hosts and back: planned as values, written as scripts, carried out over SSH."""
