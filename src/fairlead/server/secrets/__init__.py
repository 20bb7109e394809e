"""Secrets of projects: sealed in the database, opened for builds of trusted changes."""
