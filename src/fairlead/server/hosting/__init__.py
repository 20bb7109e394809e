"""Repositories that we host or mirror, on disk; knows git and nothing of the store's tables."""
