"""Starting the keeper: by itself, so that it can be done before anything else is loaded."""

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import socket
else:
    import _socket as socket  # all that is needed here, loaded in a tenth of the time

# The keeper's modules are found by their folder: importing them through this package would load
# what is around them too. Appended, so that none of its neighbours stands before a standard module.
_CODE = "import sys; sys.path.append(sys.argv[1]); import keeper.main; keeper.main.main()"
_PASSED_ON = ("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Started:
    """A keeper's process id, and the socket that leads to it."""

    def __init__(self) -> None:
        self.control, other = socket.socketpair()
        try:
            self.pid = _spawn(other.fileno())
        except OSError:
            self.control.close()
            raise
        finally:
            other.close()


_early: list[Started] = []


def begin() -> None:
    """Start a keeper for whoever needs one first; where that fails, it is started then."""
    try:
        _early.append(Started())
    except OSError:
        return


def take() -> Started:
    """The keeper that was begun, else a new one. Raises ``OSError``."""
    return _early.pop() if _early else Started()


def _spawn(control: int) -> int:
    folder = os.path.join(os.path.dirname(__file__), "sandbox")
    argv = [sys.executable, "-I", "-S", "-c", _CODE, folder]
    env = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    nowhere = (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)
    streams = [(os.POSIX_SPAWN_DUP2, control, 0), nowhere, (os.POSIX_SPAWN_DUP2, 1, 2)]
    # A group of its own: a Ctrl-C on the terminal is not meant for it.
    return os.posix_spawn(
        sys.executable, argv, env, file_actions=streams, setpgroup=0, setsigmask=()
    )
