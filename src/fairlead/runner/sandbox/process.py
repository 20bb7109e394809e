"""The fallback without isolation: a clean environment, limits, and a sure end. Must be said."""

import os
import platform

from fairlead.errors import SandboxFailed
from fairlead.model import Limits, Network
from fairlead.runner.sandbox.base import BoxSpec
from fairlead.runner.sandbox.box import Inside, KeptBox
from fairlead.runner.sandbox.bubblewrap import tasks_on_machine, unmet_limits
from fairlead.runner.sandbox.helper import open_grouped
from fairlead.runner.sandbox.limits import kernel_limits


class Process:
    """The sandbox that does not isolate; ``reason`` is why it was chosen."""

    name = "process"
    isolated = False
    moves = False

    def __init__(self, reason: str = "asked for") -> None:
        self.reason = reason

    def warm(self, limits: Limits, network: str, most: int = 1) -> None:
        """There is nothing to begin with."""

    def open(self, spec: BoxSpec) -> KeptBox:
        """Make a box. Raises ``SandboxFailed``."""
        home, tmp = spec.scratch / "home", spec.scratch / "tmp"
        try:
            home.mkdir(parents=True, exist_ok=True)
            tmp.mkdir(exist_ok=True)
        except OSError as error:
            raise SandboxFailed(f"cannot write {spec.scratch}: {error.strerror}") from error
        link, groups = open_grouped({"kind": self.name}, spec.limits)
        unmet = unmet_limits(spec.limits, groups.limits)
        inside = Inside(
            root=str(spec.workspace),
            home=str(home),
            tmp=str(tmp),
            uid=os.getuid(),
            limits=kernel_limits(spec.limits, tasks_before=tasks_on_machine()),
            network=False,
            unmet=(*_unmet_network(spec.network), *unmet, *_unmet_end()),
        )
        return KeptBox(spec, inside, link, groups)


def _unmet_network(network: Network) -> tuple[str, ...]:
    if network.mode == "none":
        return ("the job is not cut off from the network, as it asks to be",)
    if network.mode == "hosts":
        return ("only programs that heed proxy variables are held to the job's list of hosts",)
    return ()


def _unmet_end() -> tuple[str, ...]:
    if platform.system() == "Linux":
        return ()
    return ("a process that detaches from its job may outlive it on this system",)
