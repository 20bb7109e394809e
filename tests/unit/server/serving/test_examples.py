"""What docs and examples show can be started: commands and variables that exist."""

import configparser
import re
import shlex
from pathlib import Path

import click
import pytest
import yaml

from fairlead.cli.main import COMMANDS, cli
from fairlead.server.configuration import Configuration, Intervals, load_configuration
from fairlead.settings import Settings

ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "examples/server"
DOCS = (ROOT / "docs/howto/server.md", ROOT / "docs/howto/cluster.md")
UNITS = sorted(EXAMPLES.glob("*.service"))
KNOWN = {
    f"FAIRLEAD_{name.upper()}"
    for name in (*Configuration.__struct_fields__, *Settings.__struct_fields__)
} | {f"FAIRLEAD_EVERY_{name.upper()}" for name in Intervals.__struct_fields__}


def unit(path):
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str
    parser.read(path)
    return parser


def parses(words):
    """Whether the command line would take these words; nothing is run."""
    context = click.Context(cli)
    command, rest = cli, list(words)
    while isinstance(command, click.Group):
        name = rest.pop(0)
        found = command.get_command(context, name)
        assert found is not None, f"no command {name}"
        context, command = click.Context(found, parent=context, info_name=name), found
    command.parse_args(context, rest)


def test_there_is_a_unit_for_each_part():
    names = {path.stem.removeprefix("fairlead-") for path in UNITS}
    assert names == {"fairlead", "web", "worker", "scheduler"}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_units_start_what_exists_and_stop_it_in_order(path):
    service = unit(path)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program.endswith("/fairlead")
    assert words[0] in COMMANDS
    parses(words)
    assert service["KillMode"] == "mixed"
    assert service["Type"] == "notify"
    drain = re.search(r"FAIRLEAD_DRAIN_TIMEOUT=(\d+)", path.read_text())
    assert int(service["TimeoutStopSec"]) > int(drain[1] if drain else 0)


def test_containers_start_what_exists():
    services = yaml.safe_load((EXAMPLES / "compose.yaml").read_text())["services"]
    assert services.pop("postgres")["image"].startswith("postgres:")
    assert set(services) == {"web", "scheduler", "worker"}
    for service in services.values():
        parses(service["command"])
        told = {
            key: re.sub(r"\$\{.*?\}", "x", value) for key, value in service["environment"].items()
        }
        load_configuration(told)
        assert (EXAMPLES / service["build"]["context"] / service["build"]["dockerfile"]).is_file()
    _, *check = services["web"]["healthcheck"]["test"]
    assert check.pop(0) == "fairlead"
    parses(check)


@pytest.mark.parametrize("path", [*EXAMPLES.iterdir(), *DOCS], ids=lambda path: path.name)
def test_variables_exist(path):
    named = set(re.findall(r"\bFAIRLEAD_[A-Z_]+[A-Z]\b", path.read_text()))
    assert named <= KNOWN


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_commands_in_the_documents_exist(path):
    text = path.read_text()
    lines = re.findall(r"^\$ fairlead (.+)$", text, re.MULTILINE)
    assert lines
    for line in lines:
        parses(shlex.split(line))
    for name in re.findall(r"\]\(([^):]+\.md)\)", text):
        assert (path.parent / name).is_file()
    for name in re.findall(r"literalinclude\} (\S+)", text):
        assert (path.parent / name).is_file()
