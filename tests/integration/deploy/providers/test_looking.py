"""`fairlead status` and `fairlead history` where there are no hosts of ours, as they are typed."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FAIRLEAD = Path(sys.executable).with_name("fairlead")
_SPEC = importlib.util.spec_from_file_location(
    "heroku_platform_looked_at", Path(__file__).with_name("platform.py")
)
platforms = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(platforms)
FILE = """\
jobs: {{nothing: "true"}}
release: {{python: "{python}"}}
environments:
  ship:
    provider: script
    options:
      deploy: test ! -e {live}.full && printf %s $RELEASE_VERSION >{live}
      rollback: "true"
      status: cat {live}
  blind: {{provider: script, options: {{deploy: "true"}}}}
  shop: {{provider: heroku, options: {{app: shop, api: "{url}"}}}}
"""
NAMED = {
    f"GIT_{who}_{what}": f"{what.lower()}@example.org"
    for who in ("AUTHOR", "COMMITTER")
    for what in ("NAME", "EMAIL")
}


@pytest.fixture
def platform():
    platform = platforms.Platform()
    yield platform
    platform.close()


@pytest.fixture
def project(tmp_path, platform):
    """Our program in a project with one commit, and its version; ``live`` is what is live by script."""
    root = tmp_path / "shop"
    root.mkdir()
    live = tmp_path / "live"
    live.write_text("")
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    (root / "fairlead.yml").write_text(FILE.format(live=live, url=platform.url, python=python))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "FAIRLEAD_HOME": str(tmp_path / "cache"),
    }
    env |= {"NO_COLOR": "1", "HEROKU_API_KEY": platforms.TOKEN, **NAMED}

    def run(*words, code=0, **more):
        done = subprocess.run(
            words, cwd=root, env=env | more, capture_output=True, text=True,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.stdout

    for words in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "one")):
        run("git", *words)

    def fairlead(*words, **more):
        return run(FAIRLEAD, *words, **more)

    fairlead.version = run("git", "rev-parse", "HEAD").strip()[:12]
    fairlead.live, fairlead.root = live, root
    return fairlead


def test_what_is_live_by_a_script_and_what_was(project):
    assert "nothing was ever deployed to it from here" in project("status", "ship")
    assert project("history", "ship") == ""
    project("deploy", "ship", "--force", "--plain")
    project.live.with_suffix(".full").touch()
    project("deploy", "ship", "--force", "--plain", code=1)
    told = project("status", "ship")
    assert f"ship  release 1 ({project.version}) since 20" in told
    assert "nothing waits" in told
    failed, good = json.loads(project("history", "ship", "--json"))
    assert (good["outcome"], good["release"], good["version"]) == ("live", 1, project.version)
    assert (failed["outcome"], failed["previous"]) == ("rolled back", project.version)
    assert len(project("history", "ship", "-n", "1").splitlines()) == 2
    project.live.unlink()
    assert "the command `status` ended with code 1" in project("status", "ship", code=1)


def test_without_a_command_what_was_deployed_from_here_is_told(project):
    project("deploy", "blind", "--force", "--plain")
    told = project("status", "blind")
    assert f"release 1 ({project.version}) since 20" in told
    assert "as it was last deployed from here" in told


def test_what_is_live_on_a_platform(project, platform):
    assert "(aaaaaaaaaaaa)" in project("status", "shop")
    project("deploy", "shop", "--force", "--plain")
    assert f"shop  release 1 ({project.version}) since 20" in project("status", "shop")
    assert json.loads(project("history", "shop", "--json"))[0]["previous"] == "a" * 12
    platform.release("b" * 40)
    told = project("status", "shop")
    assert "shop  release (bbbbbbbbbbbb)\n" in told
    assert "not in this repository" in told
    refused = project("status", "shop", code=1, HEROKU_API_KEY="wrong")
    assert "Invalid credentials provided" in refused
    (one, two, three) = json.loads(project("status", "--json"))
    assert [one["environment"], two["environment"], three["environment"]] == [
        "ship",
        "blind",
        "shop",
    ]


def test_what_cannot_be_remembered_is_live_all_the_same(project):
    (project.root / ".fairlead").mkdir()
    (project.root / ".fairlead/deployments").write_text("in the way")
    assert "is live in blind" in project("deploy", "blind", "--force", "--plain")
    assert project("history", "blind", code=2) == ""
