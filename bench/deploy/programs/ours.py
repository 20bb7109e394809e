"""Commands by sudo through the door that deployments use: ``ours.py COUNT HOST...``."""

import asyncio
import os
import sys

from fairlead.deploy.hosts import close_all, open_all
from fairlead.deploy.ssh import SshConnection
from fairlead.model.environment import Host
from fairlead.settings import load_settings


async def main(count: int, addresses: list[str]) -> None:
    hosts = [Host(address=address, user="deploy") for address in addresses]
    connections = await open_all(hosts, settings=load_settings(os.environ))

    async def one(connection: SshConnection) -> None:
        for _ in range(count):
            await connection.run("true", root=True)

    await asyncio.gather(*map(one, connections))
    await close_all(connections)


asyncio.run(main(int(sys.argv[1]), sys.argv[2:]))
