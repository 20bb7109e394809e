"""Questions past the ORM give the rows that it gives; dead connections are not handed out."""

import pytest

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def project(database):
    """The only one; the pool holds no more than the connection that asked for it."""
    from django.db import connection

    from fairlead.server.store.models import Project

    connection.close()
    connection.close_pool()

    return Project.objects.create(
        name="bank", labels=["big", "fast"], triggers={"branches": ["main"]}, cron="0 4 * * *"
    )


def test_a_row_is_as_the_orm_reads_it(project):
    from django.forms.models import model_to_dict

    from fairlead.server.services.projects import by_name

    theirs, ours = type(project).objects.get(), by_name("bank")
    assert model_to_dict(ours) == model_to_dict(theirs)
    assert ours.created == theirs.created
    assert not ours.get_deferred_fields()
    ours.cron = ""
    ours.save()
    assert type(project).objects.get().cron == ""


def test_a_row_is_stored_as_the_orm_stores_it(project):
    from django.forms.models import model_to_dict

    from fairlead.server.store.asking import add
    from fairlead.server.store.models import Build

    def one(number):
        return Build(
            project=project,
            number=number,
            state="queued",
            labels=["big"],
            event="push",
            message="it's 100 % “äöü”",
            parameters={"a": "b"},
            trigger=b"\0{}",
            job_id=1 << 40,
        )

    theirs, ours = one(1), one(2)
    theirs.save()
    add(ours)
    assert ours.pk == theirs.pk + 1
    assert ours.created >= theirs.created
    stored = [model_to_dict(Build.objects.get(pk=row.pk)) for row in (theirs, ours)]
    assert stored[0] | {"id": ours.pk, "number": 2} == stored[1]
    assert bytes(Build.objects.get(pk=ours.pk).trigger) == b"\0{}"
    ours.message = "changed"
    ours.save()
    assert Build.objects.count() == 2


def test_some_columns_are_read_and_the_rest_when_it_is_wanted(project):
    from fairlead.server.store.asking import Rows, ask

    rows = Rows(type(project), "id", "name")
    (found,) = ask(f"SELECT {rows.columns.as_string()} FROM store_project")
    made = rows.made((*found, "more"))
    assert len(rows) == 2
    assert made.get_deferred_fields() >= {"url", "cron"}
    assert made.cron == "0 4 * * *"


def test_it_is_in_the_transaction_that_django_has_begun(project):
    from django.db import IntegrityError, transaction

    from fairlead.server.store.asking import ask

    class Undone(Exception):
        pass

    @transaction.atomic
    def change_and_undo():
        ask("UPDATE store_project SET counted = 7 RETURNING id")
        raise Undone

    with pytest.raises(Undone):
        change_and_undo()
    assert type(project).objects.get().counted == 0
    with pytest.raises(IntegrityError), transaction.atomic():
        ask("UPDATE store_project SET counted = -1 RETURNING id")


def test_it_is_planned_once(project):
    from fairlead.server.services.projects import by_name
    from fairlead.server.store.asking import ask

    for _ in range(3):
        by_name("bank")
    ((statements, plans),) = ask(
        "SELECT count(*), sum(generic_plans + custom_plans) FROM pg_prepared_statements"
        " WHERE statement LIKE %s",
        'SELECT "store_project".% FROM store_project WHERE name = $1',
    )
    assert (statements, plans) == (1, 3)


def test_connections_that_the_database_has_closed_are_replaced(project, database):
    import psycopg
    from django.db import connection

    from fairlead.server.store.asking import ask

    ((backend,),) = ask("SELECT pg_backend_pid()")
    connection.close()  # which gives it back to the pool
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    ((now,),) = ask("SELECT pg_backend_pid()")
    assert now != backend
    assert type(project).objects.count() == 1


def test_one_that_only_heard_something_lives(database):
    import psycopg

    from fairlead.server.backend.base import lives

    with (
        psycopg.connect(database, autocommit=True) as ours,
        psycopg.connect(database, autocommit=True) as other,
    ):
        ours.execute("LISTEN something")
        assert lives(ours)
        other.execute("NOTIFY something")
        assert lives(ours)
        other.execute("SELECT pg_terminate_backend(%s, 10000)", (ours.info.backend_pid,))
        assert not lives(ours)
        assert ours.closed
