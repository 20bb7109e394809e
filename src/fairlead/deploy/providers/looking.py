"""What is live where there are no hosts of ours."""

import re
from collections.abc import Sequence

from fairlead.deploy.order import RollbackOrder
from fairlead.deploy.providers import way_of, with_token
from fairlead.deploy.providers.asking import ask_once
from fairlead.errors import FairleadError
from fairlead.model.deployment import DeployOutcome, Live, Past
from fairlead.model.environment import Environment
from fairlead.model.plan import Pairs

_VERSION = re.compile("[0-9a-f]{12}")


async def live_of(environment: Environment, secrets: Pairs, past: Sequence[Past]) -> Live:
    """What the platform, or the command ``status``, says is live.

    ``past`` are deployments from here, newest first: they tell the rest, and all of it where a
    script has no such command. What goes wrong is the ``note``; nothing is raised or changed.
    """
    way = way_of(RollbackOrder(environment=environment, secrets=with_token(secrets)))
    known = next((one for one in past if one.outcome is DeployOutcome.LIVE), None)
    told = environment.provider != "script" or "status" in dict(environment.options)
    try:
        version = await way.look() if told else known.version if known else ""
    except (FairleadError, OSError) as error:
        return Live(host=way.name, reached=False, note=str(error))
    finally:
        await way.close()
    ours = known if known and known.version == version else None
    well, note = await _health(environment, version) if version else (None, "")
    return Live(
        host=way.name,
        version=version,
        commit=version if _VERSION.fullmatch(version) else "",
        release=ours.release if ours else 0,
        since=ours.time if ours else 0.0,
        by=ours.by if ours else "",
        healthy=well,
        note=note or ("" if told else "as it was last deployed from here: there is no `status`"),
    )


async def _health(environment: Environment, version: str) -> tuple[bool | None, str]:
    """Whether the domain answers as it should, where there is one."""
    if not environment.domains:
        return None, ""
    # What a platform builds of a push is not told its version.
    by_git = dict(environment.options).get("method") == "git"
    url = f"{'https' if environment.tls else 'http'}://{environment.domains[0]}"
    wrong = await ask_once(url, environment.health, "" if by_git else version)
    return not wrong, wrong
