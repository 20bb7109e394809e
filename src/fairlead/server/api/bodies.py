"""What requests bring: bodies and parameters, checked before a route sees them."""

from typing import Annotated, Any

from ninja import Path, Query, Schema
from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints, model_validator

from fairlead.model import TestOutcome
from fairlead.server.store.models import DeploymentState, State

LARGEST = 2**31 - 1
"""The largest number of a build or place, and the largest byte count in a parameter."""
_HUGE = 2**53 - 1

# PostgreSQL takes no NUL characters, not even to compare with.
Text = Annotated[str, StringConstraints(max_length=255, pattern=r"^[^\x00]*$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[^\x00]*$")]
Small = Annotated[int, Field(ge=-(2**15), le=2**15 - 1)]
Count = Annotated[int, Field(ge=0, le=LARGEST)]
Limit = Annotated[int, Query(50, ge=1, le=200, description="Items of a page.")]
Before = Annotated[
    int | None, Query(None, ge=0, le=_HUGE, description="Only items with lower ids than this.")
]
After = Annotated[
    int | None, Query(None, ge=0, le=_HUGE, description="Only items with higher ids than this.")
]
Offset = Annotated[int, Query(0, ge=0, le=_HUGE, description="The byte of the log where to begin.")]
Name = Annotated[str, Path(description="A project's name.")]
SecretName = Annotated[
    str, Path(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$", description="The variable's name.")
]
Number = Annotated[int, Path(ge=1, le=LARGEST, description="A build's number in its project.")]
Place = Annotated[int, Path(ge=1, le=LARGEST, description="A job's place in the plan, from 1.")]
Id = Annotated[int, Path(ge=1, le=_HUGE)]
AttemptNumber = Annotated[
    int | None, Query(None, ge=1, le=32767, description="Which attempt; the last one by default.")
]
Outcomes = Annotated[list[TestOutcome] | None, Query(None, description="Only tests that ended so.")]
States = Annotated[
    list[State] | None, Query(None, description="Only builds in one of these states.")
]


EnvironmentName = Annotated[
    str, Path(max_length=100, pattern=r"^[^\x00]+$", description="An environment's name.")
]
DeploymentStates = Annotated[
    list[DeploymentState] | None, Query(None, description="Only those in one of these states.")
]


class Body(Schema):
    """Fields that we do not know are refused: a misspelt one would be lost without a word."""

    model_config = ConfigDict(extra="forbid")


class ProjectSettings(Body):
    """What can be changed of a project; fields that are left out stay as they are."""

    url: Annotated[str, StringConstraints(max_length=2000)] | None = None
    default_branch: Word | None = None
    enabled: bool | None = None
    concurrency: Annotated[int, Field(ge=0, le=2**15 - 1)] | None = None
    labels: list[Word] | None = None
    priority: Small | None = None
    cancel_superseded: bool | None = None
    keep_days: Count | None = None
    keep_builds: Count | None = None
    webhook_secret: Annotated[str, StringConstraints(max_length=200)] | None = None
    triggers: dict[str, Any] | None = None
    protected: list[Word] | None = None
    poll_every: Count | None = None
    cron: Annotated[str, StringConstraints(max_length=100)] | None = None

    def given(self) -> dict[str, Any]:
        """The fields that were named; null is like leaving one out."""
        return self.model_dump(exclude_none=True)


class NewProject(ProjectSettings):
    """A project to be made; a mirrored one needs the ``url`` of its repository."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    kind: Annotated[str, StringConstraints(pattern="^(hosted|mirrored)$")] = "hosted"


class NewBuild(Body):
    """A build that is wanted: of the tip of a branch or tag, or of a commit.

    By default it is the tip of the default branch. ``jobs`` are keys of the only jobs to run,
    ``due`` delays it.
    """

    branch: Word | None = None
    tag: Word | None = None
    commit: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{7,64}$")] | None = None
    parameters: dict[str, str] = Field(default_factory=dict)
    jobs: list[Word] = Field(default_factory=list)
    labels: list[Word] | None = None
    priority: Small | None = None
    due: AwareDatetime | None = None

    @model_validator(mode="after")
    def _one_place(self) -> "NewBuild":
        if self.branch and self.tag:
            raise ValueError("a branch or a tag, not both")
        return self


class Cancel(Body):
    """Why a build is cancelled."""

    reason: Annotated[str, StringConstraints(max_length=500)] = "cancelled"


class Retry(Body):
    """What to build again: what did not pass, some jobs by their keys, or all."""

    failed: bool = False
    jobs: list[Word] = Field(default_factory=list)


class Pin(Body):
    """Whether a build is kept whatever its age."""

    pinned: bool = True


class NewToken(Body):
    """A token to be made; with ``project`` it knows that one alone."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    scopes: Annotated[
        list[Annotated[str, StringConstraints(pattern="^(read|build|push|deploy|admin)$")]],
        Field(min_length=1, max_length=5),
    ]
    project: Word | None = None
    expires: AwareDatetime | None = None


class NewSecret(Body):
    """A secret's value; an older one is forgotten."""

    value: Annotated[
        str, StringConstraints(min_length=1, max_length=64 << 10, pattern=r"^[^\x00]*$")
    ]


class NewRelease(Body):
    """A release to be made of a build, by its number."""

    build: Annotated[int, Field(ge=1, le=LARGEST)]


class NewDeployment(Body):
    """What is to be deployed: one of the first five, or none for the newest that may go there.

    ``hosts`` limits it to some, by their addresses.
    """

    release: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    build: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    branch: Word | None = None
    tag: Word | None = None
    commit: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{7,64}$")] | None = None
    hosts: list[Word] = Field(default_factory=list)
    force: bool = False

    @model_validator(mode="after")
    def _one_thing(self) -> "NewDeployment":
        named = [self.release, self.build, self.branch, self.tag, self.commit]
        if sum(one is not None for one in named) > 1:
            raise ValueError("one of release, build, branch, tag and commit")
        return self


class NewRollback(Body):
    """The number of the release to go back to; without it the one before what is live."""

    to: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
