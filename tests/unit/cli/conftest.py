import importlib.util
from pathlib import Path

import pytest

_PATH = Path(__file__).with_name("fixtures.py")


@pytest.fixture(scope="session")
def runs():
    """The module of sample runs beside this file."""
    spec = importlib.util.spec_from_file_location("cli_sample_runs", _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
