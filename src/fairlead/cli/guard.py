"""Around every command: an output that takes any text, and an exit code for whatever happens."""

import io
import os
import signal
import sys
from collections.abc import Callable


def guarded(command: Callable[[], object]) -> int:
    """Run a command; returns the exit code of what it returned or raised.

    Our own errors and the system's are told as a sentence; a bug keeps its traceback.
    """
    try:
        code = command()
    except KeyboardInterrupt:
        code = 130
    except BrokenPipeError:
        # Whoever read our output has gone; Python must not complain about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 128 + signal.SIGPIPE
    except Exception as error:  # noqa: BLE001 — only to tell our own errors from bugs, cheaply
        code = _show(error)
    return code if isinstance(code, int) else 0


def ready_output() -> None:
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
    import click

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
    # Where colours are not refused (https://no-color.org), click sees whether this is a terminal.
    colour = False if os.environ.get("NO_COLOR") else None
    click.echo(f"{click.style('error', fg='red')}: {text}", err=True, color=colour)
    return code
