"""Releases that are not well, and hosts that are not either: nothing changes, or all is put back."""

import msgspec
import pytest

from fairlead.model.environment import Health, Migrations, Process, Watch

SOON = Health(version="header:X-Version", patience=4.0, timeout=0.5)


@pytest.fixture(scope="module")
def bank(towns, carry_out):
    """Two hosts with release 2 live and release 1 warm."""
    made = towns(2)
    for number in (1, 2):
        went = carry_out(made, made.release(number))
        assert went.outcome == "live", went
    return made


def state(bank):
    return [
        (m.live(), m.about("blue"), m.states(), m.releases(), m.leftovers())
        for m in bank.machines.values()
    ]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("broken", "ended as soon as it was started"),
        ("hangs", "/health did not answer in 0.5 s"),
        ("liar", "says in header:X-Version that it is another instead of"),
        ("bad on h2", "h2: /health answered 500 instead of 200"),
    ],
)
def test_a_release_that_is_not_well_takes_no_traffic(bank, carry_out, load, kind, why):
    before = state(bank)
    with load(*bank.machines.values(), rate=15) as asked:
        # What ends by itself is found out whatever the patience; the others take all of it.
        wanted = bank if kind == "broken" else changed(bank, health=SOON)
        went = carry_out(wanted, bank.release(3, kind))
    assert went.outcome == "refused", went
    assert why in went.sentence
    assert "nothing changed" in went.sentence
    assert "switch" not in went.phases()
    assert asked.bad == []
    assert state(bank) == before
    assert bank["h1"].history()[-1]["outcome"] == "refused"
    if kind == "broken":
        assert any("nothing_of_this_name" in line for line in went.output)


def test_a_release_that_is_not_well_behind_nginx_goes_back_everywhere(bank, carry_out):
    before = state(bank)
    went = carry_out(bank, bank.release(3, "front"))
    assert went.outcome == "rolled back", went
    assert "h1: /health answered 500 instead of 200; rolled back to release 2" in went.sentence
    assert state(bank) == before
    assert went.finished.live == tuple(
        (name, bank.release(2).manifest.version) for name in ("h1", "h2")
    )


@pytest.mark.parametrize(
    ("kind", "why"),
    [("turns", "answers were errors"), ("sickens", "/health answers 500")],
)
def test_a_release_that_turns_bad_goes_back_by_itself(bank, carry_out, load, kind, why):
    before = state(bank)
    town = changed(bank, watch=Watch(seconds=60, requests=10))
    sick = bank["h2"].root / "shared/sick"

    def fall_ill(event, _stop):
        if carry_out.started(event, "watch", "h2"):
            sick.touch()

    with load(*bank.machines.values(), rate=20) as asked:
        went = carry_out(town, bank.release(3, kind), on=fall_ill)
        sick.unlink()
        bad = len(asked.bad)
    assert went.outcome == "rolled back", went
    assert why in went.sentence
    assert len(asked.bad) == bad, "errors after it was put back"
    assert state(bank) == before


def test_a_failing_migration_changes_no_host(bank, carry_out):
    before = state(bank)
    went = carry_out(
        changed(bank, migrations=Migrations(command="echo half; exit 3"), maintenance=True),
        bank.release(3),
    )
    assert went.outcome == "refused", went
    assert "half" in went.output
    assert "what was migrated stays so" in went.sentence
    assert state(bank) == before
    assert not (bank["h1"].root / "maintenance/on.html").exists()


def test_a_person_s_closed_site_stays_closed(bank, carry_out):
    on = bank["h1"].root / "maintenance/on.html"
    (on.parent / "notice.html").write_text("closed by a person")
    on.symlink_to("notice.html")
    went = carry_out(changed(bank, maintenance=True), bank.release(4))
    assert went.outcome == "live", went
    assert on.readlink().name == "notice.html"
    assert not (bank["h2"].root / "maintenance/on.html").exists()
    on.unlink()
    assert carry_out(bank, back=True).outcome == "live"
    assert carry_out(bank, bank.release(2)).outcome == "live"


def test_a_disk_that_is_full(bank, carry_out):
    before = state(bank)
    # What is written by anything our scripts start, in blocks of 512 bytes.
    bank["h2"].limit = "ulimit -f 1; trap '' XFSZ\n"
    went = carry_out(bank, bank.release(3))
    bank["h2"].limit = ""
    assert went.outcome == "refused", went
    assert went.sentence.startswith("h2: ")
    assert state(bank) == before


def test_a_worker_that_does_not_stay_up(town, carry_out):
    bank = town(workers=(Process(name="mail", command="sh work.sh"),), watch=Watch(seconds=1.5))
    h1 = bank["h1"]
    for number, line in ((1, "exec sleep 300"), (2, "exit 1")):
        release = bank.release(number, files={"source/work.sh": line})
        went = carry_out(bank, release)
    assert went.outcome == "rolled back", went
    assert "mail-1 does not stay up" in went.sentence
    assert h1.live()[0] == "blue"
    assert h1.states() == {("blue", "web"), ("blue", "mail-1")}


def test_a_first_release_that_fails_behind_nginx_leaves_nothing_live(town, carry_out):
    bank = town()
    went = carry_out(bank, bank.release(1, "front"))
    assert went.outcome == "rolled back", went
    assert "nothing is live, as before" in went.sentence
    assert bank["h1"].live() == ("", "")
    assert bank["h1"].states() == set()
    assert bank["h1"].leftovers() == []


def test_going_back_over_what_cannot_be_undone(town, carry_out):
    bank = town(watch=Watch(seconds=0))
    files = ("app/migrations/0001.py", "app/migrations/0002.py")
    assert carry_out(bank, bank.release(1, migrations=files[:1])).outcome == "live"
    second = carry_out(bank, bank.release(2, migrations=files, irreversible=files[1:]))
    assert second.outcome == "live"
    assert any("cannot be gone back over" in notice for notice in second.notices)
    went = carry_out(bank, back=True)
    assert went.outcome == "refused"
    assert "0002.py" in went.sentence
    forced = carry_out(bank, back=True, forced=True)
    assert forced.outcome == "live", forced
    assert bank["h1"].history()[-1]["forced"]


def changed(bank, **changes):
    """The same machines under an environment with changes."""

    class Other:
        environment = msgspec.structs.replace(bank.environment, **changes)
        connect = staticmethod(bank.connect)

    return Other
