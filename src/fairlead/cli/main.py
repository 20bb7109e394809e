"""The command line. Commands are loaded when they are called, so that starting stays cheap."""

import importlib
import sys
from typing import NoReturn

import click

from fairlead import __version__
from fairlead.cli.guard import guarded, ready_output

# name -> what `fairlead --help` says of it; the module is fairlead.cli.<name>, - as _.
_HERE = {
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
_OF_HOSTS = {
    "deploy": "Deploy a release to an environment, switched when it is well.",
    "rollback": "Make an earlier release live again.",
    "status": "Show what is live where, whether it is well, and what waits.",
    "history": "List what was deployed to an environment, and how it ended.",
    "run-on": "Run a command on hosts, in the live release.",
    "ssh": "Open a terminal on a host of an environment.",
    "hosts": "Get to know the hosts of an environment; check the way to them.",
    "environments": "Show where the project is deployed to.",
    "review": "Give a pull request a place of its own, and take it away.",
    "receive": "Push to deploy: a hook of a bare repository, without any server.",
    "provision": "Make an environment's hosts ready, or tell what differs on them.",
    "maintenance": "Close an environment's site for a while, and open it again.",
    "package": "Make a release of a commit: one signed file that can be deployed.",
    "releases": "List, show, verify and prune the releases of this project.",
}
_OF_A_SERVER = {
    "login": "Remember a server and your token for it.",
    "builds": "List builds of a server.",
    "trigger": "Have a server build a branch, a tag or a commit.",
    "watch": "Watch a build until its verdict, and exit with that.",
    "logs": "Print the logs of a build, of a job, or of an environment's hosts.",
    "cancel": "Cancel a build.",
    "retry": "Build the same commit again, or only what did not pass.",
    "artifacts": "List or download what the jobs of a build left.",
    "reproduce": "Run a server's build here: same commit, plan, versions.",
}
_SERVING = {
    "serve": "Serve: web pages, worker, scheduler and database on this machine.",
    "web": "Serve web pages, API and git: one web node of a cluster.",
    "worker": "Take builds and carry them out: one worker of a cluster.",
    "scheduler": "Start what is due, poll remotes, look after builds: for a cluster.",
    "admin": "Manage the server's users, tokens and projects.",
    "backup": "Save everything a server holds in one file, while it runs.",
    "restore": "Make this machine's server what the file of a backup holds.",
}
SECTIONS = {
    "Commands": _HERE,
    "Commands that deploy": _OF_HOSTS,
    "Commands that ask a server": _OF_A_SERVER,
    "Commands that are the server": _SERVING,
}
COMMANDS = _HERE | _OF_HOSTS | _OF_A_SERVER | _SERVING


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
        module = importlib.import_module(f"fairlead.cli.{cmd_name.replace('-', '_')}")
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
        for title, commands in SECTIONS.items():
            if commands:
                with formatter.section(title):
                    formatter.write_dl(list(commands.items()))


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", message="fairlead %(version)s")
def cli() -> None:
    """Take a Python web application from a commit to a verdict, and on to production.

    Without a fairlead.yml an existing .travis.yml is run, and otherwise what the project's
    files tell: `fairlead run` needs no configuration to start with.
    """


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 passed, 1 failed, 2 errored, 130 cancelled."""
    ready_output()
    sys.exit(guarded(lambda: _carry_out(args)))


def _carry_out(args: list[str] | None) -> object:
    try:
        return cli.main(args, prog_name="fairlead", standalone_mode=False)
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
