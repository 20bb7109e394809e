"""The command line. Commands are loaded when they are called, so that starting stays cheap."""

import gc
import importlib
import io
import os
import signal
import sys
import threading
from typing import NoReturn

import click

from fairlead import __version__

# name -> what `fairlead --help` says of it; the module is fairlead.cli.<name>.
COMMANDS = {
    "run": "Run the pipeline (or some of its jobs) and come to a verdict.",
    "plan": "Show the jobs that would run, and why others would not.",
    "lint": "Check a pipeline file and print every problem in it.",
    "init": "Write a fairlead.yml from what the project has.",
    "show": "Show an earlier run, one of its jobs, or a log.",
    "report": "Write a run as one HTML file, JUnit or SARIF.",
    "shell": "Open a shell in a job's environment and sandbox.",
    "env": "List and prune stored environments; list interpreters.",
    "secrets": "Store secrets for this project on this machine.",
    "doctor": "Say what is missing on this machine and how to get it.",
    "completion": "Print shell completion for bash, zsh or fish.",
}

_SELDOM = 200_000
"""Objects made between two searches for garbage; Python's own default is 700."""
_NOT_WRITTEN = 120
"""The exit code with which Python says that its last output could not be written."""


class LazyGroup(click.Group):
    """A group whose commands are imported when one is called, not when help is shown."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Commands in the order people need them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the one command that is asked for."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"fairlead.cli.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with a guess at what a mistyped command meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            import difflib

            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            guess = f" Did you mean {close[0]!r}?" if close else ""
            raise click.UsageError(f"No such command {args[0]!r}.{guess}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="fairlead %(version)s")
def cli() -> None:
    """Take a Python project from a commit to a verdict, here as on a server.

    Without a fairlead.yml an existing .travis.yml is run, and otherwise what the project's
    files tell: `fairlead run` needs no configuration to start with.
    """


def entry() -> NoReturn:
    """The ``fairlead`` program: ``main``, in a process that is nobody else's.

    What is loaded at the start stays, so it is seldom looked through for garbage; and at the end
    the process goes at once, instead of taking everything apart first.
    """
    gc.set_threshold(_SELDOM)
    code: object = 0
    try:
        main()
    except SystemExit as done:
        code = done.code
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or _NOT_WRITTEN
    os._exit(code if isinstance(code, int) else 1)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 passed, 1 failed, 2 errored, 130 cancelled."""
    _ready_output()
    try:
        code = cli.main(args, prog_name="fairlead", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001 — only to tell our own errors from bugs, cheaply
        code = _show(error)
    sys.exit(code if isinstance(code, int) else 0)


def _ready_output() -> None:
    """Let standard output take any text: a file's name may hold what its encoding does not.

    An output that is closed goes nowhere, and no file that is opened later takes its number.
    """
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            nowhere = os.open(os.devnull, os.O_RDWR)
            if nowhere < number:
                os.dup2(nowhere, number)
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115 — it stays open
    if isinstance(sys.stdout, io.TextIOWrapper) and sys.stdout.errors == "strict":
        sys.stdout.reconfigure(errors="backslashreplace")


def _show(error: Exception) -> int:
    from fairlead.errors import FairleadError

    text, code = str(error), FairleadError.exit_code
    if isinstance(error, FairleadError):
        code = error.exit_code
    elif isinstance(error, OSError) and error.strerror:
        missing = isinstance(error, FileNotFoundError)
        place = error.filename or ("the current folder" if missing else "reading or writing")
        text = f"{place}: {error.strerror}"
    else:
        raise error
    click.echo(f"{click.style('error', fg='red')}: {text}", err=True)
    return code
