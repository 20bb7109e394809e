"""Machines for the tests below (see tests/machines/README.md)."""

from machines.fixtures import bare, desk, network, systems

__all__ = ["bare", "desk", "network", "systems"]
