"""Hosts in words: status, history, checks, names, scripts for logs."""

import subprocess

import pytest

from fairlead.cli import history, hostlogs, hosts, reaching, status
from fairlead.cli.view.look import Look
from fairlead.deploy.checking import Checked
from fairlead.deploy.pending import Commit, Pending
from fairlead.model.deployment import DeployOutcome, Live, Past
from fairlead.model.environment import App, Environment, Host

LOOK = Look(width=100, colour=False, unicode=True)
WEB = (Host(address="web1.shop.example", user="ann"), Host(address="web2.shop.example", port=2222))
PLACE = Environment(name="production", hosts=WEB, app=App(name="shop"))


def live(number, **more):
    values = {
        "host": str(WEB[number]),
        "slot": "blue",
        "release": 7,
        "version": "v7",
        "commit": "c7",
    }
    return Live(**(values | {"since": 0.0, "by": "ada", "healthy": True} | more))


def text(*lives, pending=(), whole=False):
    return list(status.lines([(PLACE, lives, pending)], LOOK, whole=whole))


def test_two_hosts_that_are_well():
    assert text(live(0), live(1, warm_release=6, warm="v6")) == [
        "production",
        "  ✓ web1  release 7 (v7) by ada, healthy",
        "  ✓ web2  release 7 (v7) by ada, healthy, 6 is warm",
    ]


def test_hosts_that_differ_are_the_first_thing_said():
    lines = text(live(0), live(1, release=6, version="v6"))
    assert lines[1] == "  the hosts serve different releases"
    assert not status.good((live(0), live(1, version="v6")))


def test_what_is_wrong_stands_below_its_host():
    lines = text(
        live(0, healthy=False, note="/health answered 500", maintenance=True, died="eve"),
        live(1, reached=False, note="web2: nobody listens\n  is sshd running?", busy=""),
    )
    assert lines[1:] == [
        "  ✗ web1  release 7 (v7) by ada, not well",
        "      /health answered 500",
        "      closed for maintenance",
        "      a deployment by eve never ended; the next one clears up",
        "  ! web2  web2: nobody listens",
        "      is sshd running?",
    ]
    assert not status.good((live(0, healthy=False),))
    assert not status.good((live(0), live(1, reached=False)))


def test_nothing_was_ever_deployed():
    none = Live(host="x")
    assert text(none, none)[-1] == "  nothing was ever deployed to its 2 hosts"
    assert status.good((none, none))


def test_control_sequences_of_a_host_do_nothing_here():
    lines = text(
        live(0, version="\x1b[2Jv7", by="\x1b]0;x\x07eve", note="\x1b[31mbad", healthy=False),
        live(1),
    )
    assert "\x1b" not in "".join(lines)


def commits(count):
    return tuple(Commit(f"{number:040x}", 0, "Ada", f"change {number}") for number in range(count))


def test_commits_that_wait_are_named_ten_at_first():
    one = Pending(live="c7", branch="main", commits=commits(12))
    lines = text(live(0), live(1), pending=(one,))
    assert lines[3] == "  12 commits waiting on main"
    assert lines[4] == "    000000000000 change 0 (Ada)"
    assert lines[-1] == "    and 2 more (--all)"
    assert len(text(live(0), live(1), pending=(one,), whole=True)) == 16


@pytest.mark.parametrize(
    ("pending", "words"),
    [
        (Pending(live="c" * 40, branch="main", unknown=True), "git fetch"),
        (Pending(live="c7", branch="main"), "nothing waits on main"),
        (Pending(live="c7", branch="main", missing=1), "1 commit of c7 not on main"),
    ],
)
def test_what_else_may_be_said_of_commits(pending, words):
    assert words in "\n".join(text(live(0), live(1), pending=(pending,)))


def test_no_environment_has_hosts():
    assert list(status.lines([], LOOK)) == ["no environment has hosts of its own"]


def test_history_in_lines():
    past = Past(time=0.0, kind="rollback", release=0, version="abc", commit="", by="ada", forced=True,
                outcome=DeployOutcome.FAILED, seconds=2.0, sentence="web2 is gone")  # fmt: skip
    first, why = history.lines((past,), LOOK)
    assert first.split() == ["!", "rollback", "-", "abc", "failed", "2.0", "s", "ada", "(forced)"]
    assert why.strip() == "web2 is gone"


@pytest.mark.parametrize("outcome", DeployOutcome)
def test_every_outcome_has_a_sign(outcome):
    past = Past(time=1.0, kind="deploy", release=1, version="v", commit="", outcome=outcome)
    assert str(outcome) in next(history.lines((past,), LOOK))


def test_a_host_that_was_checked():
    good = Checked(host="web1", login="ann", user="shop", root=True, provisioned=True,
                   system="Debian 12", python="3.11.2", free=12_300_000_000, clock=-9.0)  # fmt: skip
    assert list(hosts.lines(good, LOOK)) == [
        "✓ web1",
        "    signs in as ann, becomes root and shop",
        "    Debian 12, Python 3.11.2, 12.3 GB free",
        "    its clock is -9 s off ours",
    ]
    bad = Checked(host="web1", problems=("web1: no answer\n  is it on?",))
    assert list(hosts.lines(bad, LOOK)) == ["✗ web1", "    web1: no answer", "    is it on?"]


@pytest.mark.parametrize(
    ("addresses", "names"),
    [
        (("web1.a.example", "web2.a.example"), ("web1", "web2")),
        (("web.a.example", "web.b.example"), ("web.a.example", "web.b.example")),
        (("10.0.0.1", "10.0.0.2"), ("10.0.0.1", "10.0.0.2")),
        (("fe80::1", "fe80::2"), ("fe80::1", "fe80::2")),
    ],
)
def test_hosts_are_called_by_what_tells_them_apart(addresses, names):
    found = reaching.names_of([Host(address=address) for address in addresses])
    assert tuple(found.values()) == names


def test_two_of_one_address_keep_their_whole_names():
    both = (Host(address="a", user="x"), Host(address="a", user="y"))
    assert reaching.names_of(both) == {"x@a": "x@a", "y@a": "y@a"}


@pytest.mark.parametrize("kind", ["app", "access", "error"])
@pytest.mark.parametrize("follow", [True, False])
def test_what_hosts_run_for_their_logs_is_shell(kind, follow):
    script = hostlogs.script_of(PLACE, kind, follow=follow, tail=5)
    subprocess.run(["sh", "-n"], input=script.encode(), check=True)
    assert "/srv/shop/log" in script
    assert ("-F" in script) is follow
