"""When jobs run, and the reason when they do not."""

import pytest


def reason(make, when, **trigger):
    plan = make(f"jobs: {{a: {{run: x, when: {when}}}}}", **trigger)
    assert len(plan.jobs) + len(plan.skipped) == 1
    return plan.skipped[0].reason.removeprefix("when: ") if plan.skipped else ""


@pytest.mark.parametrize(
    ("when", "trigger", "said"),
    [
        ("{}", {}, ""),
        ("[]", {}, ""),
        ("{branch: main}", {"branch": "main"}, ""),
        ("{branch: main}", {"branch": "dev"}, "branch is dev, not main"),
        ("{branch: main}", {}, "branch is none, not main"),
        ("{branch: [main, release/*]}", {"branch": "release/1"}, ""),
        ("{branch: [main, release/*]}", {"branch": "release/1/2"}, "branch is release/1/2, not main or release/*"),
        ("{branch: '!gh-pages'}", {"branch": "main"}, ""),
        ("{branch: '!gh-pages'}", {"branch": "gh-pages"}, "branch is gh-pages, not !gh-pages"),
        ("{branch: '!gh-pages'}", {}, ""),
        ("{branch: ['**', '!wip/**']}", {"branch": "wip/a"}, "branch is wip/a, not ** or !wip/**"),
        ("{tag: v*}", {"tag": "v1"}, ""),
        ("{tag: v*}", {"branch": "main"}, "tag is none, not v*"),
        ("{tag: '!*'}", {}, ""),
        ("{tag: '!*'}", {"tag": "v1"}, "tag is v1, not !*"),
        ("{event: push}", {"event": "push"}, ""),
        ("{event: [push, tag]}", {"event": "cron"}, "event is cron, not push or tag"),
        ("{event: '!cron'}", {"event": "push"}, ""),
        ("{event: '!cron'}", {"event": "cron"}, "event is cron, not !cron"),
        ("{changed: src/}", {"changed": ("src/a/b.py",)}, ""),
        ("{changed: src/}", {"changed": None}, ""),
        ("{changed: src/}", {"changed": ("docs/a", "x")}, "no changed path is src/"),
        ("{changed: src/}", {"changed": ()}, "no changed path is src/"),
        ("{changed: '!docs/**'}", {"changed": ("docs/a", "src/b")}, ""),
        ("{changed: '!docs/**'}", {"changed": ("docs/a",)}, "no changed path is !docs/**"),
        ("{changed: [a, b, c, d, e]}", {"changed": ()}, "no changed path is a or b or c or 2 more"),
        ("{branch: main, event: push}", {"branch": "main", "event": "push"}, ""),
        ("{branch: main, event: push}", {"branch": "main", "event": "cron"}, "event is cron, not push"),
        ("[{branch: main}, {tag: v*}]", {"tag": "v1"}, ""),
        ("[{branch: main}, {tag: v*}]", {"branch": "x"}, "branch is x, not main; and tag is none, not v*"),
    ],
)  # fmt: skip
def test_conditions(make, when, trigger, said):
    assert reason(make, when, **trigger) == said
