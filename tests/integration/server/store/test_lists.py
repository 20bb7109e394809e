"""Lists with many rows behind them: by key, by an index, without reading what is not shown."""

import pytest

PLANS = {
    "a project's builds": ("build_list", lambda m: m.builds.filter(project=m.small)),
    "builds of a branch": (
        "build_branch",
        lambda m: m.builds.filter(project=m.project, branch="b7"),
    ),
    "failed builds": ("build_state", lambda m: m.builds.filter(project=m.project, state="failed")),
    "a test's history": ("test_history", lambda m: m.tests.filter(project=m.project, digest=5)),
    "an attempt's tests": ("test_attempt", lambda m: m.tests.filter(attempt=m.attempt)),
}


class Many:
    """Two projects, 4,000 builds, and 8,000 tests; made in the database itself."""

    def __init__(self) -> None:
        from django.db import connection

        from fairlead.server.store.models import Attempt, Build, Project, Test

        self.builds, self.tests = Build.objects.listed(), Test.objects.all()
        self.project = Project.objects.create(name="one")
        self.small = Project.objects.create(name="two")
        with connection.cursor() as cursor:
            cursor.execute(BUILDS)
            cursor.execute(JOBS)
            cursor.execute(TESTS)
            cursor.execute("ANALYZE store_build, store_test")
        self.attempt = Attempt.objects.order_by("id")[37]


BUILDS = """
INSERT INTO store_build (project_id, number, state, recorded, series, labels, priority, takeovers,
  "only", pinned, event, branch, tag, commit, message, author, pull_request, trusted, parameters,
  trigger, created, seconds, reason, sentence, isolation, tree, passed_tests, bad_tests,
  skipped_tests, notices)
SELECT CASE WHEN n % 40 = 0 THEN 2 ELSE 1 END, n, CASE WHEN n % 100 = 1 THEN 'failed' ELSE 'passed' END, 0, '', '{}', 0, 0,
  '{}', false, 'push', 'b' || n % 199, '', '', '', '', '', true, '{}', '', now(), 1, '', '', '',
  '', 0, 0, 0, '[]'
FROM generate_series(1, 4000) n
"""
JOBS = """
WITH job AS (
  INSERT INTO store_job (build_id, key, place, name, stage, axes, needs, python, allow_failure,
    state, reason, progress, seconds, environment, interpreter, isolated, passed_tests, bad_tests,
    skipped_tests)
  SELECT id, 'j', 0, 'j', 'test', '[]', '{}', '', false, 'passed', '', '', 1, '', '', true, 0, 0, 0
  FROM store_build ORDER BY id LIMIT 80 RETURNING id)
INSERT INTO store_attempt (job_id, number, state, reason, timed_out, started, seconds, phases, log,
  log_size)
SELECT id, 1, 'passed', '', false, now(), 1, '[]', '', 0 FROM job
"""
TESTS = """
INSERT INTO store_test (project_id, build_id, attempt_id, step, digest, suite, name, node, file,
  line, outcome, seconds, message, details, output)
SELECT b.project_id, b.id, a.id, 0, n, '', 't' || n, '', '', 0, 'passed', 0, '', '', ''
FROM store_attempt a JOIN store_job j ON j.id = a.job_id JOIN store_build b ON b.id = j.build_id,
  generate_series(1, 100) n
"""


@pytest.fixture
def many(database):
    return Many()


def test_pages_are_taken_by_key(many):
    from fairlead.server.store.pages import newest

    rows = many.builds.filter(project=many.project)
    keys, before = [], None
    while before is not None or not keys:
        page = newest(rows, before=before, count=700)
        keys += [build.pk for build in page.items]
        before = page.older
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == 3900


def test_lists_leave_heavy_columns_where_they_are(many):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(
        connection,
    ) as asked:
        build = many.builds[0]
        assert build.project.name
    assert len(asked) == 1
    assert '"plan"' not in asked[0]["sql"]


@pytest.mark.parametrize("name", PLANS)
def test_a_page_can_be_read_from_its_index_alone(many, name):
    """In the order it is shown: what it costs does not grow with the rows behind it."""
    from django.db import connection, transaction

    index, rows = PLANS[name]
    with transaction.atomic(), connection.cursor() as cursor:
        # With few rows sorting is cheaper; it must not be the only way.
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        plan = rows(many).order_by("-id")[:50].explain()
    assert index in plan, plan
    assert "Sort" not in plan, plan


def test_migrations_say_what_the_models_say(database):
    from django.core.management import call_command

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)


def test_the_wake_up_trigger_can_be_taken_back(database):
    from django.db import connection

    from fairlead.server.setup import migrate

    def triggers():
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'fairlead_wake%'")
            return cursor.fetchone()[0]

    assert triggers() == 2
    migrate("0001")
    assert triggers() == 0
    migrate()
    assert triggers() == 2


def test_no_transaction_lies_idle_for_long(database):
    """A frozen worker would hold a build's row, and nobody could take over."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("8s",)


def test_each_end_gives_up_the_other_that_is_gone_without_a_word(database):
    from django.db import connection

    with connection.cursor() as cursor:
        # Values of a socket that is a file are not shown, but what was asked for is.
        cursor.execute(
            "SELECT name FROM pg_settings WHERE source = 'client' AND name LIKE 'tcp%' ORDER BY 1"
        )
        names = [name for (name,) in cursor.fetchall()]
    assert names[-1] == "tcp_user_timeout"
    assert [name.removeprefix("tcp_keepalives_") for name in names[:-1]] == [
        "count",
        "idle",
        "interval",
    ]
    told = connection.connection.info.get_parameters()
    assert {told[name] for name in ("connect_timeout", "keepalives_idle")} == {"5"}
    assert told["tcp_user_timeout"] == "8000"
