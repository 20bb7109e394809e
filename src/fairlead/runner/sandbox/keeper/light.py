"""The few things of the standard library that the keeper needs, without all that comes with them.

The first box waits for the keeper, and ``socket``, ``signal``, ``contextlib``, ``typing`` and
``array`` would more than double the time until it is there. The modules behind the first two are
taken as the interpreter builds them in; all names mean what they do in the standard library.
"""

TYPE_CHECKING = False

if TYPE_CHECKING:
    import signal
    import socket
    from contextlib import suppress
    from socket import socket as Socket  # noqa: N812 — a class, named like one
    from socket import socketpair
else:
    import _signal as signal
    import _socket as socket

    class Socket(socket.socket):
        """A socket that closes at the end of a ``with``."""

        __slots__ = ()

        def __enter__(self) -> "Socket":  # noqa: PYI034 — Self is in typing
            return self

        def __exit__(self, *_error: object) -> None:
            self.close()

    def socketpair() -> tuple:
        """Two connected Unix sockets."""
        return tuple(Socket(fileno=end.detach()) for end in socket.socketpair())

    class suppress:  # noqa: N801 — as in contextlib
        """Carries on behind the block where one of these errors ended it."""

        def __init__(self, *kinds: type) -> None:
            self._kinds = kinds

        def __enter__(self) -> "suppress":  # noqa: PYI034
            return self

        def __exit__(self, kind: type[BaseException] | None, *_error: object) -> bool:
            return kind is not None and issubclass(kind, self._kinds)


__all__ = ["TYPE_CHECKING", "Socket", "signal", "socket", "socketpair", "suppress"]
