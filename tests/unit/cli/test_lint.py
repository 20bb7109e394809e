"""`fairlead lint`."""

import json
from types import SimpleNamespace

import jsonschema
import pytest
from click.testing import CliRunner

from fairlead.cli import context
from fairlead.cli.lint import command
from fairlead.errors import UsageError
from fairlead.model import Trigger
from fairlead.pipeline.tree import MemoryTree

FINE = "jobs: {unit: pytest, ship: {run: x, when: {branch: main}}}\n"
BAD = "jobs:\n  unit: {run: pytest, timeuot: 3}\n  pack: {run: x, needs: unti}\n"


@pytest.fixture
def lint(tmp_path, monkeypatch):
    """Run the command in a project of the given files; gives exit code, output, errors."""
    root = tmp_path / "project"
    root.mkdir()
    monkeypatch.chdir(root)
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FAIRLEAD_CONFIG", str(tmp_path / "config"))

    def lint(*args, **files):
        for name, text in files.items():
            (root / name).write_text(text)
        tree = MemoryTree(files)
        source = SimpleNamespace(root=root, tree=tree, trigger=Trigger)
        monkeypatch.setattr(context, "source", lambda: source)
        done = CliRunner().invoke(command, args, standalone_mode=False)
        if done.exception:
            raise done.exception
        return done.return_value, done.stdout, done.stderr

    return lint


def test_a_file_without_problems(lint):
    assert lint(**{"fairlead.yml": FINE}) == (0, "fairlead.yml: fine, 1 job, 1 job skipped\n", "")


def test_all_problems_and_their_places(lint):
    code, out, err = lint(**{"fairlead.yml": BAD})
    assert code == 2
    assert out == (
        "fairlead.yml:2:23: unknown key 'timeuot' under unit (did you mean 'timeout'?)\n"
        "fairlead.yml:3:25: there is no job 'unti' to need (did you mean 'unit'?)\n"
    )
    assert err == "fairlead.yml: 2 errors\n"


def test_environments_are_checked_too(lint):
    text = f"{FINE}environments: {{prod: {{hosts: web1, app: shop:app}}}}\n"
    fine = "fairlead.yml: fine, 1 job, 1 job skipped, 1 environment\n"
    assert lint(**{"fairlead.yml": text}) == (0, fine, "")
    bad = f"{BAD}environments: {{prod: {{hosts: web1, app: shop:app, tagg: v*}}}}\n"
    code, out, err = lint(**{"fairlead.yml": bad, "Procfile": "web: a\nweb: b\n"})
    assert (code, err) == (2, "fairlead.yml: 4 errors, 1 warning\n")
    assert [line.partition(" ")[0] for line in out.splitlines()] == [
        "fairlead.yml:2:23:", "fairlead.yml:3:25:", "fairlead.yml:4:51:", "Procfile:1:1:", "Procfile:2:1:",
    ]  # fmt: skip


def test_a_named_file_goes_before_the_projects(lint):
    code, out, _ = lint("other.yml", **{"fairlead.yml": BAD, "other.yml": FINE})
    assert (code, out) == (0, "other.yml: fine, 1 job, 1 job skipped\n")


def test_a_file_from_elsewhere_is_checked_without_the_projects_files(lint, tmp_path):
    other = tmp_path / "fairlead.yml"
    other.write_text("install: {requirements: x.txt}\njobs: {unit: pytest}\n")
    assert lint(str(other), a="")[0] == 0
    code, out, _ = lint(**{"fairlead.yml": other.read_text()})
    assert (code, out) == (2, "fairlead.yml:1:25: the project has no file 'x.txt'\n")


def test_json(lint):
    code, out, _ = lint("--json", **{"fairlead.yml": BAD})
    found = json.loads(out)
    assert code == 2
    assert (found["file"], found["ok"], found["jobs"]) == ("fairlead.yml", False, [])
    assert found["problems"][1] == {
        "location": {"file": "fairlead.yml", "line": 3, "column": 25},
        "message": "there is no job 'unti' to need",
        "hint": "did you mean 'unit'?",
    }


def test_json_of_a_file_without_problems(lint):
    code, out, _ = lint("--json", **{"fairlead.yml": FINE})
    assert code == 0
    assert json.loads(out) == {
        "file": "fairlead.yml",
        "ok": True,
        "problems": [],
        "jobs": ["unit"],
        "environments": [],
    }


def test_the_schema_needs_no_project(lint, monkeypatch):
    monkeypatch.setattr(context, "source", None)
    done = CliRunner().invoke(command, ["--schema"], standalone_mode=False)
    jsonschema.Draft202012Validator.check_schema(json.loads(done.stdout))


def test_a_travis_file_is_tried_too(lint):
    code, out, _ = lint(
        **{".travis.yml": "language: python\npython: ['3.11', '3.12']\nscript: pytest\n"}
    )
    assert code == 0
    assert "fine, 2 jobs" in out


def test_a_broken_travis_file(lint):
    code, out, _ = lint(**{".travis.yml": "language: python\nscript: [a\n"})
    assert code == 2
    assert ".travis.yml:3:1: not YAML" in out


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "there is no fairlead.yml or .travis.yml here to check"),
        (("absent.yml",), "absent.yml cannot be read: No such file or directory"),
        ((".",), ". is not a file"),
    ],
)
def test_nothing_to_check(lint, args, said):
    with pytest.raises(UsageError) as caught:
        lint(*args)
    assert caught.value.message == said


def test_hostile_files(lint):
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 8)}]\n" for n in range(1, 30)
    )
    code, out, _ = lint(**{"fairlead.yml": bomb})
    assert (code, out.count("\n")) == (2, 1)
    assert "more than 20,000 values" in out
    code, out, _ = lint(**{"fairlead.yml": "a: b\n" * 1_000_000})
    assert (code, out) == (2, "fairlead.yml: the file is 5.0 MB large; at most 1 MiB is read\n")
