"""From a person's folder or a commit to a workspace of its own, touching nothing of theirs."""

from .source import Source, open_source
from .workspace import fill_workspace, readable_objects

__all__ = ["Source", "fill_workspace", "open_source", "readable_objects"]
