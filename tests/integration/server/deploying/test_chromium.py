"""Environments and deployments in a real browser: sound at any width, live, and silent."""

import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fairlead.model.deployment import (
    DeployFinished,
    DeployOutcome,
    DeployPhase,
    DeployStarted,
    PhaseEnded,
    PhaseOutput,
    PhaseStarted,
)
from fairlead.model.environment import App, Environment, Host

WEB = Path(__file__).parents[1] / "web"
AUDIT = (WEB / "audit.js").read_text()
CHROMIUM = shutil.which("chromium")
HOSTS = tuple(Host(address=f"web{n}.bank.example.org") for n in (1, 2, 3))

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def site(django):
    """The address of a web node with the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {"FAIRLEAD_DATABASE_URL": django}
    process = subprocess.Popen([sys.executable, WEB / "serve.py", str(port)], env=environ)
    while True:
        assert process.poll() is None
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            break
        except OSError:
            time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(60)


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    # Django refuses a database to a thread with an event loop, which Playwright leaves running.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as play:
        browser = play.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(chromium, site, database):
    """Opens pages as somebody who signed in; the console must stay silent."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    User.objects.filter(username="ada").delete()
    client.force_login(User.objects.create_superuser("ada"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}
    contexts, said = [], []

    def open_page(path, **options):
        contexts.append(chromium.new_context(base_url=site, **options))
        contexts[-1].add_cookies([cookie])
        page = contexts[-1].new_page()
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def running(make):
    """A deployment under way, and where its events are stored."""
    from fairlead.server.engine.deployrows import DeployRows
    from fairlead.server.store.models import Deployment

    told = {"hosts": HOSTS, "app": App(name="bank"), "domains": ("www.bank.example.org",)}
    (environment,) = make.environments(Environment(name="production", **told))
    make.lived(environment, make.release(), ago=30)
    lived = make.lived(environment, make.release(make.build(commit="e" * 40)), ago=3)
    Deployment.objects.filter(pk=lived.pk).update(
        state="running", sentence="", finished=None, switched=None, job_id=7
    )
    return lived, DeployRows(lived.pk, 7)


def told(rows, *events):
    rows.store([event for event in events if event])


def started():
    return DeployStarted(
        time=1e9, environment="production", release=2, version="e" * 12, commit="e" * 40,
        hosts=tuple(host.address for host in HOSTS), previous="0123456789ab",
    )  # fmt: skip


def phase(name, host, *, ok=None, text="", note=""):
    where = {"time": 1e9, "phase": name, "host": host.address}
    found = [PhaseStarted(**where)]
    if text:
        found.append(PhaseOutput(**where, text=text))
    if ok is not None:
        found.append(PhaseEnded(**where, ok=ok, seconds=1.2, note=note))
    return found


def review(make, trouble):
    """The environment of a pull request that cannot be removed."""
    from fairlead.server.engine.following import follow
    from fairlead.server.services import reviews
    from fairlead.server.store.models import Environment as Row

    production = Row.objects.get(name="production").read()
    domains = ("pr-{number}.staging.bank.example.org",)
    told = {"hosts": HOSTS, "app": App(name="bank"), "domains": domains}
    make.environments(production, Environment(name="staging", review=True, **told))
    follow(make.build(pull_request="7", job_id=1).pk, None, None)
    row = Row.objects.get(name="staging-7")
    reviews.end(row, "ada")
    row.refresh_from_db()
    reviews.end_removal(row.pk, row.job_id, trouble)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_every_page_is_sound(visit, make, running, scheme, width):
    from fairlead.server.store.models import Environment as Row

    _, rows = running
    said = "a long line that a program wrote " * 6
    told(rows, started(), *phase(DeployPhase.UPLOAD, HOSTS[0], ok=True, note="4.2 MiB"))
    told(rows, *phase(DeployPhase.PROBE, HOSTS[1], ok=False, text=said, note="500, not 200"))
    Row.objects.update(hosts=[{"host": HOSTS[0].address, "healthy": False, "note": said}])
    review(make, said)
    page = visit("/p/bank/", color_scheme=scheme, viewport={"width": width, "height": 800})
    wrong = {}
    for path in (
        "environments/", "environments/production/", "environments/production/deploy",
        "environments/staging-7/", "deployments/1/", "deployments/2/",
    ):  # fmt: skip
        assert page.goto(f"/p/bank/{path}").status == 200
        if found := page.evaluate(AUDIT):
            wrong[path] = found
    assert wrong == {}


def test_a_deployment_is_followed_phase_by_phase(visit, running):
    deployment, rows = running
    page = visit(f"/p/bank/deployments/{deployment.number}/")
    page.wait_for_selector("h1:has-text('Under way')")
    time.sleep(0.3)
    told(rows, started(), *phase(DeployPhase.INSTALL, HOSTS[0], text="pip is quiet"))
    page.wait_for_selector("h1:has-text('Install on web1')")
    page.wait_for_selector("text=pip is quiet")
    page.get_by_text("install web1.bank.example.org").click()  # closes what was open
    told(rows, *phase(DeployPhase.PROBE, HOSTS[0], ok=True, note="200"))
    page.wait_for_selector(".chip:has-text('200')")
    assert page.locator("#phase-0").get_attribute("open") is None
    end = DeployFinished(
        time=1e9, outcome=DeployOutcome.REFUSED, sentence="nothing changed: web1 is not well"
    )
    told(rows, end)
    page.wait_for_selector("h1:has-text('Nothing changed: web1 is not well')")
    assert page.title().startswith("refused")


def test_the_list_of_environments_tells_of_what_begins(visit, make, running):
    from fairlead.server.services import deployments
    from fairlead.server.services.choosing import Wanted
    from fairlead.server.store.models import Environment as Row

    page = visit("/p/bank/environments/")
    time.sleep(0.3)
    deployments.ask(Row.objects.get(), Wanted(release=1), "grace")
    page.wait_for_selector("text=of release 1, by grace")
