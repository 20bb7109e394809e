"""Carrying provisioning out over connections that answer as they are told."""

import asyncio

import pytest

from fairlead.deploy.base import Done
from fairlead.deploy.provision.carry import look, provision
from fairlead.deploy.provision.probe import MARK
from fairlead.errors import HostLost, UsageError
from fairlead.model.environment import App, Environment, Host, Wanted

HOSTS = (Host(address="web1"), Host(address="web2"))
ENVIRONMENT = Environment(
    name="production",
    hosts=HOSTS,
    app=App(name="bank", target="bank:app"),
    wanted=Wanted(databases=("redis",)),
)


class Answers:
    """A connection that gives one answer after the other, or raises it."""

    def __init__(self, host, *answers):
        self.host, self.answers, self.asked = host, list(answers), []

    async def run(self, script, *, data=b"", root=False, tell=None, **_):
        assert root
        self.asked.append((script, data))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        for line in answer.splitlines() if tell else ():
            tell(line)
        return Done(code=0, out=answer.encode())


def says(*lines, before=()):
    return "\n".join(
        [*before, MARK, "fact\tsystem\tdebian 12", "package\tsudo, ", *lines, "end", ""]
    )


def test_two_round_trips_a_host_and_none_that_changes_where_nobody_agrees():
    one = Answers(HOSTS[0], says())
    done = asyncio.run(provision(ENVIRONMENT, [one], agree=lambda found: False))
    assert len(one.asked) == 1
    assert done[0].left
    assert not done[0].changed
    one = Answers(HOSTS[0], says(), says(before=["= packages: nginx"]))
    told = []
    asyncio.run(provision(ENVIRONMENT, [one], tell=lambda host, line: told.append((host, line))))
    assert len(one.asked) == 2
    assert told == [("web1", "= packages: nginx")]


def test_texts_of_files_go_along_as_input_and_stand_in_no_script():
    one = Answers(HOSTS[0], says(), says())
    asyncio.run(provision(ENVIRONMENT, [one]))
    script, data = one.asked[1]
    assert "proxy_set_header" not in script
    assert b"proxy_set_header" in data


def test_a_host_that_is_lost_keeps_nobody_from_being_made_ready():
    lost = Answers(HOSTS[0], HostLost("web1: gone"))
    fine = Answers(HOSTS[1], says(), says())
    first, second = asyncio.run(provision(ENVIRONMENT, [lost, fine]))
    assert (first.error, first.changed) == ("web1: gone", ())
    assert second.changed


def test_a_host_that_is_lost_on_the_way_says_what_was_left():
    lost = Answers(HOSTS[0], says(), HostLost("web1: gone"))
    (done,) = asyncio.run(provision(ENVIRONMENT, [lost]))
    assert done.error == "web1: gone"
    assert done.left
    assert not done.changed


def test_another_system_is_named_and_left_alone():
    other = Answers(HOSTS[0], f"{MARK}\nfact\tsystem\tfedora 41\nend\n")
    (found,) = asyncio.run(look(ENVIRONMENT, [other]))
    assert "not Debian or Ubuntu (fedora 41)" in found.error


def test_databases_are_the_first_hosts_whichever_is_asked_and_whoever_signs_in():
    titles = []
    for host in (Host(address="web1", user="root"), HOSTS[1]):
        (found,) = asyncio.run(look(ENVIRONMENT, [Answers(host, says())]))
        titles.append({change.title for change in found.changes})
    assert "install redis-server" in titles[0]
    assert "install redis-server" not in titles[1]


def test_nobody_is_asked_for_what_no_host_can_have():
    one = Answers(HOSTS[0])
    wrong = Environment(name="beta", hosts=HOSTS, app=App(name="Bank!"))
    with pytest.raises(UsageError, match="no name for an application"):
        asyncio.run(provision(wrong, [one]))
    assert not one.asked
