"""Environments by content: stored once, used read-only by many jobs, each through its own layer."""

from .environment import Environment
from .layers import Layer, layer
from .prepare import Environments
from .request import EnvironmentRequest, read_request
from .requirements import LocalProject

__all__ = [
    "Environment",
    "EnvironmentRequest",
    "Environments",
    "Layer",
    "LocalProject",
    "layer",
    "read_request",
]
