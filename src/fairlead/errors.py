"""One tree of errors, each with an exit code and a sentence: what, where, what to do."""

from collections.abc import Sequence

from fairlead.model import Location, Problem


class FairleadError(Exception):
    """Bad input or a machine that cannot do what was asked; shown without a traceback."""

    exit_code = 2

    def __init__(self, message: str, *, location: Location | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.location = location
        self.hint = hint

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        hint = f"\n  {self.hint}" if self.hint else ""
        return f"{where}{self.message}{hint}"


class UsageError(FairleadError):
    """The command line asks for something that is not there."""


class PipelineError(FairleadError):
    """A pipeline file cannot be used; ``problems`` holds every error found in it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class RepositoryError(FairleadError):
    """The repository cannot be read: no git, no commit, a revision that does not exist."""


class InterpreterNotFound(FairleadError):
    """A Python version that a job asks for is not on this machine."""


class EnvironmentFailed(FairleadError):
    """An environment could not be made; the message carries the resolver's own reason."""


class SandboxFailed(FairleadError):
    """A job's sandbox could not be set up."""


class ServiceFailed(FairleadError):
    """A service did not start or did not become ready."""


class ReportUnreadable(FairleadError):
    """A report file is broken, too large or hostile."""


class StoreError(FairleadError):
    """Fairlead's own folders cannot be used: full disk, read-only, too many symlinks."""


class WebhookRefused(FairleadError):
    """A delivery that does not prove who sent it: forged, altered, unsigned or too old."""


class WebhookUnreadable(FairleadError):
    """A delivery that says nothing we understand: broken, hostile, or of another form."""


class WebhookTooLarge(WebhookUnreadable):
    """A delivery of more bytes than are read."""


class TriggerInvalid(FairleadError):
    """A schedule, a parameter, a ref or a line of git's that cannot be what it should be."""


class NotFound(FairleadError):
    """What was asked for is not there, or not for whoever asks."""


class Conflict(FairleadError):
    """A name that is taken, a build that still runs: what was asked for cannot be as things are."""


class HostError(FairleadError):
    """Something about a host that is deployed to; the message names the host."""


class HostUnreachable(HostError):
    """No connection to a host: no such name, nobody listens, no answer in time."""


class HostKeyChanged(HostError):
    """A host shows another key than the one that is known; its fingerprint is in the message."""


class HostRefused(HostError):
    """A host does not let us sign in."""


class SudoMissing(HostError):
    """On a host we may not become whom a script has to run as."""


class HostFailed(HostError):
    """A script failed on a host; the message ends with the last lines it wrote."""


class HostLost(HostError):
    """The connection to a host ended, or nothing came back in time."""


class DeploymentLocked(FairleadError):
    """Somebody else deploys to this environment; the message says who and since when."""


class DeploymentRefused(FairleadError):
    """What was asked for must not go there: another branch, an untested release, no approval."""

    exit_code = 1


class ReleaseBroken(FairleadError):
    """A release file that is truncated, altered, unsigned or signed by somebody unknown."""


class ReleaseFailed(FairleadError):
    """A release could not be made; the message carries the tool's own reason."""
