"""What repositories and jobs write is shown, never run."""

import json
from html.parser import HTMLParser

import pytest

HOSTILE = (
    '<img src=x onerror="window.hacked=1">"\'</title></script>'
    "<script>window.hacked=1</script>\x1b[31m\u202egnp"
)


class Tags(HTMLParser):
    """Every tag with its attributes."""

    def __init__(self, page):
        super().__init__()
        self.found = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@pytest.fixture
def hostile(project, make):
    """A build in which everything that others may choose is hostile."""
    from fairlead.server.store.fields import clean
    from fairlead.server.store.models import Artifact, Delivery

    case = {"name": HOSTILE, "suite": HOSTILE, "id": HOSTILE, "message": HOSTILE}
    told = {
        "comparison": {"new_failures": [{"job": HOSTILE[:200], "case": case}]},
        "skipped": [{"job": HOSTILE, "reason": HOSTILE}],
    }
    build = make.build(
        project,
        "failed",
        sentence=HOSTILE,
        reason=HOSTILE,
        branch=HOSTILE[:200],
        message=f"{HOSTILE}\n{HOSTILE}",
        author=f"{HOSTILE[:100]} <x@example.org>",
        pull_request=HOSTILE[:40],
        parameters={HOSTILE: HOSTILE},
        notices=[HOSTILE],
        labels=[HOSTILE[:100]],
        result=json.dumps(told).encode(),
    )
    for place in (0, 1):
        job = make.job(
            build, HOSTILE[:200], place, "failed", key=f"{place}{HOSTILE[:200]}", seconds=3.0,
            axes=[[HOSTILE[:50], f"{HOSTILE[:50]}{place}"]], reason=HOSTILE, needs=[f"0{HOSTILE[:200]}"],
            python=HOSTILE[:18] if place else "",
        )  # fmt: skip
    attempt = make.attempt(job, HOSTILE.encode() + b"\n", step=clean(HOSTILE))
    attempt.phases = [[HOSTILE, 1.0, HOSTILE]]
    attempt.save()
    Artifact.objects.create(job=job, path=f"../{HOSTILE}", key="a", size=1)
    Delivery.objects.create(
        project=project, source="github", key=HOSTILE[:90], event=HOSTILE[:50], fate="refused",
        reason=HOSTILE, headers={HOSTILE: HOSTILE}, body=json.dumps({"a": HOSTILE}).encode(),
    )  # fmt: skip
    return build


PATHS = (
    "/",
    "/p/bank/",
    "/p/bank/?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&branch=%22%3E%3Cscript%3E",
    "/p/bank/1/",
    "/p/bank/1/?from=2",
    "/p/bank/deliveries/",
    "/p/bank/deliveries/1/",
    "/queue/",
)


@pytest.mark.parametrize("path", PATHS)
def test_nothing_of_it_becomes_markup(admin, hostile, path):
    answer = admin.get(path)
    assert answer.status_code == 200
    page = answer.content.decode()
    tags = Tags(page).found
    assert not [tag for tag, _ in tags if tag == "img"]
    assert not [tag for tag, attrs in tags if any(name.startswith("on") for name in attrs)]
    assert all(
        attrs.get("src", "").startswith("/static/") for tag, attrs in tags if tag == "script"
    )
    assert not [attrs for _, attrs in tags if "style" in attrs]
    assert not [attrs for _, attrs in tags if attrs.get("href", "/")[0] not in "/#?0123456789"]
    assert "\x1b" not in page
    assert "\u202e" not in page


@pytest.mark.parametrize("path", PATHS)
def test_and_the_browser_is_told_to_run_nothing_but_ours(admin, hostile, path):
    answer = admin.get(path)
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "query",
    [
        "before=-1",
        "before=99999999999999999999",
        "before=%00",
        "q=%00%ff",
        "state=<b>",
        "branch=%00",
        "event=none",
        "q=99999999999999999999",
    ],
)
def test_odd_filters_are_no_errors(admin, hostile, query):
    assert admin.get(f"/p/bank/?{query}").status_code == 200


def test_an_artifact_is_a_download_in_a_box_of_its_own(admin, hostile, django):
    from django.conf import settings

    from fairlead.server.storage import open_storage
    from fairlead.server.store.models import Artifact

    open_storage(settings.FAIRLEAD).write("a", [b"<script>1</script>"])
    file = Artifact.objects.get()
    file.path = 'reports/x".html'
    file.save()
    answer = admin.get(f"/artifacts/{file.pk}/x.html")
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"] == 'attachment; filename="x\\".html"'
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert b"".join(answer) == b"<script>1</script>"
