import pytest

from fairlead.model.environment import Migrations
from fairlead.pipeline.tree import MemoryTree
from fairlead.release.facts import find_migrations, project_name, version_of


@pytest.mark.parametrize(
    ("files", "folder", "name"),
    [
        ({"pyproject.toml": '[project]\nname = "My_Bank"\n'}, "clone", "my_bank"),
        ({"pyproject.toml": '[tool.poetry]\nname = "bank"\n'}, "clone", "bank"),
        ({"setup.cfg": "[metadata]\nname = bank\n"}, "clone", "bank"),
        ({"pyproject.toml": "broken ["}, "My Clone", "my-clone"),
        ({}, "bank.git", "bank"),
        ({}, "../..", "project"),
        ({}, "", "project"),
    ],
)
def test_a_project_is_called_what_it_calls_itself(files, folder, name):
    assert project_name(MemoryTree(files), folder) == name


def test_a_version_is_twelve_digits_of_the_commit():
    assert version_of("0123456789abcdef" * 2) == "0123456789ab"


MIGRATIONS = MemoryTree({
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": "class Migration: ...",
    "shop/migrations/0002_drop.py": "# fairlead: irreversible\n# the data is gone\n",
    "alembic/versions/ab12.py": "x = 1\n#Fairlead: Maintenance\n",
    "migrations/3.sql": "-- fairlead: irreversible\nDROP TABLE x;",
    "migrations/4.sql": "SELECT 'fairlead: irreversible';",
    "shop/models.py": "# fairlead: irreversible",
})  # fmt: skip


def test_migrations_are_found_with_what_they_say_of_themselves():
    files, irreversible, maintenance = find_migrations(MIGRATIONS, [Migrations()])

    assert files == (
        "alembic/versions/ab12.py", "migrations/3.sql", "migrations/4.sql",
        "shop/migrations/0001_initial.py", "shop/migrations/0002_drop.py",
    )  # fmt: skip
    assert irreversible == ("migrations/3.sql", "shop/migrations/0002_drop.py")
    assert maintenance == ("alembic/versions/ab12.py",)


def test_rules_of_several_environments_count_together():
    rules = [
        Migrations(files=("migrations/*.sql",), irreversible=("migrations/4.*",)),
        Migrations(files=("shop/models.py",), maintenance=("**/models.py",)),
        Migrations(files=()),
    ]

    files, irreversible, maintenance = find_migrations(MIGRATIONS, rules)

    assert files == ("migrations/3.sql", "migrations/4.sql", "shop/models.py")
    assert irreversible == files
    assert maintenance == ("shop/models.py",)
