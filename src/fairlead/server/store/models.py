"""All models, for Django and for whoever reads several."""

from fairlead.server.store.artifacts import Artifact
from fairlead.server.store.builds import Build
from fairlead.server.store.deliveries import Delivery
from fairlead.server.store.jobs import Attempt, Job, Step
from fairlead.server.store.logs import LogChunk
from fairlead.server.store.projects import Project
from fairlead.server.store.recurrences import Recurrence
from fairlead.server.store.secrets import Secret
from fairlead.server.store.states import ENDED, OPEN, State
from fairlead.server.store.tests import Test
from fairlead.server.store.tokens import Token
from fairlead.server.store.workers import Worker

__all__ = [
    "ENDED",
    "OPEN",
    "Artifact",
    "Attempt",
    "Build",
    "Delivery",
    "Job",
    "LogChunk",
    "Project",
    "Recurrence",
    "Secret",
    "State",
    "Step",
    "Test",
    "Token",
    "Worker",
]
