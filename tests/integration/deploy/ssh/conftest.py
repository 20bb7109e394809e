import importlib.util
import sys
from pathlib import Path

import pytest


def _load(name):
    spec = importlib.util.spec_from_file_location(
        f"deploy_{name}", Path(__file__).with_name(f"{name}.py")
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[f"deploy_{name}"] = module
    spec.loader.exec_module(module)
    return module


made = _load("sshd")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory):
    """One server for a module: it lets the key in that `client` holds, and is known there."""
    if made.PROGRAM is None:
        pytest.skip("sshd is not installed")
    server = made.Sshd(tmp_path_factory.mktemp("sshd"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def other_sshd(tmp_path):
    """A server of a test's own, not started yet, to be changed or hurt."""
    if made.PROGRAM is None:
        pytest.skip("sshd is not installed")
    server = made.Sshd(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def make_key(tmp_path):
    """Makes a pair of keys of a name; gives the private one's path."""
    return lambda name, kind="ed25519", passphrase="": made.make_key(
        tmp_path / name, kind, passphrase
    )
