import pytest

PRESENT = ("2.7.18", "3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.0")
TESTS = {"tests/test_a.py": "def test_a(): pass\n"}
BUILD = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "x"\nversion = "1"\n'


@pytest.fixture
def pythons(found):
    def pythons(files, present=PRESENT):
        plan = found({**TESTS, **files}, present).plan
        return [job.python for job in plan.jobs if job.stage == "test"]

    return pythons


def classified(*versions):
    items = "".join(f'"Programming Language :: Python :: {version}",' for version in versions)
    return f"{BUILD}classifiers = [{items}]\n"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, ["3.13"]),
        ({"pyproject.toml": classified("3", "3.9", "3.11", "3.7")}, ["3.9", "3.11"]),
        ({"pyproject.toml": BUILD + 'requires-python = ">=3.11"\n'}, ["3.11", "3.12", "3.13"]),
        ({"pyproject.toml": BUILD + 'requires-python = ">=3.11.5,<3.13"\n'}, ["3.11", "3.12"]),
        (
            {"pyproject.toml": classified("3.8", "3.12") + 'requires-python = ">=3.9"\n'},
            ["3.12"],
        ),
        (
            {"setup.cfg": "[metadata]\nname=x\nclassifiers =\n"
             "  Programming Language :: Python :: 2.7\n  Programming Language :: Python :: 3.8\n"},
            ["2.7", "3.8"],
        ),
        (
            {"setup.py": "from setuptools import setup\nsetup(name='x', classifiers=["
             "'Programming Language :: Python :: 3.10'])"},
            ["3.10"],
        ),
        ({"setup.py": "setup(python_requires='>=3.12')"}, ["3.12", "3.13"]),
        (
            {"setup.py": "setup()", "PKG-INFO": "Metadata-Version: 2.1\nRequires-Python: >=3.12\n"
             "Classifier: Programming Language :: Python :: 3.13\n\nClassifier: no header\n"},
            ["3.13"],
        ),
        ({".python-version": "3.11\n"}, ["3.11"]),
        ({".python-version": "3.11.4\n"}, ["3.11"]),
        ({".python-version": "3.11.7\n"}, ["3.11.7"]),
        ({".python-version": "3.14\n"}, ["3.14"]),
        ({"runtime.txt": "python-3.10.2"}, ["3.10"]),
        ({"Pipfile": '[requires]\npython_version = "3.9"\n'}, ["3.9"]),
        (
            {".python-version": "3.12\n", "pyproject.toml": classified("3.9", "3.10")},
            ["3.9", "3.10"],
        ),
        ({"pyproject.toml": '[project]\nname="x"\nversion="1"\nrequires-python=">=3.9"\n'},
         ["3.13"]),
        ({"pyproject.toml": BUILD + 'requires-python = ">=3.14"\n'}, ["3.14"]),
        (
            {"pyproject.toml": '[build-system]\nrequires=[]\n[tool.poetry]\nname="x"\n'
             '[tool.poetry.dependencies]\npython = "^3.12"\n'},
            ["3.12", "3.13"],
        ),
        ({"pyproject.toml": BUILD, "tox.ini": "[tox]\nenvlist = py39, py3{10,11}, pypy3, lint\n"},
         ["3.9", "3.10", "3.11"]),
        (
            {"pyproject.toml": BUILD, "noxfile.py": "import nox\nALL = ['3.8', '3.9']\n"
             "@nox.session(python=ALL)\ndef tests(session):\n    session.run('pytest')\n"},
            ["3.8", "3.9"],
        ),
        ({"pyproject.toml": BUILD + 'requires-python = "nonsense"\n'},
         ["2.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]),
    ],
)  # fmt: skip
def test_versions(pythons, files, expected):
    assert pythons(files) == expected


def test_the_newest_of_several_patches_is_one_version(pythons):
    assert pythons({}, present=("3.11.1", "3.11.7", "3.9.2")) == ["3.11"]


def test_versions_are_ordered_by_number(pythons):
    file = {"pyproject.toml": classified("3.10", "3.9")}
    assert pythons(file) == ["3.9", "3.10"]


def test_no_python_at_all_is_left_to_the_run(pythons):
    assert pythons({}, present=()) == ["3"]


def test_absent_versions_are_told(found):
    reasons = found({**TESTS, "pyproject.toml": classified("3.9", "3.14")}).reasons
    assert reasons[0] == (
        "Python 3.9: named by the classifiers; not on this machine, or not allowed: 3.14"
    )
