"""What is asked for: a release to an environment, or back to an earlier one."""

from fairlead.model.environment import Environment
from fairlead.model.plan import Pairs, Value
from fairlead.model.release import Release


class DeployOrder(Value, frozen=True, kw_only=True):
    """A release (its ``file`` was verified) to an environment.

    ``secrets`` are the values of what the environment names, ``by`` who asks, ``hosts`` the
    addresses it is limited to, ``forced`` that a person wants it against the rules.
    """

    environment: Environment
    release: Release
    secrets: Pairs = ()
    by: str = ""
    forced: bool = False
    hosts: tuple[str, ...] = ()


class RollbackOrder(Value, frozen=True, kw_only=True):
    """Back to a release: ``to`` is its number or version, empty for the one before.

    ``release`` is it as the shelf has it, for hosts that keep it no longer.
    """

    environment: Environment
    to: str = ""
    release: Release | None = None
    secrets: Pairs = ()
    by: str = ""
    forced: bool = False
    hosts: tuple[str, ...] = ()


Order = DeployOrder | RollbackOrder
