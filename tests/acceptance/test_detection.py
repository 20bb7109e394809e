"""Projects without a pipeline file: what is found out about them, and that it is right."""

import pytest

pytestmark = pytest.mark.network


def test_a_library_with_extras_and_groups(make_project, two_pythons):
    low, high = two_pythons
    project = make_project(
        {
            "pyproject.toml": f"""\
                [build-system]
                requires = ["flit_core>=3.4"]
                build-backend = "flit_core.buildapi"

                [project]
                name = "shop"
                version = "1.0"
                description = "Sells things."
                requires-python = ">={low}"
                classifiers = [
                  "Programming Language :: Python :: {low}",
                  "Programming Language :: Python :: {high}",
                ]

                [project.optional-dependencies]
                colour = ["colorama"]
                tests = ["iniconfig"]

                [dependency-groups]
                test = ["pytest", {{include-group = "more"}}]
                more = ["pluggy"]

                [tool.pytest.ini_options]
                testpaths = ["tests"]
                """,
            "src/shop/__init__.py": "def price(n):\n    return n * 2\n",
            "tests/test_shop.py": """\
                import iniconfig
                import pluggy
                import pytest
                import shop


                @pytest.mark.parametrize("n", [1, 2])
                def test_price(n):
                    assert shop.price(n) == 2 * n


                def test_not_here():
                    pytest.skip("not here")


                @pytest.mark.xfail(strict=True)
                def test_not_yet():
                    assert shop.price(1) == 3
                """,
        }
    )
    plan = project.fairlead("plan")
    assert f"  tests-{low}" in plan.out
    assert "pytest: [tool.pytest.ini_options] in pyproject.toml" in plan.out
    assert "install: extras tests; dependency groups test; the project itself" in plan.out
    run = project.run(code=0)
    assert run.ends == {f"tests-{low}": "passed", f"tests-{high}": "passed"}
    assert run.tests(f"tests-{low}") == {
        "test_price[1]": "passed",
        "test_price[2]": "passed",
        "test_not_here": "skipped",
        "test_not_yet": "xfailed",
    }
    assert run.sentence.startswith("8 tests in 2 jobs; 2 tests skipped")
    resolution = run.jobs[f"tests-{high}"]["resolution"]
    assert "pytest==" in resolution
    assert "colorama" not in resolution
    assert sorted(path.name for path in project.folder.iterdir()) == [
        *(".fairlead", ".git", "pyproject.toml", "src", "tests")
    ]
    assert project.git("status", "--short") == ""


def test_unittest_alone(make_project):
    project = make_project(
        {
            "shop.py": "def price(n):\n    return n * 2\n",
            "tests/__init__.py": "",
            "tests/test_shop.py": """\
                import unittest

                import shop


                class Prices(unittest.TestCase):
                    def test_double(self):
                        self.assertEqual(shop.price(2), 4)

                    @unittest.skip("not here")
                    def test_not_here(self):
                        pass

                    def test_many(self):
                        for n in range(3):
                            with self.subTest(n=n):
                                self.assertLess(shop.price(n), 4)
                """,
        }
    )
    plan = project.fairlead("plan")
    assert "python -m unittest discover" in plan.out
    assert "unittest: tests/test_shop.py uses unittest" in plan.out
    run = project.run(code=1)
    (job,) = run.jobs
    tests = run.tests(job)
    assert tests["test_double"] == "passed"
    assert tests["test_not_here"] == "skipped"
    assert {outcome for name, outcome in tests.items() if "test_many" in name} == {"failed"}
    assert "4 not less than 4" in run.out


def test_django(make_project):
    project = make_project(
        {
            "requirements.txt": "django>=4.2\n",
            "manage.py": """\
                import os
                import sys

                if __name__ == "__main__":
                    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "site1.settings")
                    from django.core.management import execute_from_command_line

                    execute_from_command_line(sys.argv)
                """,
            "site1/__init__.py": "",
            "site1/settings.py": """\
                SECRET_KEY = "x"
                INSTALLED_APPS = ["shop"]
                DATABASES = {
                    "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "db.sqlite3"}
                }
                USE_TZ = True
                DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
                """,
            "shop/__init__.py": "",
            "shop/models.py": """\
                from django.db import models


                class Item(models.Model):
                    name = models.CharField(max_length=20)
                """,
            "shop/migrations/__init__.py": "",
            "shop/migrations/0001_initial.py": """\
                from django.db import migrations, models


                class Migration(migrations.Migration):
                    initial = True
                    operations = [
                        migrations.CreateModel(
                            "Item",
                            [
                                ("id", models.AutoField(primary_key=True)),
                                ("name", models.CharField(max_length=20)),
                            ],
                        )
                    ]
                """,
            "shop/tests.py": """\
                from django.test import TestCase
                from shop.models import Item


                class ItemTests(TestCase):
                    def test_stored(self):
                        Item.objects.create(name="a")
                        self.assertEqual(Item.objects.count(), 1)

                    def test_empty(self):
                        self.assertEqual(Item.objects.count(), 0)

                    def test_wrong(self):
                        self.assertEqual(Item.objects.count(), 7)
                """,
        }
    )
    assert "python manage.py test" in project.fairlead("plan").out
    run = project.run(code=1)
    (job,) = run.jobs
    assert run.tests(job) == {
        "test_stored": "passed",
        "test_empty": "passed",
        "test_wrong": "failed",
    }
    assert "1 test failure in tests" in run.sentence
    again = project.run("-k", "test_stored", code=0)
    assert again.tests(job) == {"test_stored": "passed"}


