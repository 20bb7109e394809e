"""After a deployer who died: what is half done on a host is cleared, and said."""

import msgspec

from fairlead.deploy.commands.facts import Facts
from fairlead.deploy.commands.preparing import put_back
from fairlead.deploy.commands.switching import settle_live
from fairlead.deploy.layout import layout_of, manager_of, other, processes_of
from fairlead.deploy.managers.registry import manager
from fairlead.model.environment import Environment, Host


class Healing(msgspec.Struct, frozen=True, kw_only=True):
    """A script, and a sentence about what it clears."""

    script: str
    sentence: str


def healing(environment: Environment, host: Host, facts: Facts) -> Healing | None:
    """What has to be done on a host before anything new; nothing where nobody died."""
    if facts.journal is None and not facts.begun:
        return None
    layout, processes = layout_of(environment), processes_of(environment, host.roles)
    functions = functions_for(environment, host)
    idle, entry = other(facts.live), facts.journal
    who = f"release {entry.name} by {entry.by or 'somebody'}" if entry else "a release"
    if facts.live and (facts.live in facts.begun or (entry and entry.slot == facts.live)):
        script = settle_live(layout, facts.live, idle, processes=processes, functions=functions)
        return Healing(
            script=script,
            sentence=f"{host}: the deployment of {who} ended behind the switch: it is live, and "
            "nobody watched it",
        )
    script = put_back(layout, idle, processes=processes, functions=functions)
    return Healing(
        script=script,
        sentence=f"{host}: the deployment of {who} ended before the switch: cleared",
    )


def functions_for(environment: Environment, host: Host) -> str:
    """The shell functions of a host's process manager."""
    app = environment.app.name if environment.app else environment.name
    return manager(manager_of(environment, host)).functions(app, layout_of(environment).root)
