"""`provider: heroku` against a platform that checks the documented calls."""

import importlib.util
import subprocess
from functools import partial
from pathlib import Path

import pytest

from fairlead.deploy.providers.heroku import Heroku
from fairlead.model.deployment import DeployOutcome
from fairlead.model.environment import Environment, Health

_SPEC = importlib.util.spec_from_file_location(
    "heroku_platform", Path(__file__).with_name("platform.py")
)
platforms = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(platforms)
OLD = "a" * 40
TOKEN = (("HEROKU_API_KEY", platforms.TOKEN),)
quick = partial(Heroku, pause=0.01)


@pytest.fixture
def platform(monkeypatch):
    monkeypatch.delenv("HEROKU_API_KEY", raising=False)
    platform = platforms.Platform()
    yield platform
    platform.close()


@pytest.fixture
def app(platform):
    """The environment of the app ``shop``; a health check with a version."""

    def app(name="shop", patience=0.2, **options):
        pairs = {"app": name, "api": platform.url} | options
        health = Health(version="json:version", patience=patience, successes=1)
        return Environment(
            name="prod",
            provider="heroku",
            options=tuple(pairs.items()),
            health=health,
            env=(("A", "new"),),
        )

    return app


def test_a_release_is_uploaded_built_and_released(carry, platform, app, release):
    found = carry(app(), way=quick, secrets=(*TOKEN, ("KEY", "hush-hush")))
    assert found.outcome == DeployOutcome.LIVE
    assert found.finished.live == (("shop", release.manifest.version),)
    assert found.events[0].previous == OLD[:12]
    assert platform.current == release.manifest.commit
    assert platform.source == {
        "app.py": b"app = 1\n",
        "bin": b"",
        "bin/publish": b"#!/bin/sh\necho published\n",
        ".profile": f"export A=1\nexport RELEASE_VERSION={release.manifest.version}\n".encode(),
        "link": b"",
    }
    assert platform.variables == {"OLD": "kept", "A": "new", "KEY": "hush-hush"}
    assert found.lines == ["-----> Building", "-----> Done"]
    assert found.notices == ["config vars changed: A, KEY"]
    assert found.phases == [("upload", True), ("switch", True), ("probe", True)]
    assert platform.calls[-1] == "GET /health"
    assert platforms.TOKEN not in found.text
    assert "hush-hush" not in found.text


def test_the_same_release_is_the_same_archive(carry, platform, app):
    carry(app(), way=quick, secrets=TOKEN)
    first = platform.files["/blob/1"]
    carry(app(), way=quick, secrets=TOKEN)
    assert platform.files["/blob/1"] == first


@pytest.mark.parametrize("how", ["build", "phase"])
def test_a_build_or_release_phase_that_fails_changes_nothing(carry, platform, app, how):
    setattr(platform, f"{how}_fails", True)
    found = carry(app(), way=quick, secrets=TOKEN)
    assert found.outcome == DeployOutcome.REFUSED
    assert "of shop failed" in found.finished.sentence
    assert (platform.current, platform.variables["A"]) == (OLD, "was")


def test_one_that_is_not_well_is_gone_back_over(carry, platform, app):
    platform.unwell = True
    found = carry(app(), way=quick, secrets=TOKEN)
    assert found.outcome == DeployOutcome.ROLLED_BACK
    assert "version wrong, not 0123456789ab" in found.finished.sentence
    assert found.finished.live == (("shop", OLD[:12]),)
    assert (platform.current, platform.variables["A"]) == (OLD, "was")


def test_a_build_that_is_cancelled_is_waited_for_lest_it_goes_live(carry, platform, app):
    platform.pending = 20
    found = carry(app(), way=quick, secrets=TOKEN, when="Building")
    assert platform.builds["b1"][0]["status"] == "succeeded"
    assert found.outcome == DeployOutcome.ROLLED_BACK
    assert "waiting for a build that cannot be called off" in found.notices
    assert platform.current == OLD


def test_back_to_the_release_before_and_to_a_version(carry, platform, app, release):
    carry(app(), way=quick, secrets=TOKEN)
    found = carry(app(), way=quick, back="", secrets=TOKEN)
    assert found.phases == [("switch", False)] or found.outcome == DeployOutcome.LIVE
    assert platform.current == OLD
    found = carry(app(), way=quick, back=release.manifest.version, secrets=TOKEN)
    assert (found.outcome, platform.current) == (DeployOutcome.LIVE, release.manifest.commit)
    found = carry(app(), way=quick, back="ffff", secrets=TOKEN)
    assert found.outcome == DeployOutcome.REFUSED
    assert "no release of ffff" in found.finished.sentence


def test_what_the_platform_refuses_is_told_in_its_words(carry, app):
    assert "there is no token for shop" in carry(app()).finished.sentence
    wrong = carry(app(), secrets=(("HEROKU_API_KEY", "wrong-one"),))
    assert wrong.outcome == DeployOutcome.REFUSED
    assert "shop: Invalid credentials provided." in wrong.finished.sentence
    assert "Couldn't find that app." in carry(app("other"), secrets=TOKEN).finished.sentence


def test_a_platform_that_is_not_there(carry, app):
    found = carry(app(api="http://127.0.0.1:9"), secrets=TOKEN)
    assert found.outcome == DeployOutcome.REFUSED
    assert "http://127.0.0.1:9" in found.finished.sentence


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with one commit, in whose folder we are; gives the commit."""
    folder = tmp_path / "work"
    env = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b"}
    env |= {"GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    subprocess.run(("git", "init", "-q", folder), check=True)
    monkeypatch.chdir(folder)
    subprocess.run(("git", "commit", "-q", "--allow-empty", "-m", "x"), check=True)
    return subprocess.run(("git", "rev-parse", "HEAD"), capture_output=True, text=True, check=True).stdout.strip()  # fmt: skip


def test_a_push_to_the_platforms_git(carry, platform, app, tmp_path, repository, release):
    import msgspec

    bare = tmp_path / "platform.git"
    subprocess.run(("git", "init", "-q", "--bare", bare), check=True)
    manifest = msgspec.structs.replace(release.manifest, commit=repository)
    pushed = msgspec.structs.replace(release, manifest=manifest)
    environment = msgspec.structs.replace(app(method="git", git=str(bare)), health=Health())
    from fairlead.deploy.order import DeployOrder

    found = carry(environment, way=lambda order: quick(DeployOrder(
        environment=order.environment, release=pushed, secrets=order.secrets)), secrets=TOKEN)  # fmt: skip
    assert found.outcome == DeployOutcome.LIVE
    head = subprocess.run(
        ("git", "-C", bare, "rev-parse", "main"), capture_output=True, text=True, check=True
    )
    assert head.stdout.strip() == repository
    found = carry(msgspec.structs.replace(app(method="git", git=str(tmp_path / "absent.git")), health=Health()), way=quick, secrets=TOKEN)  # fmt: skip
    assert found.outcome == DeployOutcome.REFUSED
    assert "git push ended with code 128" in found.finished.sentence
