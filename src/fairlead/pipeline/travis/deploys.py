"""The ``deploy`` key as a plan shows it; ``travis.environments`` makes environments of it."""

from fairlead.model import Deploy
from fairlead.pipeline.document import Mapping, Node, Scalar
from fairlead.pipeline.travis.nodes import Keys, items, keys, mappings, text, texts, truth


def read_deploys(config: Keys) -> tuple[Deploy, ...]:
    """The deployments of a job, each with the conditions that all have to hold."""
    found = []
    for item in items(config.get("deploy")):
        if isinstance(item, Scalar):
            found.append(Deploy(provider=item.text, condition=_condition({})))
        elif isinstance(item, Mapping) and (provider := text(item.get("provider"))):
            found.append(Deploy(provider=provider, condition=_condition(read_on(item))))
    return tuple(found)


def read_on(item: Mapping) -> Keys:
    """``on`` (also spelt ``true``, as YAML 1.1 reads it) with the keys of a legacy ``if``."""
    for name in ("on", "true"):
        if found := mappings(item.get(name)):
            return keys(found[0])
    return {}


def _condition(on: Keys) -> str:
    parts = ["not a pull request", _where(on)]
    for key, node in on.items():
        if key == "condition":
            parts += [f"[[ {value} ]]" for value in texts(node)]
        elif key not in ("branch", "tags", "all_branches"):
            parts.append(f"{key} is {_values(node)}")
    return ", ".join(parts)


def _where(on: Keys) -> str:
    """``tags: true`` ignores the branch; without anything it is the default branch."""
    if truth(on.get("tags")):
        return "on a tag"
    tags = "" if "tags" not in on else ", not a tag"
    if truth(on.get("all_branches")):
        return f"on any branch{tags}"
    return f"on branch {_values(on.get('branch')) or 'master'}{tags}"


def _values(node: Node | None) -> str:
    if isinstance(node, Mapping):
        return " or ".join(key.text for key, _value in node.entries)
    return " or ".join(texts(node))
