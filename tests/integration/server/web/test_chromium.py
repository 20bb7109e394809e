"""The pages in a real browser: readable, usable, quick, safe, and live."""

import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
AUDIT = (HERE / "audit.js").read_text()
CHROMIUM = shutil.which("chromium")
HOSTILE = '"><img src=x onerror="window.hacked=1"><script>window.hacked=1</script>\x1b[31m'

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium on this machine")


@pytest.fixture(scope="module")
def site(django):
    """The address of a web node with the tests' database."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {"FAIRLEAD_DATABASE_URL": django}
    process = subprocess.Popen([sys.executable, HERE / "serve.py", str(port)], env=environ)
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
def visit(chromium, site, admin):
    """Opens pages as somebody who signed in; the console must stay silent."""
    contexts, said = [], []

    def open_page(path="/", **options):
        context = chromium.new_context(base_url=site, **options)
        contexts.append(context)
        context.add_cookies(
            [{"name": "sessionid", "value": admin.cookies["sessionid"].value, "url": site}]
        )
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else 0)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


@pytest.fixture
def furnished(project, make):
    """Builds of every kind, and something on every page; returns the paths of all."""
    from django.utils import timezone

    from fairlead.server.store.models import Artifact, Delivery, Token, Worker

    build = make.build(
        project, "failed", sentence="2 new test failures in py3.12", bad_tests=2, coverage=93.4,
        passed_tests=238, notices=["not isolated"], parameters={"TARGET": "live"},
    )  # fmt: skip
    lint = make.job(build, "lint", 0)
    states = ["passed", "failed", "errored", "cancelled", "running", "queued"]
    pythons = ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"]
    jobs = make.matrix(build, pythons=pythons, state=states.__getitem__, needs=["lint"])
    log = (
        b"\x1b[31mred\x1b[0m \x1b[32mgreen\x1b[0m \x1b[33myellow\x1b[0m\n" + b"word " * 200 + b"\n"
    )
    make.attempt(jobs[1], log)
    make.attempt(lint, b"ok\n", state="passed", code=0)
    Artifact.objects.create(job=lint, path="dist/bank-1.0-py3-none-any.whl", key="a", size=1)
    make.build(project, "held", trusted=False)
    make.build(project, "queued", labels=["py27"])
    running = make.build(project, "running")
    now = timezone.now()
    running.worker = Worker.objects.create(name="w1", started=now, seen=now, labels=["py36"])
    running.save()
    thousand = make.build(project, "passed")
    axes = [{"django": f"{d}", "os": f"os{o}"} for d in range(10) for o in range(20)]
    make.matrix(thousand, pythons=["3.9", "3.10", "3.11", "3.12", "3.13"], axes=axes)
    make.build(project, "failed", sentence=HOSTILE, branch=HOSTILE, message=HOSTILE, reason=HOSTILE)
    Delivery.objects.create(
        project=project, source="github", key="k", event="push", headers={"a": "b" * 300},
        fate="refused", reason="the signature does not fit", body=b'{"a": "' + b"x" * 500 + b'"}',
    )  # fmt: skip
    Token.objects.create(name="laptop", digest=b"1", scopes=["read"])
    builds = [f"/p/bank/{number}/" for number in range(1, 7)]
    return [
        "/", "/new/", "/queue/", "/tokens/", "/sign-in/", "/p/bank/", "/p/bank/run",
        "/p/bank/settings/", "/p/bank/deliveries/", "/p/bank/deliveries/1/", *builds,
        "/p/bank/5/?from=41", "/p/bank/?state=errored",
    ]  # fmt: skip


def test_every_page_is_sound(visit, furnished):
    page = visit()
    wrong = {}
    for path in furnished:
        assert page.goto(path).status == 200
        for width, scheme in itertools.product((360, 1280), ("light", "dark")):
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            if found := page.evaluate(AUDIT):
                wrong[path, width, scheme] = found
        assert page.evaluate("window.hacked") is None
    assert wrong == {}


def test_the_dark_page_is_dark(visit, project):
    for scheme, dark in (("light", False), ("dark", True)):
        page = visit(color_scheme=scheme)
        colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
        first = int(colour.removeprefix("rgb(").split(",")[0])
        assert (first < 60) is dark


def test_a_thousand_jobs_are_few_requests_and_few_bytes(visit, furnished):
    page = visit("/sign-in/")
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    sizes = []
    session.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    page.goto("/p/bank/5/", wait_until="networkidle")
    assert page.locator(".small-grid tbody a").count() == 1000
    assert len(sizes) <= 10
    assert sum(sizes) <= 50_000


def test_the_keyboard_reaches_everything_and_shows_where_it_is(visit, furnished):
    page = visit("/p/bank/1/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.goto("/p/bank/1/")
    reached = set()
    for _ in range(120):
        page.keyboard.press("Tab")
        told = page.evaluate(
            "(e => [e.tagName, e.textContent.trim().slice(0, 40),"
            " getComputedStyle(e).outlineStyle])(document.activeElement)"
        )
        if told[0] == "BODY":
            break
        assert told[2] == "solid", told
        reached.add(told[1])
    assert {"Projects", "Restart failed jobs", "test-py3.12", "lint"} <= reached


def test_without_javascript_everything_but_live_updates_works(chromium, site, user, furnished):
    from django.contrib.auth.hashers import make_password

    from fairlead.server.store.models import Build

    # As the web node, which knows nothing of the tests' quick ones, hashes it.
    user.password = make_password("correct horse battery", hasher="pbkdf2_sha256")
    user.save()
    context = chromium.new_context(base_url=site, java_script_enabled=False)
    page = context.new_page()
    page.goto("/p/bank/")
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{site}/p/bank/")
    page.get_by_label("State").select_option("queued")
    page.get_by_role("button", name="Filter").click()
    page.wait_for_url("**/p/bank/?**")
    assert page.locator(".builds > li").count() == 1
    page.locator(".builds .what a").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("cancelled by ada").first.wait_for()
    assert Build.objects.get(number=3).state == "cancelled"
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/**")
    context.close()


def test_a_running_build_is_followed_without_losing_ones_place(visit, project, make):
    from fairlead.server.store.models import Build, Job
    from fairlead.server.store.notify import tell

    build = make.build(project, "running")
    make.job(build, "lint", 0, "running")
    make.job(build, "py3.12", 1, "queued")
    page = visit("/p/bank/1/")
    page.get_by_role("link", name="py3.12").focus()
    page.wait_for_function("performance.getEntriesByType('resource').length > 2")
    time.sleep(0.3)
    Job.objects.filter(key="lint").update(state="passed")
    tell(build.pk)
    page.wait_for_selector(".jobs .status.passed")
    assert page.evaluate("document.activeElement.textContent") == "py3.12"
    Job.objects.filter(key="py3.12").update(state="failed")
    Build.objects.filter(pk=build.pk).update(state="failed", sentence="1 new test failure")
    tell(build.pk)
    page.wait_for_selector("h1:has-text('1 new test failure')")
    assert page.title().startswith("failed")


def test_lists_are_live_too(visit, project, make):
    from fairlead.server.store.notify import tell

    page = visit("/p/bank/")
    page.wait_for_selector("text=No build yet")
    time.sleep(0.3)
    tell(make.build(project, "failed", sentence="2 new test failures").pk)
    page.wait_for_selector("text=2 new test failures")


def test_who_is_signed_out_meanwhile_is_asked_to_sign_in_again(visit, site, project, make):
    from django.contrib.sessions.models import Session

    from fairlead.server.store.notify import tell

    page = visit("/p/bank/")
    time.sleep(0.3)
    Session.objects.all().delete()
    tell(make.build(project).pk)
    page.wait_for_url(f"{site}/sign-in/?next=%2Fp%2Fbank%2F")
