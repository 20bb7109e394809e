"""`fairlead deploy` and `fairlead rollback` as they are typed, where no host can be reached."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

FAIRLEAD = Path(sys.executable).with_name("fairlead")
NAMED = {
    f"GIT_{who}_{what}": f"{what.lower()}@example.org"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}
FILE = """
release:
  python: "{python}"
app:
  name: shop
  target: shop:app
environments:
  production:
    hosts: deploy@127.0.0.1:{port}
    branch: main
    confirm: true
  dev:
    hosts: deploy@127.0.0.1:{port}
    app: {{name: shopdev}}
    root: /srv/dev
    user: dev
    secrets: TOKEN
  signed:
    hosts: deploy@127.0.0.1:{port}
    app: {{name: shopsigned}}
    root: /srv/signed
    user: signed
    approval: true
  each:
    hosts: deploy@127.0.0.1:{port}
    app: {{name: each}}
    root: /srv/each
    user: each
    domain: "{{number}}.shop.example"
    review: true
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository with a release of a commit on `develop`, and an address where nobody listens."""
    home = tmp_path_factory.mktemp("person")
    root = home / "shop"
    root.mkdir()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        (root / "fairlead.yml").write_text(FILE.format(port=nobody.getsockname()[1], python=python))
        (root / "shop.py").write_text("app = None\n")
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "FAIRLEAD_HOME": str(home / "cache"),
            "NO_COLOR": "1",
        }

        def run(*words, code=0):
            done = subprocess.run(
                words,
                cwd=root,
                env=env | NAMED,
                capture_output=True,
                text=True,
                stdin=subprocess.DEVNULL,
                check=False,
            )
            assert done.returncode == code, done.stdout + done.stderr
            assert "Traceback" not in done.stderr
            return done.stdout + done.stderr

        def fairlead(*words, code=0):
            return run(FAIRLEAD, *words, code=code)

        for words in (
            ("init", "-q", "-b", "develop"),
            ("add", "-A"),
            ("commit", "-q", "-m", "one"),
        ):
            run("git", *words)
        fairlead("package")
        fairlead.run, fairlead.root = run, root
        yield fairlead


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("deploy", "prodution"), 2, "production"),
        (("deploy",), 2, "Missing argument"),
        (("deploy", "dev", "--release", "1", "--commit", "HEAD"), 2, "give one of them"),
        (("deploy", "dev", "--release", "9"), 2, "no release '9'"),
        (("deploy", "dev", "--commit", "nothing"), 2, "nothing"),
        (("deploy", "dev", "--json"), 2, "--json goes with --dry-run"),
        (("deploy", "dev", "--release", "1"), 1, "no build tested it"),
        (("deploy", "production", "--release", "1"), 1, "takes branch main"),
        (("deploy", "production", "--release", "1", "--force"), 2, "--yes does it"),
        (("deploy", "signed", "--release", "1", "--force", "--host", "web9"), 2, "no host 'web9'"),
        (("deploy", "dev", "--release", "1", "--force"), 1, "secrets set TOKEN"),
        (("rollback", "production", "--to", "1", "--json"), 2, "--json goes with --dry-run"),
        (("deploy", "dev", "--release", "9", "--host", "web9"), 2, "no host 'web9'"),
        (("rollback", "nowhere"), 2, "no environment 'nowhere'"),
        (("rollback", "each"), 2, "fairlead review each NUMBER"),
    ],
)
def test_what_cannot_be_done_says_why(project, words, code, said):
    assert said in project(*words, code=code)


def test_nobody_answers(project):
    for words in (
        ("deploy", "production", "--release", "1", "--force", "--yes"),
        ("rollback", "production"),
    ):
        told = project(*words, code=1)
        assert "nothing changed" in told
        assert "127.0.0.1" in told
    assert "127.0.0.1" in project(
        "deploy", "production", "--release", "1", "--force", "--dry-run", code=2
    )


def test_events_are_json_lines(project):
    told = project("deploy", "production", "--release", "1", "--force", "--yes", "--events", code=1)
    events = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    assert events[0]["event"] == "deploy_started"
    assert events[0]["forced"] is True
    assert events[-1]["outcome"] == "refused"


def test_a_commit_that_came_to_another_branch_may_go_where_that_goes(project):
    project.run("git", "branch", "main")
    try:
        told = project("deploy", "production", "--release", "1", code=1)
        assert "no build tested it" in told
        assert "takes branch" not in told
    finally:
        project.run("git", "branch", "-D", "main")


TWICE = """\
app: shop:app
environments:
  production: {hosts: a, domain: shop.example}
  dev:
    hosts: b
    domain: [dev.example, shop.example]
"""


@pytest.fixture
def written(project):
    """Writes a file of the project for one test; what was there comes back."""
    before = {}

    def write(name, text):
        path = project.root / name
        before[path] = path.read_text() if path.exists() else None
        path.write_text(text)

    yield write
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text)


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (
            "Procfile",
            "web: gunicorn shop:app\n\nweb: gunicorn shop:other\n",
            "Procfile:3:1: web is here twice",
        ),
        (
            "fairlead.yml",
            TWICE,
            "fairlead.yml:6:27: the domain shop.example is here twice (first fairlead.yml:3:34, ",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_place_and_nothing_is_done(
    project, written, name, text, said
):
    written(name, text)
    for words in (
        ("deploy", "dev", "--release", "1", "--force"),
        ("rollback", "dev"),
        ("environments",),
        ("status", "dev"),
        ("logs", "dev"),
        ("lint",),
    ):
        assert said in project(*words, code=2), words
