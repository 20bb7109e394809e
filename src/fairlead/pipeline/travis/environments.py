"""The ``deploy`` key as environments: what Travis deployed to, Fairlead can.

https://docs.travis-ci.com/user/deployment-v2 says what the keys mean; a deployment without ``on``
is for the branch master, and none is for pull requests.
"""

from collections.abc import Iterator
from typing import Final

import msgspec

from fairlead.model import Problem
from fairlead.model.environment import Environment
from fairlead.model.plan import Location, Pairs
from fairlead.pipeline.document import Mapping, Node, Scalar, Sequence
from fairlead.pipeline.environments.told import slug
from fairlead.pipeline.travis.deploys import read_on
from fairlead.pipeline.travis.nodes import Keys, Problems, items, keys, mappings, text, texts, truth

EVERYTHING: Final = ("**",)
_DEFAULT_BRANCH = ("master",)
_RULES: Final = frozenset({"branch", "branches", "tags", "all_branches"})
_OF_ONE_JOB: Final = frozenset({"python", "os", "jdk", "node", "rvm", "php", "go", "repo"})
"""Said of the job or the fork that deploys; here a green build does, whichever its jobs are."""
_METHODS: Final = {"api": "build", "git": "git", "git-ssh": "git"}


class _Target(msgspec.Struct, frozen=True, kw_only=True):
    """One thing a ``deploy`` leads to."""

    name: str
    provider: str
    options: Pairs
    secrets: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()


def read_travis(
    root: Node, project: str = ""
) -> tuple[tuple[Environment, ...], tuple[Problem, ...]]:
    """The environments that a ``.travis.yml`` deploys to, and what of it has no counterpart.

    ``project`` is the name of a Heroku app that is not named. Every problem is a warning: builds
    run whatever becomes of deployments.
    """
    problems = Problems()
    found: dict[str, Environment] = {}
    seen = set()
    for item in _deploys(root):
        location = item.location
        if location in seen:  # an alias: the same deployment in several jobs
            continue
        seen.add(location)
        for environment in _environments(item, project, problems):
            name = _free(environment.name, found)
            found[name] = msgspec.structs.replace(environment, name=name)
    return tuple(found.values()), tuple(problems.warnings)


def _deploys(root: Node) -> Iterator[Scalar | Mapping]:
    """Those of the file, then those of its jobs."""
    if not isinstance(root, Mapping):
        return
    places = [root]
    for name in ("jobs", "matrix"):
        jobs = root.get(name)
        included = jobs.get("include") if isinstance(jobs, Mapping) else jobs
        places += mappings(included)
    for place in places:
        for item in items(place.get("deploy")):
            if not isinstance(item, Sequence):
                yield item


def _environments(
    item: Scalar | Mapping, project: str, problems: Problems
) -> Iterator[Environment]:
    config: Keys = keys(item) if isinstance(item, Mapping) else {"provider": item}
    provider = text(config.get("provider")) or ""
    if provider == "heroku":
        targets = list(_heroku(config, project, problems))
    elif provider == "script":
        targets = list(_script(config, item.location, problems))
    else:
        named = provider or "a deployment without a provider"
        hint = "write the commands it takes as `provider: script` in a fairlead.yml"
        problems.warn(item.location, f"{named} has no counterpart among environments", hint)
        return
    on = read_on(item) if isinstance(item, Mapping) else {}
    branches, tags = _rule(on)
    automatic = _only_the_rule(on, problems)
    for target in targets:
        yield Environment(
            name=target.name,
            provider=target.provider,
            branches=target.branches or branches,
            tags=() if target.branches else tags,
            automatic=automatic,
            secrets=target.secrets,
            options=target.options,
            location=item.location,
        )


def _heroku(config: Keys, project: str, problems: Problems) -> Iterator[_Target]:
    """One app, or one for each branch that ``app`` maps."""
    strategy = text(config.get("strategy")) or "api"
    method = _METHODS.get(strategy, "build")
    if "run" in config:
        hint = "a line `release:` in the Procfile runs with every release"
        problems.warn(config["run"].location, "commands after a deployment are passed over", hint)
    app = config.get("app")
    apps = (
        [(key.text, text(value) or "") for key, value in app.entries]
        if isinstance(app, Mapping)
        else [("", text(app) or slug(project))]
    )
    for branch, name in apps:
        if name:
            yield _Target(
                name=slug(name),
                provider="heroku",
                options=(("app", name), ("method", method)),
                secrets=("HEROKU_API_KEY",),
                branches=(branch,) if branch else (),
            )


def _script(config: Keys, location: Location, problems: Problems) -> Iterator[_Target]:
    lines = texts(config.get("script"))
    if not lines:
        problems.warn(location, "a deployment by script has no `script`")
        return
    command = "\n".join(lines) if len(lines) == 1 else "set -e\n" + "\n".join(lines)
    yield _Target(name="deploy", provider="script", options=(("deploy", command),))


def _only_the_rule(on: Keys, problems: Problems) -> bool:
    """Whether nothing but branch and tag decides: what else does, a person has to judge."""
    others = [(key, node) for key, node in on.items() if key not in _RULES | _OF_ONE_JOB]
    for key, node in others:
        hint = "so builds do not go there by themselves: fairlead deploy does"
        problems.warn(node.location, f"`on.{key}` cannot be asked", hint)
    return not others


def _rule(on: Keys) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Branches and tags as globs; with ``tags`` the branch does not count."""
    if truth(on.get("tags")):
        return (), EVERYTHING
    if truth(on.get("all_branches")):
        return EVERYTHING, ()
    branch = on.get("branch") or on.get("branches")
    if isinstance(branch, Mapping):
        return tuple(key.text for key, _ in branch.entries), ()
    return texts(branch) or _DEFAULT_BRANCH, ()


def _free(name: str, taken: dict[str, Environment]) -> str:
    number, free = 2, name
    while free in taken:
        free, number = f"{name}-{number}", number + 1
    return free
