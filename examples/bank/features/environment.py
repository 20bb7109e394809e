"""Each scenario has files of its own."""

import tempfile
from pathlib import Path


def before_scenario(context, scenario):
    folder = tempfile.TemporaryDirectory()
    context.add_cleanup(folder.cleanup)
    context.folder = Path(folder.name)
    context.accounts = {}
