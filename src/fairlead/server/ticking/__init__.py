"""What starts by the clock: schedules, and looks at the remotes of mirrored projects."""

from fairlead.server.ticking.clock import tick
from fairlead.server.ticking.due import ANYTHING_DUE

__all__ = ["ANYTHING_DUE", "tick"]
