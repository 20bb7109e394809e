"""200 requests a second, slow ones, kept connections and POSTs among them, and not one fails."""

import pytest


def by_machine(load):
    """Releases in the order in which each host answered with them, repetitions taken out."""
    found = {}
    for request in sorted(load.requests, key=lambda one: one.until):
        if request.path == "/" and request.release:
            seen = found.setdefault(request.machine, [])
            if not seen or seen[-1] != request.release:
                seen.append(request.release)
    return found


def test_a_good_release_and_the_way_back_fail_no_request(site, load):
    old, new = site.releases[site.old], site.releases[site.new]
    with load:
        went = site.deploy(site.new)
        load.flow(100)
        there = site.live()
        back = site.rollback()
        load.flow(100)
    assert (went.outcome, back.outcome) == ("live", "live"), went.said + back.said
    assert there == site.all_live(site.new)
    assert site.live() == site.all_live(site.old)
    assert not load.failed, load.told()
    assert {one.kind for one in load.requests} == {"kept", "once", "posted"}
    assert len(by_machine(load)) == 3
    assert all(seen[0] == seen[-1] == old and new in seen for seen in by_machine(load).values())


@pytest.mark.parametrize(
    "kind", ["unimportable", "broken", "partly", "lying", "hanging", "unmigratable"]
)
def test_a_bad_release_gets_no_request(site, load, kind):
    before = site.states()
    site.shop.configure(patience=5, stop=8)
    with load:
        went = site.deploy(kind)
        load.flow(40)
    assert went.outcome == "refused", went.said
    assert went.process.returncode == 1
    assert not load.failed, load.told()
    assert load.releases == [site.releases[site.old]]
    assert site.states() == before
    assert site.live() == site.all_live(site.old)


def test_a_release_that_turns_bad_is_taken_back_everywhere(site, load):
    site.shop.configure(watch=30)  # over as soon as it is bad
    with load:
        went = site.deploy("turning")
        load.flow(100)
    bad = site.releases["turning"]
    assert went.outcome == "rolled back", went.said
    assert went.process.returncode == 1
    assert site.live() == site.all_live(site.old)
    assert load.failed
    assert {one.release for one in load.failed} == {bad}
    last = max(one.until for one in load.requests if one.release == bad)
    after = [one for one in load.requests if one.at > last]
    assert after
    assert {one.release for one in after} == {site.releases[site.old]}
