"""Fairlead takes a Python web app from commit to production and keeps watch over it there."""

__version__ = "0.1.0"
