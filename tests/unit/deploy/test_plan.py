import pytest

from fairlead.deploy.plan import KEPT, NOTHING, SEND, START, WARM, make_plan
from fairlead.errors import DeploymentRefused
from fairlead.model.environment import Host, Migrations

ONE = Host(address="h1")
TWO = Host(address="h2")


def test_a_new_release_goes_to_the_slot_that_is_not_live(deploying, facts):
    plan = make_plan(deploying(8), ((ONE, facts()),))
    (host,) = plan.hosts
    assert (host.slot, host.old, host.way, host.folder) == ("green", "blue", SEND, "8")
    assert host.warm
    assert not host.install
    assert plan.previous == f"{7:012x}"
    assert not plan.migrate


def test_the_first_release_of_a_host(deploying, facts):
    empty = facts(live="", slots={}, states={}, releases={}, environments=frozenset())
    plan = make_plan(deploying(8), ((ONE, empty),))
    (host,) = plan.hosts
    assert (host.slot, host.old, host.way) == ("blue", "", SEND)
    assert host.install
    assert plan.previous == ""


def test_hosts_differ_in_slots_and_in_what_they_keep(deploying, facts, about):
    eight = about(8)
    other = facts(
        live="green", slots={"green": about(7)}, releases={"8": f"{eight.version}:{eight.payload}"}
    )
    plan = make_plan(deploying(8), ((ONE, facts()), (TWO, other)))
    assert [(host.slot, host.way) for host in plan.hosts] == [("green", SEND), ("blue", KEPT)]


def test_a_number_that_stands_for_another_release_gets_another_folder(deploying, facts):
    found = facts(releases={"8": "another:1234"})
    (host,) = make_plan(deploying(8), ((ONE, found),)).hosts
    assert host.way == SEND
    assert host.folder == "8-000000000000"


@pytest.mark.parametrize(
    ("state", "way"), [("running", WARM), ("stopped", START), ("failed", START)]
)
def test_back_to_the_other_slot(going_back, facts, state, way):
    found = facts(states={("blue", "web"): "running", ("green", "web"): state})
    plan = make_plan(going_back(), ((ONE, found),))
    (host,) = plan.hosts
    assert (host.slot, host.way, plan.about.number) == ("green", way, 6)
    assert plan.kind == "rollback"


def test_back_where_hosts_do_not_agree(going_back, facts, about):
    switched = facts(live="green", slots={"blue": about(6), "green": about(7)})
    ahead = facts(live="blue", slots={"blue": about(6), "green": about(7)})
    plan = make_plan(going_back("6"), ((ONE, switched), (TWO, ahead)))
    assert [host.way for host in plan.hosts] == [WARM, NOTHING]


def test_what_a_dead_deployment_left_is_never_started(going_back, facts):
    plan = make_plan(going_back(), ((ONE, facts(begun=frozenset({"green"}))),))
    assert plan.hosts[0].way == KEPT


def test_the_shelf_comes_after_what_hosts_keep(going_back, facts, release):
    plan = make_plan(going_back("6", release=release(60)), ((ONE, facts()),))
    assert plan.about.number == 6
    plan = make_plan(going_back("5", release=release(5)), ((ONE, facts()),))
    assert plan.hosts[0].way == SEND


@pytest.mark.parametrize(
    ("changes", "to", "why"),
    [
        ({}, "5", "no host keeps release 5"),
        ({}, "7", "live already"),
        ({"live": "", "slots": {}}, "", "no release to go back to"),
        ({"there": False}, "", "nothing is provisioned"),
        ({"refused": ("releases", "run")}, "", "may not write to releases, run"),
        (
            {"states_known": False, "trouble": "no program bank-web-blue"},
            "",
            "no program bank-web-blue",
        ),
    ],
)
def test_no_way_back(going_back, facts, changes, to, why):
    with pytest.raises(DeploymentRefused, match=why):
        make_plan(going_back(to), ((ONE, facts(**changes)),))


@pytest.mark.parametrize(
    ("changes", "told", "why"),
    [
        ({"free": 399}, {}, "0 MB are free"),
        ({"machine": "linux_aarch64"}, {"platform": "linux_x86_64"}, "it is linux_aarch64"),
    ],
)
def test_hosts_that_cannot_take_it_are_named(deploying, facts, changes, told, why):
    with pytest.raises(DeploymentRefused, match=f"h2: {why}"):
        make_plan(deploying(8, **told), ((ONE, facts()), (TWO, facts(**changes))))


def test_what_a_host_keeps_needs_no_room(deploying, going_back, facts, release):
    full = ((ONE, facts(free=0)),)
    assert make_plan(going_back("6", release=release(6)), full).hosts[0].way == WARM
    assert make_plan(deploying(7), full).hosts[0].way == KEPT
    with pytest.raises(DeploymentRefused, match="MB are free"):
        make_plan(deploying(8), full)


def test_what_cannot_be_undone_is_not_gone_back_over(going_back, facts, about):
    files = ("m/0001.py", "m/0002.py")
    slots = {
        "blue": about(7, migrations=files, irreversible=files[1:]),
        "green": about(6, migrations=files[:1]),
    }
    with pytest.raises(DeploymentRefused, match="0002"):
        make_plan(going_back(), ((ONE, facts(slots=slots)),))
    forced = make_plan(going_back(forced=True), ((ONE, facts(slots=slots)),))
    assert forced.change.over == files[1:]


def test_an_older_release_is_a_way_back_too(deploying, facts, about):
    slots = {"blue": about(7, migrations=("m/1.py",), irreversible=("m/1.py",))}
    with pytest.raises(DeploymentRefused, match="cannot be undone"):
        make_plan(deploying(8), ((ONE, facts(slots=slots)),))


def test_when_the_site_is_closed(deploying, facts, environment, about):
    env = environment(migrations=Migrations(command="migrate"))
    slots = {"blue": about(7, migrations=("m/1.py",))}
    closing = deploying(8, env=env, migrations=("m/1.py", "m/2.py"), maintenance=("m/2.py",))
    plan = make_plan(closing, ((ONE, facts(slots=slots)),))
    assert plan.close
    assert plan.migrate
    old = deploying(8, env=env, migrations=("m/1.py",), maintenance=("m/1.py",))
    assert not make_plan(old, ((ONE, facts(slots=slots)),)).close
