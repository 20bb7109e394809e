"""The ``fairlead`` program, in a process that is nobody else's.

Loading all of the command line takes longer than many a command: so the two that are typed most
often, without options, are answered before it is loaded.
"""

import gc
import os
import sys
import threading
from typing import NoReturn

_SELDOM = 200_000
"""Objects made between two searches for garbage; Python's own default is 700."""
_TURN = 0.001
"""Seconds for which one thread may compute while another waits; Python's own default is 0.005.

What a job waits for is short, and goes on beside threads that load modules.
"""
_HELP = frozenset({"-h", "--help"})
_INTERRUPTED = 130
_NOT_WRITTEN = 120
"""The exit code with which Python says that its last output could not be written."""


def entry() -> NoReturn:
    """Answer the command line and end the process.

    What is loaded at the start stays, so it is seldom looked through for garbage; and at the end
    the process goes at once, instead of taking everything apart first.
    """
    gc.set_threshold(_SELDOM)
    try:
        code = _answer(sys.argv[1:])
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
    except KeyboardInterrupt:  # while something was loaded, or waited for at the end
        code = _INTERRUPTED
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        code = code or _NOT_WRITTEN
    os._exit(code)


def _answer(arguments: list[str]) -> int:
    if arguments in (["--version"], ["-V"]):
        from fairlead import __version__

        sys.stdout.write(f"fairlead {__version__}\n")
        return 0
    if arguments[:1] == ["run"] and not _HELP.intersection(arguments):
        from fairlead.runner.keeping import begin

        begin()  # it gets ready while everything else is loaded
        sys.setswitchinterval(_TURN)
    _load_msgspec()
    if arguments == ["run"]:
        from fairlead.cli.guard import guarded, ready_output
        from fairlead.cli.running import Wish, carry_out

        ready_output()
        return guarded(lambda: carry_out(Wish()))
    from fairlead.cli.main import main

    try:
        main(arguments)
    except SystemExit as done:
        return done.code if isinstance(done.code, int) else 1


def _load_msgspec() -> None:
    """Load msgspec without ``typing_extensions``, which it takes before ``typing`` where both are.

    From Python 3.11 on both tell it the same, but for kinds of dictionary that Fairlead has none
    of; and loading the former takes longer than loading msgspec.
    """
    better = "typing_extensions"
    if better in sys.modules:
        return
    sys.modules[better] = None  # type: ignore[assignment] # to the import it is not there
    try:
        import msgspec  # noqa: F401 — it stays loaded
    finally:
        del sys.modules[better]
