"""`fairlead completion`: what a shell needs to complete our commands."""

import click
from click.shell_completion import get_completion_class

from fairlead.errors import UsageError


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print shell completion for bash, zsh or fish.

    For bash, put this into ~/.bashrc:  eval "$(fairlead completion bash)"
    """
    from fairlead.cli.main import cli

    found = get_completion_class(shell)
    if found is None:
        raise UsageError(f"no completion for {shell}")
    click.echo(found(cli, {}, "fairlead", "_FAIRLEAD_COMPLETE").source())
