"""Brings a bare host to what an environment wants: probe, diff, apply, in two round trips.

``parts`` says what is wanted, one module a subject; ``probe`` asks a host what it has, ``diff``
compares, ``applying`` writes the script that changes it, and ``carry`` does all of it.
"""
