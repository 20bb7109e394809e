"""`fairlead secrets`: values for this project that live on this machine only."""

import re
import sys
from pathlib import Path

import click

from fairlead.cli import context


@click.group()
def command() -> None:
    """Store secrets for this project, readable by you alone, on this machine."""


@command.command("set")
@click.argument("name")
@click.option(
    "--cipher",
    metavar="TEXT",
    help="The encrypted text in .travis.yml that this value stands for, or sha256:… as shown.",
)
def set_(name: str, cipher: str | None) -> None:
    """Store the value of NAME, asked for or read from standard input."""
    from fairlead.runner.secrets import store

    check_name(name, "secrets set")
    key = _cipher_key(cipher) if cipher else ""
    value = read_value(name)
    store(context.settings().config, _root(), name, value, cipher=key)
    click.echo(f"Stored {name}." if not key else f"Stored {name} for the encrypted text.")


@command.command("list")
def list_() -> None:
    """List the names of stored secrets, never their values."""
    from fairlead.runner.secrets import load

    secrets = load(context.settings().config, _root())
    for name in sorted(secrets.named):
        click.echo(name)
    for key, text in sorted(secrets.ciphers.items(), key=lambda item: item[1]):
        click.echo(f"{text.partition('=')[0]}  for sha256:{key[:12]}…")
    if not (secrets.named or secrets.ciphers):
        click.echo("No secrets are stored for this project.", err=True)


@command.command("remove")
@click.argument("name")
def remove_(name: str) -> None:
    """Forget NAME, and what stands for encrypted texts under that name."""
    from fairlead.errors import UsageError
    from fairlead.runner.secrets import remove

    if not remove(context.settings().config, _root(), name):
        raise UsageError(f"no secret {name!r} is stored", hint="see: fairlead secrets list")
    click.echo(f"Removed {name}.")


def _root() -> Path:
    from fairlead.runner.checkout.repository import find_repository, project_root

    here = Path.cwd().resolve()
    return project_root(here, find_repository(here))


def check_name(name: str, command: str) -> None:
    """Raises ``UsageError`` for what is no variable's name, without repeating any value."""
    from fairlead.errors import UsageError

    if "=" in name:
        raise UsageError(
            "a value on the command line can be read by others",
            hint=f"fairlead {command} {name.partition('=')[0]} asks for it",
        )
    if not re.fullmatch(r"[A-Za-z_]\w*", name):
        raise UsageError(f"{name!r} is not a variable's name")


def _cipher_key(text: str) -> str:
    from fairlead.pipeline.travis.env import cipher_key

    match = re.fullmatch(r"sha256:([0-9a-f]{64})", text.strip())
    return match[1] if match else cipher_key(text)


def read_value(name: str) -> str:
    """The value, without the line end that ``echo`` puts behind it."""
    from fairlead.errors import UsageError

    if sys.stdin.isatty():
        value: str = click.prompt(f"Value of {name}", hide_input=True, prompt_suffix=": ")
    else:
        value = sys.stdin.read().removesuffix("\n")
    if not value:
        raise UsageError(f"the value of {name} is empty")
    if "\0" in value:
        raise UsageError("a variable cannot hold a zero byte")
    return value
