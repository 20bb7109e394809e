"""Every migration can be taken back and applied again, with rows in the tables."""

import os
import re
import subprocess
import sys

import psycopg
import pytest

# One database a process: this one goes back and forth, to each line that it reads.
SCRIPT = """
import sys
from fairlead.server.setup import migrate, setup
setup()
for line in sys.stdin:
    migrate(*line.split())
    print("done", flush=True)
"""
FILL = """
from fairlead.server.setup import setup
setup()
from django.apps import apps
from django.db import models
from django.utils import timezone

VALUES = {
    models.CharField: "x", models.TextField: "x", models.SlugField: "x", models.IntegerField: 1,
    models.BinaryField: b"{}", models.DateTimeField: timezone.now(), models.FloatField: 1.0,
}

def make(model):
    fields = {}
    for field in model._meta.concrete_fields:
        if field.primary_key or field.has_default() or field.null:
            continue
        if field.is_relation:
            fields[field.name] = made[field.related_model]
            continue
        kind = next(kind for kind in type(field).__mro__ if kind in VALUES)
        fields[field.name] = VALUES[kind]
    return model.objects.create(**fields)

made = {}
waiting = list(apps.get_app_config("store").get_models())
while waiting:
    model = waiting.pop(0)
    needs = [f.related_model for f in model._meta.concrete_fields if f.is_relation and not f.null]
    if all(need in made for need in needs if need is not model):
        made[model] = make(model)
    else:
        waiting.append(model)
print(len(made))
"""


@pytest.fixture
def url(postgres):
    """A database of its own beside that of the other tests."""
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS migrated WITH (FORCE)")
        connection.execute("CREATE DATABASE migrated")
        yield postgres.url.replace("/fairlead?", "/migrated?")
        connection.execute("DROP DATABASE migrated WITH (FORCE)")


@pytest.fixture
def environ(url, tmp_path):
    return {**os.environ, "FAIRLEAD_DATABASE_URL": url, "FAIRLEAD_DATA": str(tmp_path)}


@pytest.fixture
def python(environ):
    def run(code):
        argv = (sys.executable, "-c", code)
        done = subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


@pytest.fixture
def migrate(environ):
    """Brings the tables to a migration of the store, to the newest without a name."""
    pipe = subprocess.PIPE
    argv = (sys.executable, "-c", SCRIPT)
    with subprocess.Popen(argv, env=environ, stdin=pipe, stdout=pipe, text=True) as process:

        def to(target=""):
            process.stdin.write(f"{target}\n")
            process.stdin.flush()
            assert process.stdout.readline() == "done\n"

        yield to
        process.stdin.close()
        assert process.wait(60) == 0


def names():
    from fairlead.server.store import migrations

    (folder,) = migrations.__path__
    return sorted(file[:-3] for file in os.listdir(folder) if re.match(r"\d{4}_.*\.py$", file))


def schema(url):
    """Tables with their columns, constraints, indexes and triggers, in no order."""
    queries = (
        (
            "SELECT table_name, column_name, data_type, is_nullable, column_default,"
            " character_maximum_length FROM information_schema.columns WHERE table_schema = 'public'"
        ),
        (
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE connamespace = 'public'::regnamespace"
        ),
        "SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        (
            "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid) FROM pg_trigger"
            " WHERE NOT tgisinternal"
        ),
        (
            "SELECT proname, pg_get_functiondef(oid), NULL FROM pg_proc"
            " WHERE pronamespace = 'public'::regnamespace"
        ),
    )
    with psycopg.connect(url) as connection:
        return {row for query in queries for row in connection.execute(query).fetchall()}


def count(url):
    """Rows of each of the store's tables."""
    with psycopg.connect(url) as connection:
        tables = connection.execute(
            "SELECT tablename FROM pg_tables WHERE tablename LIKE 'store\\_%' ORDER BY 1"
        ).fetchall()
        return {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in tables
        }


def test_back_to_any_of_them_and_to_nothing_and_forth_again(url, python, migrate):
    migrate()
    whole = schema(url)
    tables = int(python(FILL))
    rows = count(url)
    assert len(rows) == tables
    assert set(rows.values()) == {1}
    for target in reversed(names()[:-1]):
        migrate(target)
        kept = count(url)
        assert set(kept.values()) == {1}
        assert kept["store_build"] == 1
    assert schema(url) != whole
    migrate()
    assert schema(url) == whole
    assert count(url)["store_build"] == 1
    migrate("zero")
    assert count(url) == {}
    migrate()
    assert schema(url) == whole
    assert set(count(url).values()) == {0}
    python(FILL)


def test_no_change_of_a_model_is_without_its_migration(python):
    python(
        "from fairlead.server.setup import setup; setup()\n"
        "from django.core.management import call_command\n"
        "call_command('makemigrations', 'store', check=True, dry_run=True, verbosity=3)"
    )
