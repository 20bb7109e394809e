"""Deploying as shell scripts: pure text, made of values."""
