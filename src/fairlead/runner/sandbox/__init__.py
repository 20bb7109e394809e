"""Sandboxes: a box for every attempt at a job, from which no process escapes."""

from .base import Box, BoxSpec, Running, Sandbox
from .choose import choose

__all__ = ["Box", "BoxSpec", "Running", "Sandbox", "choose"]
