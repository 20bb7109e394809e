"""A small web application that shows the mutations on a bank's accounts."""

__version__ = "1.2.0"
