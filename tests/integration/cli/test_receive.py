"""`fairlead receive`: real pushes to a real bare repository, deployed by a script."""

import os
import subprocess
import sys

import pytest

FILE = """
install: none
jobs:
  unit: {{python: none, run: "test ! -e broken"}}
environments:
  prod:
    provider: script
    branch: main
    options: {{deploy: "cp app.txt {live} && echo $RELEASE_VERSION >> {live}"}}
  beta: {{provider: script, tag: "v*", options: {{deploy: "cp app.txt {live}.beta"}}}}
  careful: {{provider: script, branch: main, confirm: true, options: {{deploy: "touch {live}.careful"}}}}
  second: {{provider: script, branch: main, approval: true, options: {{deploy: "touch {live}.second"}}}}
"""


class Place:
    """A bare repository with the hook, and a clone of it."""

    def __init__(self, folder):
        self.bare, self.work, self.live = folder / "shop.git", folder / "work", folder / "live"
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "FAIRLEAD"))}
        who = {f"GIT_{part}_{key}": "ann@example.org" for part in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}  # fmt: skip
        self.env = kept | who | {
            "GIT_CONFIG_GLOBAL": "/dev/null", "FAIRLEAD_HOME": str(folder / "home"), "FAIRLEAD_CONFIG": str(folder / "config"),
        }  # fmt: skip
        self.git("init", "-q", "--bare", self.bare, cwd=folder)
        self.git("init", "-q", "-b", "main", self.work, cwd=folder)

    def run(self, *argv, cwd=None, check=True):
        return subprocess.run(
            argv, cwd=cwd or self.work, env=self.env, check=check, text=True, timeout=120,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def git(self, *argv, cwd=None, check=True):
        return self.run("git", *argv, cwd=cwd, check=check)

    def fairlead(self, *argv, cwd=None, check=True):
        return self.run(sys.executable, "-m", "fairlead", *argv, cwd=cwd, check=check)

    def commit(self, text, **files):
        self.work.joinpath("fairlead.yml").write_text(FILE.format(live=self.live))
        self.work.joinpath("app.txt").write_text(f"{text}\n")
        for name, data in files.items():
            self.work.joinpath(name).write_text(data)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", text)
        return self.git("rev-parse", "HEAD").stdout.strip()

    def push(self, *argv):
        done = self.git("push", str(self.bare), *argv, check=False)
        return done.returncode == 0, done.stdout

    def head(self, name="main"):
        return self.git(
            "-C", self.bare, "rev-parse", "-q", "--verify", name, check=False
        ).stdout.strip()


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    place.fairlead("receive", "--install", str(place.bare), cwd=tmp_path)
    return place


def test_a_push_is_tested_and_deployed_by_the_rule_of_its_branch(place):
    commit = place.commit("one")
    ok, told = place.push("main")
    assert ok, told
    assert place.live.read_text() == f"one\n{commit[:12]}\n"
    assert place.head() == commit
    assert "remote: fairlead: main: deploying to prod" in told
    assert "careful wants to be named: git push -o deploy=careful" in told
    assert "second wants the approval of a second person" in told
    assert not list(place.live.parent.glob("live.*"))
    ok, told = place.push("main:topic")
    assert ok
    assert "topic: deployed nowhere" in told

    place.commit("two")
    assert place.push("-o", "deploy=careful", "main")[0]
    assert place.live.with_name("live.careful").exists()
    assert place.live.read_text().startswith("one")
    ok, told = place.push("-o", "deploy=nowhere", "main:other")
    assert not ok
    assert "no environment of what was pushed is called nowhere" in told

    place.commit("three")
    place.git("tag", "v1")
    ok, told = place.push("v1")
    assert ok, told
    assert place.live.with_name("live.beta").read_text() == "three\n"
    assert place.push(":topic")[0]


def test_what_does_not_pass_or_go_live_is_refused(place):
    first = place.commit("one")
    place.push("main")
    place.commit("two", broken="")
    ok, told = place.push("main")
    assert not ok
    assert "main did not pass, so it is deployed nowhere" in told
    assert (place.head(), place.live.read_text().splitlines()[0]) == (first, "one")

    place.git("rm", "-q", "broken")
    place.live.unlink()
    place.live.mkdir()  # what the script writes to is in its way
    place.live.joinpath("app.txt").mkdir()
    place.commit("three")
    ok, told = place.push("main")
    assert not ok
    assert "main is not live in prod" in told
    assert place.head() == first

    place.work.joinpath("fairlead.yml").write_text(
        "jobs: {a: b}\nenvironments: {prod: {hots: a}}\n"
    )
    place.git("commit", "-q", "-am", "wrong")
    ok, told = place.push("main")
    assert not ok
    assert "unknown key 'hots' under prod" in told


def test_after_git_accepted_it(tmp_path):
    place = Place(tmp_path)
    place.fairlead(
        "receive", "--install", str(place.bare), "--hook", "post", "--no-test", cwd=tmp_path
    )
    commit = place.commit("one", broken="")
    place.git("tag", "-a", "-m", "first", "v1")
    ok, told = place.push("v1")
    assert ok, told
    assert place.live.with_name("live.beta").read_text() == "one\n"
    ok, told = place.push("main")
    assert ok, told
    assert place.head() == commit
    assert place.live.read_text().startswith("one")
    place.live.unlink()
    place.live.mkdir()
    place.live.joinpath("app.txt").mkdir()
    place.commit("two")
    ok, told = place.push("main")
    assert ok
    assert "main is not live in prod; the push itself was accepted" in told


def test_a_hook_of_somebody_else_stays(tmp_path):
    place = Place(tmp_path)
    hook = place.bare / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\nexit 0\n")
    done = place.fairlead("receive", "--install", str(place.bare), cwd=tmp_path, check=False)
    assert (done.returncode, hook.read_text()) == (2, "#!/bin/sh\nexit 0\n")
    assert "is there already, and not ours" in done.stdout
    done = place.fairlead("receive", "--install", str(place.work), cwd=tmp_path, check=False)
    assert "is not a bare repository" in done.stdout
    assert "this is for git to call" in place.fairlead("receive", cwd=tmp_path, check=False).stdout