def test_behave(make_project):
    project = make_project(
        {
            "requirements.txt": "behave\n",
            "features/price.feature": """\
                Feature: Prices
                  Scenario: Double
                    Given a price of 2
                    Then it doubles to 4

                  Scenario Outline: Many
                    Given a price of <n>
                    Then it doubles to <m>
                    Examples:
                      | n | m |
                      | 1 | 2 |
                      | 3 | 7 |
                """,
            "features/steps/prices.py": """\
                from behave import given, then


                @given("a price of {n:d}")
                def price(context, n):
                    context.n = n


                @then("it doubles to {m:d}")
                def doubles(context, m):
                    assert context.n * 2 == m, f"it is {context.n * 2}"
                """,
        }
    )
    assert "features: " not in project.fairlead("plan").err
    run = project.run(code=1)
    (job,) = run.jobs
    assert sorted(run.tests(job).values()) == ["failed", "passed", "passed"]
    assert "it is 6" in run.out


def test_tox_alone(make_project, two_pythons):
    low, high = two_pythons
    factors = [version.replace(".", "") for version in two_pythons]
    project = make_project(
        {
            "tox.ini": f"""\
                [tox]
                envlist = py{factors[0]}, py{factors[1]}-extra, lint, release
                skipsdist = true

                [testenv]
                deps =
                    pytest
                    extra: iniconfig
                setenv =
                    MODE = {{envname}}
                commands = pytest checks {{posargs}}

                [testenv:lint]
                deps = pyflakes
                commands = pyflakes checks

                [testenv:release]
                deps = twine
                commands = twine upload dist/*
                """,
            "checks/test_mode.py": """\
                import os


                def test_mode():
                    import sys

                    version = "py%d%d" % sys.version_info[:2]
                    assert os.environ["MODE"].split("-")[0] == version


                def test_extra():
                    if os.environ["MODE"].endswith("extra"):
                        import iniconfig
                """,
        }
    )
    plan = project.fairlead("plan")
    assert "tox: tox.ini alone says how to test" in plan.out
    assert "release  tox.ini has it, but it does not test or only check" in plan.out
    run = project.run()
    assert run.ends == {
        f"tests-{low}": "passed",
        f"tests-extra-{high}": "passed",
        "lint": "failed",
    }
    assert "1 pyflakes violation" in run.sentence
    assert len(run.tests(f"tests-{low}")) == len(run.tests(f"tests-extra-{high}")) == 2


def test_nox_alone(make_project, two_pythons):
    low, high = two_pythons
    project = make_project(
        {
            "noxfile.py": f"""\
                import nox


                @nox.session(python=["{low}", "{high}"])
                def tests(session):
                    session.install("pytest", "iniconfig")
                    session.run("pytest", "checks", *session.posargs)


                @nox.session
                def lint(session):
                    session.install("pyflakes")
                    session.run("pyflakes", "checks")
                """,
            "checks/test_all.py": "import iniconfig\n\n\ndef test_it():\n    assert iniconfig\n",
        }
    )
    run = project.run(code=0)
    assert list(run.ends) == [f"tests-{low}", f"tests-{high}", "lint"]
    assert run.tests(f"tests-{low}") == run.tests(f"tests-{high}") == {"test_it": "passed"}


def test_an_application_with_requirements(make_project):
    project = make_project(
        {
            "requirements.txt": "iniconfig\n",
            "requirements-dev.txt": "-r requirements.txt\npytest\n",
            "app.py": "import iniconfig\n\n\ndef hello(name):\n    return f'hello {name}'\n",
            "tests/test_app.py": """\
                from app import hello


                def test_hello():
                    assert hello("you") == "hello you"
                """,
        }
    )
    plan = project.fairlead("plan")
    assert "install: files requirements-dev.txt" in plan.out
    run = project.run(code=0)
    (job,) = run.jobs
    assert run.tests(job) == {"test_hello": "passed"}


def test_nothing_to_go_by(make_project):
    project = make_project({"README": "Nothing here.\n"})
    for command in ("plan", "run"):
        done = project.fairlead(command)
        assert done.code == 2
        assert "no tests were found" in done.err
        assert "fairlead init" in done.err
    assert project.fairlead("init").code == 0
    assert project.fairlead("lint").code == 0
