"""A run as one HTML file that needs nothing else: no network, no server, no JavaScript."""

from fairlead.cli.page.build import build_page

__all__ = ["build_page"]
