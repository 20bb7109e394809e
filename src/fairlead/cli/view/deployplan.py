"""What a deployment would do, in lines for people."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from fairlead.cli.view.look import Look, cells
from fairlead.deploy.migrations import advice
from fairlead.deploy.plan import KEPT, NOTHING, SEND, START, WARM

if TYPE_CHECKING:
    from fairlead.deploy.plan import HostPlan, Plan

_WAYS = {
    SEND: "upload and unpack as releases/{folder}",
    KEPT: "has it already as releases/{folder}",
    START: "start it again in {slot}",
    WARM: "it still runs in {slot}",
    NOTHING: "it is live already",
}


def plan_lines(plan: "Plan", look: Look) -> Iterator[str]:
    """The whole plan: what it is, what happens on each host, and what happens once."""
    about = plan.about
    what = "go back to" if plan.kind == "rollback" else "deploy"
    name = f"release {about.number} ({about.version})" if about.number else about.version
    before = f" in place of {plan.previous}" if plan.previous else ", the first one"
    yield look.style(f"{plan.environment.name}: would {what} {name}{before}", "bold")
    for sentence in advice(plan.change):
        yield f"  {sentence}"
    width = max(cells(str(host.host)) for host in plan.hosts)
    for host in plan.hosts:
        yield f"  {str(host.host).ljust(width)}  {', '.join(_steps(plan, host))}"
    yield from (f"  then {line}" for line in _once(plan))
    yield look.style("Nothing was changed.", "dim")


def _steps(plan: "Plan", host: "HostPlan") -> Iterator[str]:
    yield _WAYS[host.way].format(folder=host.folder, slot=host.slot)
    if host.way in {SEND, KEPT}:
        if host.install:
            yield "install its packages"
        if plan.environment.build_static and host.web:
            yield "build static files"
        yield f"start {host.slot}"
    if host.way != NOTHING and host.web:
        yield "probe"


def _once(plan: "Plan") -> Iterator[str]:
    first = plan.first.host
    if plan.close:
        yield "close the site"
    if plan.migrate:
        yield f"migrate on {first}: {plan.environment.migrations.command}"
    hosts = [host for host in plan.hosts if host.way != NOTHING]
    turns = ", ".join(f"{host.host} from {host.old or 'nothing'} to {host.slot}" for host in hosts)
    yield f"switch {turns}"
    if plan.environment.flush:
        yield f"flush on {first}: {plan.environment.flush}"
    if workers := sorted({worker for host in hosts for worker in host.workers}):
        yield f"restart {', '.join(workers)}"
    if plan.close or plan.closed:
        yield "open the site"
    if plan.kind == "deploy" and plan.environment.watch.seconds > 0:
        yield f"watch for {plan.environment.watch.seconds:g} s"
