"""A team's first day with a server, from outside: real processes, git and a browser's requests."""

import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import pytest

from fairlead.util.fs import remove_tree
from fairlead.util.serving import serving

LATEST = 90
PASSWORD = "a long way from harbour"
TEST = """\
import os
import time
import unittest

import shop


class Prices(unittest.TestCase):
    def test_price(self):
        self.assertEqual(shop.price(2), 4)

    def test_pause(self):
        print("pausing", flush=True)
        time.sleep(float(os.environ.get("PAUSE", "0")))
"""


class Machine:
    """A machine of its own, as far as folders go, with `fairlead serve` on it."""

    def __init__(self, folder, env):
        folder.mkdir(mode=0o755)
        self.folder, self.process, self.url = folder, None, ""
        self.env = env | {"FAIRLEAD_DATA": str(folder / "data")}

    def serve(self):
        """Start it; what it greets with."""
        log = self.folder / "log"
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                (sys.executable, "-m", "fairlead", "serve", "--listen", "127.0.0.1:0"),
                env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            )  # fmt: skip
        end = time.monotonic() + LATEST
        while "Fairlead is at" not in log.read_text():
            assert self.process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.05)
        self.url = serving(self.folder / "data").url
        return log.read_text()

    def fairlead(self, *words):
        """A command on that machine; what it says."""
        done = subprocess.run(
            (sys.executable, "-m", "fairlead", *words), env=self.env, cwd="/",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=LATEST, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        return done.stdout

    def stop(self):
        self.process.send_signal(signal.SIGINT)
        assert self.process.wait(LATEST) == 0, (self.folder / "log").read_text()

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # nothing may write below while it is removed
            try:
                self.process.wait(LATEST)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def machines(person):
    """Make a machine by its name."""
    root = Path(tempfile.mkdtemp(prefix="fl-story-", dir="/tmp"))
    root.chmod(0o755)
    made = []

    def machine(name):
        made.append(Machine(root / name, person | {"NO_PROXY": "127.0.0.1"}))
        return made[-1]

    yield machine
    for one in made:
        one.end()
    remove_tree(root)


class Browser(httpx.Client):
    """Follows links, keeps cookies, and sends forms with what is hidden in them."""

    def send_form(self, path, **fields):
        page = self.get(path)
        assert page.status_code == 200, page.text
        hidden = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
        headers = {"Referer": str(page.url), "Origin": str(self.base_url).rstrip("/")}
        return self.post(path, data=dict(hidden) | fields, headers=headers)


@pytest.fixture
def browser():
    opened = []

    def browser(url):
        opened.append(Browser(base_url=url, follow_redirects=True, timeout=30, trust_env=False))
        return opened[-1]

    yield browser
    for one in opened:
        one.close()


@pytest.fixture
def shop(make_project, python):
    project = make_project(
        {
            "fairlead.yml": f"""\
                jobs:
                  unit:
                    python: {python}
                    run: [mkdir -p dist && echo made > dist/made.txt, python -m unittest -v]
                    artifacts: [dist/*]
                  lint: {{python: none, run: "echo clean"}}
                """,
            "shop.py": "def price(n):\n    return n * 3\n",
            "test_shop.py": TEST,
        }
    )
    project.env |= {"NO_PROXY": "127.0.0.1", "GIT_TERMINAL_PROMPT": "0"}
    return project


def push(project, *words):
    """`git push`: its exit code and what the server said."""
    done = subprocess.run(
        ("git", "push", *words), cwd=project.folder, env=project.env, capture_output=True,
        text=True, timeout=LATEST, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def ok(done, code=0):
    assert done.code == code, done
    return done


def watch_until_started(project, number):
    """Somebody watches the build of that number; returns when its test runs."""
    process = subprocess.Popen(
        (sys.executable, "-m", "fairlead", "watch", number), cwd=project.folder,
        env=project.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    seen = ""
    while "▸ python -m unittest" not in seen:
        line = process.stdout.readline()
        assert line, seen
        seen += line
    return process


def test_the_first_day(machines, browser, shop, tmp_path):
    harbour = machines("harbour")
    visitor = browser(become_administrator(harbour, browser))
    sign_in(visitor)
    token = log_in(harbour, shop, tmp_path)
    log = break_it(harbour, shop, visitor, tmp_path / "got")
    mend_it(shop)
    lose_patience(shop)

    # The server is saved while it runs, and lost; another machine goes on with it.
    saved = tmp_path / "fairlead.tar"
    assert "1 project" in harbour.fairlead("backup", str(saved))
    harbour.stop()
    elsewhere = machines("elsewhere")
    assert "4 builds" in elsewhere.fairlead("restore", str(saved))
    assert "welcome" not in elsewhere.serve()
    ok(shop.fairlead("login", elsewhere.url, given=token))
    assert ok(shop.fairlead("logs", "shop/1.unit", "--server", elsewhere.url)).out == log
    visitor = browser(elsewhere.url)
    sign_in(visitor)
    for number, state in enumerate(("failed", "failed", "passed", "cancelled"), 1):
        assert f"{state}: shop {number}" in title(visitor.get(f"/p/shop/{number}/"))
    elsewhere.stop()


def become_administrator(harbour, browser):
    """Somebody starts a server and sets a password by the link it prints; its address."""
    greeting = harbour.serve()
    link = re.search(r"^ +(http\S+/welcome/\S+)$", greeting, re.MULTILINE)[1]
    assert link.startswith(f"{harbour.url}/")
    visitor = browser(harbour.url)
    assert visitor.get("/").url.path == "/sign-in/"
    weak = visitor.send_form(link, password="12345678", again="12345678")
    assert weak.status_code == 400
    signed_in = visitor.send_form(link, password=PASSWORD, again=PASSWORD)
    assert (signed_in.status_code, signed_in.url.path) == (200, "/")
    assert visitor.get(link).status_code == 410
    return harbour.url


def sign_in(visitor):
    wrong = visitor.send_form("/sign-in/", username="admin", password="not this one")
    assert wrong.status_code == 400
    assert visitor.send_form("/sign-in/", username="admin", password=PASSWORD).url.path == "/"


def log_in(harbour, shop, folder):
    """A project whose branch takes only what passes, and a token for somebody's laptop."""
    made = harbour.fairlead("admin", "project", "create", "shop", "protected=main")
    assert f"{harbour.url}/git/shop.git" in made
    words = [word for scope in ("read", "build", "push") for word in ("--scope", scope)]
    token = harbour.fairlead("admin", "token", "create", "ada", *words).strip()
    ok(shop.fairlead("login", harbour.url, given=token))
    shop.git("remote", "add", "origin", f"{harbour.url}/git/shop.git")
    keep_for_git(shop, harbour.url, token, folder)
    return token


def break_it(harbour, shop, visitor, folder):
    """A push with a mistake is rejected, in words; where it is found. Returns the job's log."""
    code, said = push(shop, "-o", "wait", "origin", "main")
    assert code == 1
    assert f"remote: build 1: {harbour.url}/p/shop/1/" in said
    assert re.search(r"remote:\s+failed: \S*test_price", said), said
    assert re.search(r"remote: build 1 failed: 1 (new )?test failure", said), said
    assert "rejected" in said

    log = ok(shop.fairlead("logs", "1.unit")).out
    assert "AssertionError: 6 != 4" in log
    page = visitor.get("/p/shop/1/")
    assert page.status_code == 200
    assert "test_price" in page.text
    assert "unit/dist/made.txt" in ok(shop.fairlead("artifacts", "1")).out
    ok(shop.fairlead("artifacts", "1", "--download", str(folder)))
    assert (folder / "unit/dist/made.txt").read_text() == "made\n"
    again = ok(shop.fairlead("reproduce", "1.unit", "--plain"), 1)
    assert "6 != 4" in again.out
    retried = ok(shop.fairlead("retry", "1", "--failed", "--watch"), 1)
    assert "build shop/2 is " in retried.out
    assert "lint" not in retried.out
    return log


def mend_it(shop):
    """Now the branch takes it."""
    (shop.folder / "shop.py").write_text("def price(n):\n    return n * 2\n")
    shop.commit("Mend the price")
    code, said = push(shop, "-o", "wait", "origin", "main")
    assert code == 0, said
    assert "remote: build 3 passed" in said
    there = shop.git("ls-remote", "origin", "main").split()[0]
    assert there == shop.git("rev-parse", "HEAD").strip()


def lose_patience(shop):
    """A build that takes too long is watched, and cancelled."""
    ok(shop.fairlead("trigger", "--branch", "main", "-p", "PAUSE=600"))
    watching = watch_until_started(shop, "4")
    ok(shop.fairlead("cancel", "4", "--reason", "too slow"))
    rest = watching.communicate(timeout=LATEST)[0]
    assert watching.returncode == 130, rest
    assert "too slow" in rest


def title(page):
    return re.search(r"<title>(.*?)</title>", page.text, re.DOTALL)[1].lower()


def keep_for_git(project, url, token, folder):
    """As `git config credential.helper store` does it."""
    kept = folder / "credentials"
    kept.touch(0o600)
    kept.write_text(url.replace("://", f"://ada:{token}@") + "\n")
    project.git("config", "credential.helper", f"store --file='{kept}'")
