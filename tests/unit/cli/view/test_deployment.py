"""How a deployment is shown: lines, JSON lines, and the picture on a terminal."""

import io
import json

import pytest

from fairlead.cli.view.deployment import (
    JsonLines,
    Lines,
    LiveDeployment,
    choose_deploy_view,
)
from fairlead.cli.view.deployplan import plan_lines
from fairlead.cli.view.look import Look
from fairlead.deploy.plan import HostPlan, Plan
from fairlead.deploy.slots import About
from fairlead.model.deployment import (
    DeployFinished,
    DeployNotice,
    DeployOutcome,
    DeployPhase,
    DeployStarted,
    PhaseEnded,
    PhaseOutput,
    PhaseStarted,
)
from fairlead.model.environment import App, Environment, Host, Migrations

LOOK = Look(width=70)
STARTED = DeployStarted(
    time=100.0,
    environment="production",
    release=8,
    version="abc",
    commit="abcdef",
    hosts=("web1", "web22"),
    previous="old",
)
EVENTS = (
    STARTED,
    DeployNotice(time=100.0, text="mind the gap", warning=True),
    PhaseStarted(time=100.0, phase=DeployPhase.UPLOAD, host="web1"),
    PhaseEnded(time=101.0, phase=DeployPhase.UPLOAD, host="web1", seconds=1.25, note="3 MB"),
    PhaseEnded(time=101.0, phase=DeployPhase.STATIC, host="web1", skipped=True),
    PhaseStarted(time=101.0, phase=DeployPhase.PROBE, host="web22"),
    PhaseOutput(time=102.0, phase=DeployPhase.PROBE, host="web22", text="\x1b[2Jno module\x07"),
    PhaseEnded(time=103.0, phase=DeployPhase.PROBE, host="web22", ok=False, note="it ended"),
)
ENDED = DeployFinished(
    time=104.0,
    outcome=DeployOutcome.REFUSED,
    sentence="web22: it ended; nothing changed",
    seconds=4.0,
)


def test_lines_for_a_log():
    stream = io.StringIO()
    view = Lines(stream, LOOK)
    for event in (*EVENTS, ENDED):
        view(event)
    view.close()
    assert stream.getvalue().splitlines() == [
        "production: release 8 (abc) in place of old",
        "warning: mind the gap",
        "web1  | ✓ upload 1.2 s (3 MB)",
        "web22 |   no module",
        "web22 | ✗ probe: it ended",
        "✗ refused after 4.0 s: web22: it ended; nothing changed",
    ]


def test_json_lines():
    stream = io.StringIO()
    view = JsonLines(stream)
    for event in EVENTS:
        view(event)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [line["event"] for line in lines][:3] == [
        "deploy_started",
        "deploy_notice",
        "phase_started",
    ]


def test_the_picture_shows_each_host_and_ends_with_what_failed():
    stream = io.StringIO()
    view = LiveDeployment(stream, LOOK)
    for event in EVENTS[:-2]:
        view._apply(event)
    view.draw(103.0)
    shown = stream.getvalue()
    assert "production: release 8 (abc) in place of old" in shown
    assert "✓ web1   upload 1.2 s" in shown
    assert "web22  probe 0:02" in shown
    assert max(map(len, shown.splitlines())) < 90
    for event in EVENTS[-2:]:
        view._apply(event)
    view(ENDED)
    view.close()
    rest = stream.getvalue()[len(shown) :]
    assert "web22 ✗ probe: it ended" in rest
    assert "  no module" in rest
    assert "\x1b[2J" not in rest.replace("\x1b[J", "")
    assert rest.endswith("✗ refused after 4.0 s: web22: it ended; nothing changed\n")


def test_the_picture_may_end_before_it_began():
    view = LiveDeployment(io.StringIO(), LOOK)
    view.close()


@pytest.mark.parametrize(
    ("wanted", "kind"), [({"events": True}, JsonLines), ({"plain": True}, Lines), ({}, Lines)]
)
def test_which_view(wanted, kind):
    assert type(choose_deploy_view(io.StringIO(), {}, **wanted)) is kind


@pytest.mark.parametrize(
    ("outcome", "sign"),
    [
        (DeployOutcome.LIVE, "✓ live"),
        (DeployOutcome.ROLLED_BACK, "✗ rolled back"),
        (DeployOutcome.FAILED, "! failed"),
        (DeployOutcome.CANCELLED, "■ cancelled"),
    ],
)
def test_every_outcome_has_its_sign(outcome, sign):
    stream = io.StringIO()
    Lines(stream, LOOK)(DeployFinished(time=1.0, outcome=outcome, sentence="so", seconds=1.0))
    assert stream.getvalue() == f"{sign} after 1.0 s: so\n"


def test_a_plan_in_lines():
    environment = Environment(
        name="production",
        app=App(name="bank"),
        migrations=Migrations(command="./manage.py migrate"),
        build_static="collect",
        flush="clear",
    )
    hosts = tuple(
        HostPlan(
            host=Host(address=name),
            slot="green",
            old="blue",
            folder="8",
            way=way,
            install=True,
            processes=processes,
        )
        for name, way, processes in (
            ("web1", "send", ("web",)),
            ("jobs", "kept", ("mail-1",)),
            ("idle", "nothing", ()),
        )
    )
    plan = Plan(
        kind="deploy",
        environment=environment,
        about=About(number=8, version="abc"),
        hosts=hosts,
        previous="old",
        migrate=True,
        close=True,
    )
    assert list(plan_lines(plan, LOOK)) == [
        "production: would deploy release 8 (abc) in place of old",
        "  web1  upload and unpack as releases/8, install its packages, build static files, start green, probe",
        "  jobs  has it already as releases/8, install its packages, start green",
        "  idle  it is live already",
        "  then close the site",
        "  then migrate on web1: ./manage.py migrate",
        "  then switch web1 from blue to green, jobs from blue to green",
        "  then flush on web1: clear",
        "  then restart mail-1",
        "  then open the site",
        "  then watch for 30 s",
        "Nothing was changed.",
    ]
