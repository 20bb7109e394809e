"""`fairlead environments`."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from fairlead.cli import context
from fairlead.cli.environments import command
from fairlead.errors import PipelineError, UsageError
from fairlead.pipeline.tree import MemoryTree

FILE = """
environments:
  production:
    hosts: [ann@web1, {address: web2, roles: [web, cron]}]
    branch: main
    tag: v*
    approval: true
    domain: shop.example
    tls: {certificate: /etc/a.pem, key: /etc/a.key}
    env: {A: secret-looking}
    secrets: [KEY]
    app: {workers: {queue: {run: q, count: 2}}, cron: [{at: "@daily", run: clean}]}
    hooks: {before migrate: {run: backup, on: first}}
  demo: {provider: heroku, options: {app: shop-demo}, automatic: true, branch: main}
"""
FILES = {"fairlead.yml": FILE, "shop/wsgi.py": "app = make()"}


@pytest.fixture
def show(monkeypatch):
    """Run the command in a project of the given files; gives exit code and output."""

    def show(*args, files=FILES):
        source = SimpleNamespace(root=Path("shop"), tree=MemoryTree(files))
        monkeypatch.setattr(context, "source", lambda revision=None: source)
        done = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "100"}).invoke(command, args, standalone_mode=False)  # fmt: skip
        if done.exception:
            raise done.exception
        return done.return_value, done.stdout

    return show


def test_all_of_them_in_short(show):
    assert show() == (0, """\
2 environments from fairlead.yml

production
  where       ann@web1, web2 (web, cron)
  domain      https://shop.example
  takes       branch main, tag v*; approval
  runs        gunicorn shop.wsgi:app with 2 processes of 8 threads; 2 queue

demo
  where       heroku shop-demo
  takes       branch main; automatic
""")  # fmt: skip


def test_one_in_full_without_values_of_variables(show):
    code, text = show("production")
    assert code == 0
    assert "secret-looking" not in text
    for line in (
        "on a host   /srv/shop, as shop, systemd",
        "cron        0 0 * * *  clean",
        "health      /health answers 200",
        "watch       30 s; back when 5.0% of at least 20 answers are above 499",
        "migrations  none",
        "variables   A",
        "secrets     KEY",
        "hook        before migrate: backup (first host)",
    ):
        assert f"  {line}\n" in text
    assert "demo" not in text


def test_as_json(show):
    code, text = show("--json")
    answer = json.loads(text)
    assert (code, answer["file"], answer["problems"]) == (0, "fairlead.yml", [])
    production, demo = answer["environments"]
    assert production["hosts"][1] == {
        "address": "web2", "user": "", "port": 22, "roles": ["web", "cron"], "manager": "",
    }  # fmt: skip
    assert (demo["provider"], demo["options"]) == ("heroku", [["app", "shop-demo"]])
    assert answer["release"]["python"] == "3"
    assert [found["name"] for found in json.loads(show("demo", "--json")[1])["environments"]] == [
        "demo"
    ]


def test_an_unknown_one(show):
    with pytest.raises(UsageError) as caught:
        show("producton")
    assert str(caught.value) == "there is no environment 'producton'\n  did you mean 'production'?"


def test_none_at_all(show):
    code, text = show(files={"fairlead.yml": "jobs: {a: b}"})
    assert (code, text.splitlines()[0]) == (0, "fairlead.yml has no environments")
    code, text = show(files={})
    assert text.splitlines()[0] == "there is no fairlead.yml, and so no environments"
    with pytest.raises(UsageError, match="has no environments"):
        show("production", files={})


def test_warnings_are_shown_and_errors_refused(show):
    procfile = {"Procfile": "web: waitress-serve shop.wsgi:app\n"}
    assert show(files=FILES | procfile)[1].startswith("Procfile:1:1: warning: ")
    with pytest.raises(PipelineError, match="unknown key 'x' under a"):
        show(files={"fairlead.yml": "environments: {a: {hosts: b, x: y}}"})
