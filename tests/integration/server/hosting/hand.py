"""A worker process for tests, on the host of the repositories."""

import logging
import os
import sys

from fairlead.server.configuration import load_configuration
from fairlead.server.setup import setup


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    setup()
    from fairlead.server.engine.carry import Tools
    from fairlead.server.engine.main import work
    from fairlead.server.hosting.locate import make_locate
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.settings import load_settings

    configuration = load_configuration(os.environ)
    tools = Tools(
        settings=load_settings(os.environ),
        intervals=configuration.intervals,
        locate=make_locate(configuration),
        storage=FolderStorage(configuration.data / "storage"),
    )
    work(configuration, tools, name="hand")


main()
