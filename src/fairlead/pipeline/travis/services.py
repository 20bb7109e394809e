"""The ``services`` key: what Fairlead can start beside a job."""

from fairlead.model import Network, Service
from fairlead.pipeline.document import Mapping, Node
from fairlead.pipeline.travis.nodes import Keys, Problems, scalars

_KINDS = {
    "postgres": "postgres",
    "postgresql": "postgres",
    "redis": "redis",
    "redis-server": "redis",
}


def read_services(config: Keys, problems: Problems) -> tuple[Service, ...]:
    """The services of a job; those that cannot be started here become warnings.

    Also ``addons: postgresql: "12"`` asks for PostgreSQL.
    """
    kinds: list[str] = []
    for name in scalars(config.get("services")):
        if kind := _KINDS.get(name.text.lower()):
            kinds.append(kind)
        else:
            problems.warn(
                name.location,
                f"the service {name.text} is not started here",
                "Fairlead starts postgres and redis",
            )
    if "postgresql" in _addons(config.get("addons")):
        kinds.append("postgres")
    return tuple(Service(name=kind, kind=kind) for kind in dict.fromkeys(kinds))


def network_beside(services: tuple[Service, ...]) -> Network:
    """The network of a job with these services.

    Commands expect them at their usual ports, which only a loopback of the job's own has free at
    any time; from there a proxy leads to every host.
    """
    return Network(mode="hosts", hosts=("*",)) if services else Network()


def _addons(node: Node | None) -> tuple[str, ...]:
    return tuple(key.text for key, _value in node.entries) if isinstance(node, Mapping) else ()
