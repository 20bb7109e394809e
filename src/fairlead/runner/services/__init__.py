"""Services beside a job's steps: started in the job's own box, gone with it."""

from .start import StartedServices, start_all

__all__ = ["StartedServices", "start_all"]
