"""Several scripts as one, read by a real shell: each is heard of, and the first that fails is last."""

import asyncio
import os
import subprocess

import pytest

from fairlead.deploy.base import Done
from fairlead.deploy.commands.base import GENTLY
from fairlead.deploy.layout import Layout
from fairlead.deploy.parts import Part, carried_out
from fairlead.deploy.plan import SEND, HostPlan
from fairlead.deploy.sites import Site
from fairlead.errors import HostFailed, HostLost
from fairlead.model.environment import Host


class Connection:
    """Runs scripts here; the lines come once all is over, those of errors first."""

    def __init__(self, *, vanishes=False):
        self.vanishes = vanishes

    async def run(self, script, *, data, tell, **more):
        await asyncio.sleep(0)
        done = await asyncio.to_thread(
            subprocess.run,
            ["sh", "-eu", "-c", script],
            input=data,
            capture_output=True,
            timeout=60,
            check=False,
        )
        for line in (done.stderr + done.stdout).decode().splitlines():
            tell(line)
        if self.vanishes:
            raise HostLost("h1: the connection ended")
        return Done(code=done.returncode, out=done.stdout, err=done.stderr)

    async def send(self, path, script, *, after, **more):
        return await self.run(script, data=path.read_bytes() + after, **more)


def test_a_part_that_takes_much_gives_way_and_those_behind_it_do_not():
    _, (gentle, usual) = carry(Part(script=f"{GENTLY}nice"), Part(script="nice"))
    assert int(usual) == os.nice(0)
    assert int(gentle) >= 10


def site(**how):
    plan = HostPlan(host=Host(address="h1"), slot="green", folder="8", way=SEND)
    return Site(Connection(**how), plan, Layout("/srv/shop"), "")


def carry(*parts, where=None, file=None, data=b""):
    """What was told, by part, and what each printed."""

    async def act():
        told = [[] for _ in parts]
        async with carried_out(where or site(), parts, file=file, data=data) as under_way:
            for part, lines in zip(parts, told, strict=True):
                if not part.aside:
                    await under_way.over(part, lines.append)
            await under_way.end()
            return told, [under_way.printed(part) for part in parts]

    return asyncio.run(act())


def test_each_has_its_own_output_and_nothing_else_is_told():
    parts = (
        Part(script="echo one; exit 0"),
        Part(script="echo two; printf no-end", aloud=True),
        Part(script="cd /; x=5; echo three; echo err >&2"),
        Part(script='echo "${x-none}"; pwd | wc -l'),
    )
    told, printed = carry(*parts)
    assert [text.split() for text in printed] == [
        ["one"],
        ["two", "no-end"],
        ["three"],
        ["none", "1"],
    ]
    assert [told[0], told[2], told[3]] == [[], [], []]


def test_those_that_are_alike_are_told_apart():
    parts = [Part(script="echo same") for _ in range(3)]
    assert carry(*parts)[1] == ["same"] * 3


def test_each_reads_its_own_input(tmp_path):
    file = tmp_path / "sent"
    file.write_bytes(b"a" * 70000)
    parts = (
        Part(script="cat"),
        Part(script="wc -c", size=70000),
        Part(script="echo it reads nothing", size=0),
        Part(script="cat", size=5),
    )
    printed = carry(*parts, file=file, data=b"hello")[1]
    assert [text.strip() for text in printed] == ["", "70000", "it reads nothing", "hello"]


def test_one_that_leaves_its_input_leaves_it_for_nobody():
    parts = (Part(script=":", size=100000), Part(script="cat", size=2))
    assert carry(*parts, data=b"x" * 100000 + b"ok")[1] == ["", "ok"]


def test_the_first_that_fails_is_the_last(tmp_path):
    parts = (
        Part(script="echo noise >&2"),
        Part(script="echo first >&2; echo why >&2; false; echo never"),
        Part(script=f"touch {tmp_path}/never"),
    )
    told = []

    async def act():
        async with carried_out(site(), parts) as under_way:
            await under_way.over(parts[0], told.append)
            await under_way.over(parts[1], told.append)

    with pytest.raises(HostFailed, match=r"^h1: why$"):
        asyncio.run(act())
    assert told == ["first", "why"]
    assert not (tmp_path / "never").exists()


@pytest.mark.parametrize("code", [0, 3])
def test_one_aside_is_waited_for_by_who_joins_it(tmp_path, code):
    parts = (
        Part(
            script=f"until [ -e {tmp_path}/go ]; do sleep 0.01; done; echo gone; exit {code}",
            aside=True,
        ),
        Part(script=f"touch {tmp_path}/go; echo meanwhile"),
        Part(script="echo then", joins=True),
    )
    if code:
        with pytest.raises(HostFailed, match="code 3"):
            carry(*parts)
    else:
        assert carry(*parts)[1][2].split() in (["then"], ["gone", "then"])


def test_nothing_aside_is_left_behind_by_one_that_fails(tmp_path):
    parts = (
        Part(
            script=f"until [ -e {tmp_path}/go ]; do sleep 0.01; done; touch {tmp_path}/over",
            aside=True,
        ),
        Part(script=f"touch {tmp_path}/go; exit 4"),
    )
    with pytest.raises(HostFailed):
        carry(*parts)
    assert (tmp_path / "over").exists()


def test_a_host_that_is_gone():
    where = site(vanishes=True)
    with pytest.raises(HostLost):
        carry(Part(script=":"), Part(script=":"), where=where)
    assert where.lost


class Endless(Connection):
    """Its scripts never end by themselves."""

    def __init__(self, ended):
        self.ended = ended

    async def run(self, script, **more):
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append(script)


def test_one_that_takes_longer_than_it_may_is_ended():
    ended, where = [], site()
    where.connection = Endless(ended)
    with pytest.raises(HostLost, match=r"^h1: a script did not end within 0.05 s and was stopped$"):
        carry(Part(script=":", timeout=0.05), where=where)
    assert where.lost
    assert len(ended) == 1


def test_what_goes_on_is_ended_by_who_leaves():
    ended, where = [], site()
    where.connection = Endless(ended)
    part = Part(script=":")

    async def act():
        async with asyncio.timeout(0.05), carried_out(where, (part,)) as under_way:
            await under_way.over(part, print)

    with pytest.raises(TimeoutError):
        asyncio.run(act())
    assert len(ended) == 1
