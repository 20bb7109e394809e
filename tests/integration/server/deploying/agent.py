"""A worker process for tests that deploys; projects' repositories are where their URLs say."""

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
    from fairlead.server.engine.deploying import Means
    from fairlead.server.engine.main import work
    from fairlead.server.logs.storage import FolderStorage
    from fairlead.settings import load_settings

    told = load_configuration(os.environ)
    settings = load_settings(os.environ)
    storage = FolderStorage(told.data / "storage")
    tools = Tools(
        settings=settings,
        intervals=told.intervals,
        locate=lambda build: Path(build.project.url),
        storage=storage,
        confide=make_confide(told, alone=False),
    )
    means = Means(told=told, settings=settings, storage=storage, alone=False)
    work(told, tools, name=sys.argv[1], means=means)


main()
