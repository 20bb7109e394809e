"""Deploys and kills itself in a phase: `deployer.py TOWN PHASE`, with the town as JSON."""

import asyncio
import importlib.util
import json
import os
import signal
import sys
from pathlib import Path

import msgspec

from fairlead.deploy.rollout import DeployOrder, deploy
from fairlead.model.environment import Environment
from fairlead.model.release import Release

spec = importlib.util.spec_from_file_location("local", Path(__file__).with_name("local.py"))
local = importlib.util.module_from_spec(spec)
spec.loader.exec_module(local)


class Machine:
    """A machine that runs already."""

    limit, down, lost_after = "", False, None

    def __init__(self, told):
        self.root, self.canonical, self.port = Path(told["root"]), told["canonical"], told["port"]


def main(text, phase):
    town = json.loads(text)
    machines = {name: Machine(told) for name, told in town["machines"].items()}

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def die_in_the_middle():
        if all((machine.root / "under-way").exists() for machine in machines.values()):
            die()
        asyncio.get_running_loop().call_later(0.01, die_in_the_middle)

    def emit(event):
        kind = type(event).__name__
        if kind == "PhaseStarted" and event.phase == phase:
            # The script of the phase has just been started: it gets a moment for what it does first.
            asyncio.get_running_loop().call_later(0.05, die_in_the_middle)
        if kind == "PhaseEnded" and event.phase == phase:
            die()

    async def connect(host):
        return local.Connection(host, machines[host.address])

    order = DeployOrder(
        environment=msgspec.convert(town["environment"], Environment),
        release=msgspec.convert(town["release"], Release),
        by="the killed one",
    )
    asyncio.run(deploy(order, emit, asyncio.Event(), connect=connect))


main(*sys.argv[1:])
