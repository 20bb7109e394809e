"""What can go wrong between us and a server."""

from fairlead.errors import FairleadError


class ServerUnreachable(FairleadError):
    """Nobody answers; ``sent`` says whether the request may have arrived all the same."""

    def __init__(self, message: str, *, hint: str = "", sent: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.sent = sent


class ServerRefused(FairleadError):
    """The server understood and said no; ``status`` is HTTP's number for why.

    ``pause`` is for how many seconds it wants to be left alone.
    """

    pause = 0.0

    def __init__(self, message: str, *, status: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.status = status


class ServerUnintelligible(FairleadError):
    """An answer that is not what the API promises: another program, or another version."""
