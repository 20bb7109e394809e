"""A worker process for tests: projects' repositories are where their URLs say."""

import logging
import os
import sys
from pathlib import Path

from fairlead.server.configuration import load_configuration
from fairlead.server.setup import setup


def main() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO)
    setup()
    from fairlead.server.engine.carry import Tools
    from fairlead.server.engine.confide import make_confide
    from fairlead.server.engine.main import work
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.settings import load_settings

    configuration = load_configuration(os.environ)
    tools = Tools(
        settings=load_settings(os.environ),
        intervals=configuration.intervals,
        locate=lambda build: Path(build.project.url),
        storage=FolderStorage(configuration.data / "storage"),
        confide=make_confide(configuration, alone=True),
    )
    work(configuration, tools, name=sys.argv[1])


main()
