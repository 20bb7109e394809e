"""Pages stay small and ask the database little, whatever there is."""

import gzip

import pytest

MOST_BYTES = 100_000


@pytest.fixture
def count(django):
    """The number of queries that a page takes."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def run(client, path):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(path)
        assert answer.status_code == 200
        return len(queries), len(answer.content)

    return run


def thousand(project, make):
    build = make.build(project, "failed", sentence="3 jobs failed")
    axes = [
        {"django": d, "db": b, "os": f"os{o}"}
        for d in range(5)
        for b in range(4)
        for o in range(10)
    ]
    axes = [{name: str(value) for name, value in axis.items()} for axis in axes]
    bad = (3, 448, 777)
    return build, make.matrix(
        build,
        pythons=["3.9", "3.10", "3.11", "3.12", "3.13"],
        axes=axes,
        state=lambda place: "failed" if place in bad else "passed",
    )


def test_a_build_of_a_thousand_jobs(admin, project, make, count):
    _, jobs = thousand(project, make)
    make.attempt(jobs[3], b"x" * 900 + b"\n" + b"<>" * 40_000 + b"\n" * 40)
    assert count(admin, "/p/bank/1/")[1] < MOST_BYTES
    page = admin.get("/p/bank/1/").content.decode()
    assert page.count(">passed</a>") == 997
    assert page.count(">failed</a>") == 3
    assert "the first 40 of 1,000 jobs" in page
    assert count(admin, "/p/bank/1/?from=41")[1] < MOST_BYTES
    last = admin.get("/p/bank/1/?from=941").content.decode()
    assert "Jobs 941 to 1000" in last
    assert "Further" not in last


def test_a_thousand_jobs_that_failed_with_long_names(admin, project, make, count):
    from fairlead.server.store.models import Job

    build = make.build(project, "failed")
    Job.objects.bulk_create(
        Job(
            build=build, place=place, key=f"{place}-" + "n" * 240, name="n" * 250, stage="test",
            state="failed", reason="r" * 5000, axes=[["axis", f"{place}"]],
        )
        for place in range(1000)
    )  # fmt: skip
    assert count(admin, "/p/bank/1/")[1] < MOST_BYTES


def test_a_job_with_a_thousand_artifacts(admin, project, make, count):
    from fairlead.server.store.models import Artifact

    job = make.job(make.build(project), "docs", 0)
    Artifact.objects.bulk_create(
        Artifact(job=job, path=f"html/{n:04}-{'p' * 60}.html", key=f"a{n}", size=1)
        for n in range(1000)
    )
    assert count(admin, "/p/bank/1/1/")[1] < MOST_BYTES
    page = admin.get("/p/bank/1/1/").content.decode()
    assert "html/0099-" in page
    assert "html/0100-" not in page
    assert "and more, which" in page


def test_the_build_page_asks_as_often_for_one_job_as_for_many(admin, project, make, count):
    build = make.build(project, "failed")
    make.attempt(make.job(build, "py3.12", 0, "failed", seconds=9.0), b"boom\n")
    few, _ = count(admin, "/p/bank/1/")
    _, jobs = thousand(project, make)
    make.attempt(jobs[3], b"boom\n")
    assert count(admin, "/p/bank/2/")[0] == few
    assert few <= 15


@pytest.mark.parametrize(("path", "most"), [("/", 5), ("/p/bank/", 4)])
def test_lists_ask_as_often_for_few_as_for_many(admin, project, make, count, path, most):
    make.build(project)
    few, _ = count(admin, path)
    assert few <= most
    for _ in range(60):
        make.build(project, "failed", sentence="2 new test failures in py3.12")
    many, size = count(admin, path)
    assert many == few
    assert size < MOST_BYTES


def test_twenty_projects_fit(admin, make, count):
    from fairlead.server.store.models import Project

    for number in range(30):
        project = Project.objects.create(name=f"project-{number:02}")
        for _ in range(31 if number < 20 else 0):
            make.build(project, "failed", sentence="s" * 250, branch="b" * 100)
    queries, size = count(admin, "/")
    assert queries <= 5
    assert size < MOST_BYTES
    page = admin.get("/").content.decode()
    assert "project-19" in page
    assert "project-20" not in page
    assert "project-29" in admin.get("/?after=project-19").content.decode()


def test_the_queue_explains_only_the_first(admin, project, make, count):
    from fairlead.server.store.models import Worker

    for _ in range(25):
        make.build(project, "queued")
    few, _ = count(admin, "/queue/")
    Worker.objects.create(name="w", started=make.now, seen=make.now, slots=2)
    page = admin.get("/queue/").content.decode()
    assert (page.count(">next<"), page.count(">others come first<")) == (1, 24)
    Worker.objects.all().delete()
    for _ in range(50):
        make.build(project, "queued")
    many, size = count(admin, "/queue/")
    assert many == few
    assert size < MOST_BYTES


def test_long_pages_are_compressed_for_whoever_takes_that(admin, project, make):
    for _ in range(50):
        make.build(project)
    whole = admin.get("/p/bank/", headers={"accept-encoding": "br, gzip;q=0"})
    assert not whole.has_header("Content-Encoding")
    packed = admin.get("/p/bank/", headers={"accept-encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in packed["Vary"]
    assert gzip.decompress(packed.content).startswith(b"<!doctype html>")
    assert len(packed.content) < len(whole.content) / 4
