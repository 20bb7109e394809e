"""Deployments that go well, on one host."""

import msgspec

from fairlead.model.environment import Hook, Migrations, Process, Watch
from fairlead.pipeline.environments.safety import HOOKED

# Until the first release is installed nothing of the project can run.
LATER = [phase for phase in HOOKED if phase not in {"upload", "clean", "install"}]
EVERYWHERE = tuple(
    Hook(phase=phase, when=when, command=f'echo {when} {phase} >>"$FAIRLEAD_SHARED/hooked"')
    for phase in HOOKED
    for when in ("before", "after")
)


def version(release):
    return release.manifest.version


def test_two_releases_and_back_under_load(town, carry_out, load):
    bank = town()
    h1, one, two = bank["h1"], bank.release(1), bank.release(2)
    first = carry_out(bank, one)
    assert first.outcome == "live", first
    assert h1.live() == ("blue", version(one))
    with load(h1) as asked:
        second = carry_out(bank, two)
        assert second.outcome == "live", second
        assert h1.live() == ("green", version(two))
        assert h1.states() == {("blue", "web"), ("green", "web")}
        back = carry_out(bank, back=True)
        assert back.outcome == "live", back
        assert h1.live() == ("blue", version(one))
    assert asked.total > 50
    assert asked.bad == []
    assert back.phases() == ["connect", "probe", "switch", "retire"]
    assert h1.leftovers() == []
    assert [line["outcome"] for line in h1.history()] == ["live"] * 3
    assert [line["kind"] for line in h1.history()] == ["deploy", "deploy", "rollback"]
    assert second.of("DeployStarted")[0].previous == version(one)
    assert type(second.events[0]).__name__ == "DeployStarted"
    assert type(second.events[-1]).__name__ == "DeployFinished"
    assert second.finished.live == (("h1", version(two)),)


def test_everything_an_environment_can_ask_for(town, carry_out):
    bank = town(
        workers=(Process(name="clock", command="sleep 300"),),
        env=(("GREETING", 'it\'s "quoted"\nand long'),),
        secrets=("TOKEN",),
        build_static="mkdir -p made; echo static >made/style.css",
        flush='echo flushed >>"$FAIRLEAD_SHARED/flushed"',
        maintenance=True,
        migrations=Migrations(
            command='echo "migrated $RELEASE_VERSION with $TOKEN"', pending="echo one to come"
        ),
        hooks=(
            Hook(phase="switch", when="before", command='echo "before $FAIRLEAD_SLOT"'),
            Hook(phase="upload", when="before", command="echo never"),
            *EVERYWHERE,
        ),
    )
    h1, one, two = bank["h1"], bank.release(1), bank.release(2)
    secret = (("TOKEN", "s3cret'\"\nsecond line"),)
    first = carry_out(bank, one, secrets=secret)
    assert first.outcome == "live", first
    # The watch goes on beside what follows the switch.
    assert sorted(first.phases("h1")) == sorted([
        "connect", "upload", "clean", "install", "static", "restart", "probe", "enter maintenance",
        "migrate", "switch", "flush", "restart", "exit maintenance", "watch", "retire",
    ])  # fmt: skip
    assert "one to come" in first.output
    assert f"migrated {version(one)} with [secret]" in first.output
    assert "before blue" in first.output
    assert "no release is here yet to run: echo never" in first.output
    assert not any("s3cret" in text or "second line" in text for text in first.output)
    assert (h1.root / "releases/1/source/made/style.css").read_text() == "static\n"
    assert (h1.root / "shared/flushed").read_text() == "flushed\n"
    hooked = (h1.root / "shared/hooked").read_text().splitlines()
    assert all(hooked.index(f"before {one}") < hooked.index(f"after {one}") for one in LATER)
    assert not (h1.root / "maintenance/on.html").exists()
    assert (h1.root / "slots/blue/env").stat().st_mode & 0o777 == 0o600
    assert h1.states() == {("blue", "web"), ("blue", "clock-1")}

    second = carry_out(bank, two, secrets=secret)
    assert second.outcome == "live", second
    assert h1.states() == {("blue", "web"), ("green", "web"), ("green", "clock-1")}
    hooked = (h1.root / "shared/hooked").read_text().splitlines()
    assert set(hooked) == {f"{hook.when} {hook.phase}" for hook in EVERYWHERE}
    back = carry_out(bank, back=True, secrets=secret)
    assert back.outcome == "live", back
    assert h1.states() == {("blue", "web"), ("blue", "clock-1"), ("green", "web")}
    assert h1.leftovers() == []


def test_keeps_so_many_releases_and_goes_back_to_any_of_them(town, carry_out):
    bank = town(keep=1, watch=Watch(seconds=0))
    h1 = bank["h1"]
    for number in range(1, 5):
        assert carry_out(bank, bank.release(number)).outcome == "live"
    assert h1.releases() == ["2", "3", "4"]
    kept = carry_out(bank, back=True, to="2")
    assert kept.outcome == "live", kept
    assert h1.live()[1] == version(bank.release(2))
    assert "upload" not in kept.phases()
    gone = carry_out(bank, back=True, to="1")
    assert gone.outcome == "refused"
    assert "no host keeps release 1" in gone.sentence
    shelf = carry_out(bank, bank.release(1), back=True, to="1")
    assert shelf.outcome == "live", shelf
    assert h1.live()[1] == version(bank.release(1))
    again = carry_out(bank, back=True, to="1")
    assert again.outcome == "refused"
    assert "live already" in again.sentence


def test_a_number_that_another_shelf_gave_too(town, carry_out):
    bank = town()
    h1, ours = bank["h1"], bank.release(7)
    theirs = bank.release(7, "good", files={"source/more.txt": "another release 7"})
    assert carry_out(bank, ours).outcome == "live"
    assert carry_out(bank, theirs).outcome == "live"
    assert sorted(name[:2] for name in h1.releases()) == ["7", "7-"]
    # What is live stays as it was unpacked, and the same release again brings nothing.
    again = carry_out(bank, theirs)
    assert again.outcome == "live", again
    assert "upload" not in again.phases()


def test_a_release_without_number_and_more_hosts(town, carry_out, load):
    bank = town(3)
    release = msgspec.structs.replace(bank.release(1), number=0)
    assert carry_out(bank, release).outcome == "live"
    machines = list(bank.machines.values())
    with load(*machines, rate=20) as asked:
        went = carry_out(bank, bank.release(2), hosts=("h1", "h3"))
    assert went.outcome == "live", went
    assert asked.bad == []
    assert [machine.live()[1] for machine in machines] == [
        version(bank.release(2)), version(release), version(bank.release(2)),
    ]  # fmt: skip
    assert machines[1].releases() == [version(release)]
    back = carry_out(bank, back=True, hosts=("h1", "h3"))
    assert back.outcome == "live", back
    assert {machine.live()[1] for machine in machines} == {version(release)}
