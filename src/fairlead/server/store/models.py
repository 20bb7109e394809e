"""All models, for Django and for whoever reads several."""

from fairlead.server.store.artifacts import Artifact
from fairlead.server.store.builds import Build
from fairlead.server.store.deliveries import Delivery
from fairlead.server.store.deployments import (
    DEPLOYMENT_OPEN,
    DeployLine,
    Deployment,
    DeploymentState,
    DeployPhase,
)
from fairlead.server.store.environments import Environment
from fairlead.server.store.jobs import Attempt, Job, Step
from fairlead.server.store.logs import LogChunk
from fairlead.server.store.projects import Project
from fairlead.server.store.recurrences import Recurrence
from fairlead.server.store.releases import Release
from fairlead.server.store.secrets import Secret
from fairlead.server.store.states import ENDED, OPEN, State
from fairlead.server.store.tests import Test
from fairlead.server.store.tokens import Token
from fairlead.server.store.workers import Worker

__all__ = [
    "DEPLOYMENT_OPEN",
    "ENDED",
    "OPEN",
    "Artifact",
    "Attempt",
    "Build",
    "Delivery",
    "DeployLine",
    "DeployPhase",
    "Deployment",
    "DeploymentState",
    "Environment",
    "Job",
    "LogChunk",
    "Project",
    "Recurrence",
    "Release",
    "Secret",
    "State",
    "Step",
    "Test",
    "Token",
    "Worker",
]
