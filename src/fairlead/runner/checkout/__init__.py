"""From a person's folder or a commit to a workspace of its own, touching nothing of theirs."""

from .source import Source, open_commit, open_source
from .workspace import Checkout, fill_workspace, readable_objects

__all__ = ["Checkout", "Source", "fill_workspace", "open_commit", "open_source", "readable_objects"]
