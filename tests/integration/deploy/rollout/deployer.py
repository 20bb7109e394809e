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

    def emit(event):
        # In the middle of it: the script of the phase has just been started.
        if type(event).__name__ == "PhaseStarted" and event.phase == phase:
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGKILL)

    async def connect(host):
        return local.Connection(host, machines[host.address])

    order = DeployOrder(
        environment=msgspec.convert(town["environment"], Environment),
        release=msgspec.convert(town["release"], Release),
        by="the killed one",
    )
    asyncio.run(deploy(order, emit, asyncio.Event(), connect=connect))


main(*sys.argv[1:])
