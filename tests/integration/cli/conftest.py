import importlib.util
from pathlib import Path

import pytest


def _loaded(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def runs():
    """The sample runs of the unit tests."""
    return _loaded("cli_sample_runs", _HERE.parents[1] / "unit" / "cli" / "fixtures.py")


@pytest.fixture(scope="session")
def chromium():
    """The module that drives a browser; skips where no chromium is installed."""
    module = _loaded("cli_chromium", _HERE / "chromium.py")
    if module.PROGRAM is None:
        pytest.skip("chromium is not installed")
    return module
