"""What starts by the clock: schedules, and looks at the remotes of mirrored projects."""

from fairlead.server.ticking.clock import tick

__all__ = ["tick"]
