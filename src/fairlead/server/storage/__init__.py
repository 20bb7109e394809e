"""Where logs and artifacts lie: a folder, a bucket, or behind the web nodes."""

from fairlead.server.storage.opening import open_storage

__all__ = ["open_storage"]
