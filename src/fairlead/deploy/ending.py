"""The end of a deployment on each host: tidied, or as it was before; and a line of history."""

from fairlead.deploy.commands import preparing, switching
from fairlead.deploy.plan import SEND, START, Plan
from fairlead.deploy.preparing import Preparation
from fairlead.deploy.sites import Site, at_any_price
from fairlead.deploy.telling import Teller
from fairlead.model.deployment import DeployPhase, Past

_TIDY = 600.0


class Ending:
    """What is left to do once it is decided how a deployment ends."""

    def __init__(
        self, plan: Plan, sites: tuple[Site, ...], preparation: Preparation, teller: Teller
    ) -> None:
        self._plan = plan
        self._environment = plan.environment
        self._sites = sites
        self._preparation = preparation
        self._teller = teller

    async def retire(self, past: Past) -> None:
        """After a good one: the old slot, old releases, history. Nothing of it undoes the rest."""

        async def one(site: Site) -> None:
            plan, keep = site.plan, self._environment.keep
            warm = self._environment.warm
            async with self._preparation.phase(DeployPhase.RETIRE, site) as told:
                if site.switched:
                    script = switching.retire(
                        site.layout,
                        plan.slot,
                        plan.old,
                        processes=plan.processes,
                        functions=site.functions,
                        warm=warm,
                        keep=keep,
                    )
                    await site.run(script + _history(site, past), timeout=_TIDY, told=told.say)
                    told.note = f"{plan.old} stays warm" if warm and plan.old else ""
                else:
                    await site.run(_history(site, past))

        for site, error in await at_any_price(self._sites, one):
            self._teller.notice(f"{site.name} is live, and was not tidied: {error}", warning=True)

    async def undo(self, past: Past | None) -> tuple[str, ...]:
        """Leave every host that can be reached as it was before; returns what did not succeed."""

        async def one(site: Site) -> None:
            plan = site.plan
            if site.lost:
                return
            script = ""
            if site.begun:
                script = preparing.put_back(
                    site.layout,
                    plan.slot,
                    processes=plan.processes,
                    functions=site.functions,
                    warm=plan.warm,
                    stop=plan.way == START,
                    remove=plan.folder if plan.way == SEND else "",
                )
            if past:
                script += _history(site, past)
            if script:
                await site.run(script, timeout=_TIDY)

        failed = await at_any_price(self._sites, one)
        return tuple(str(error) for site, error in failed if not site.lost)


def _history(site: Site, past: Past) -> str:
    # A full disk must not make more of it than it is.
    return f"( {switching.remember(site.layout, past)} ) || :\n"
