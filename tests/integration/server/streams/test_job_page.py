"""The page of a job in Chromium: reading, following, links, search, and what must never run."""

import re
import shutil
import time

import pytest

pytest.importorskip("playwright", reason="playwright is not installed")

HOSTILE = (
    b"<script>document.title = 'run'</script>\n"
    b"<img src=x onerror=\"document.title='run'\">\n"
    b"\x1b]8;;javascript:document.title='run'\x07link\x1b]8;;\x07\n"
    b"\x1b]0;<script>document.title='run'</script>\x07\n"
    b"travis_fold:start:\"><script>document.title='run'</script>\n"
    b"::group::<b onclick=alert(1)>group</b>\n"
    b"\x1b[31mred\xe2\x80\xae<i>\x1b[0m </span></p><h1>out</h1>\n"
)


@pytest.fixture(scope="module")
def chromium():
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium")
    if program is None:
        pytest.skip("there is no chromium on this machine")
    # Playwright runs an event loop in this thread, which Django takes for one of its own.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as driver:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = driver.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def opened(chromium, site):
    """Opens a page of the site; what its scripts complain of fails the test."""
    complaints, contexts = [], []

    def open_page(path, **context):
        contexts.append(chromium.new_context(viewport={"width": 1000, "height": 700}, **context))
        contexts[-1].set_default_timeout(90000)  # Chromium is slow where much else goes on
        page = contexts[-1].new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text) if bad(said) else 0)
        page.goto(site.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def bad(said):
    """A complaint, unless of a server that is stopped by a test."""
    return said.type == "error" and "net::ERR_" not in said.text


def numbered(first, last):
    return b"".join(b"line number %d\n" % n for n in range(first, last + 1))


def rows(page):
    return page.locator(".rows > p")


def until(page, expression):
    """Playwright's own waiting evaluates text in the page, which our policy forbids."""
    limit = time.monotonic() + 60
    while not page.evaluate(expression):
        assert time.monotonic() < limit, expression
        page.wait_for_timeout(20)


def wait_for_line(page, number, timeout=60000):
    page.wait_for_selector(f"#L{number}", state="attached", timeout=timeout)


def finish(writing, state="passed"):
    from fairlead.server.store.models import Step

    Step.objects.update(state=state, seconds=1.5, code=1 if state == "failed" else 0)
    writing.end(state)
    writing.compact()


def test_it_follows_the_end_until_one_scrolls_up_and_again_when_one_wants(writing, opened):
    writing.step(0)
    writing.write(numbered(1, 300))
    page = opened(writing.path)
    wait_for_line(page, 300)
    until(page, "document.querySelector('#follow').ariaPressed === 'true'")
    writing.write(numbered(301, 400))
    wait_for_line(page, 400)
    until(page, "document.documentElement.scrollHeight - innerHeight - scrollY < 5")
    page.mouse.move(500, 300)
    page.mouse.wheel(0, -1500)
    until(page, "document.querySelector('#follow').ariaPressed === 'false'")
    before = page.evaluate("scrollY")
    writing.write(numbered(401, 600))
    wait_for_line(page, 600)
    assert page.evaluate("scrollY") == before
    page.click("#follow")
    writing.write(numbered(601, 700))
    wait_for_line(page, 700)
    until(page, "document.documentElement.scrollHeight - innerHeight - scrollY < 5")
    texts = rows(page).locator("span").all_text_contents()
    assert texts == [f"line number {n}" for n in range(101, 701)]


def test_states_tests_and_the_verdict_come_without_a_reload(writing, opened):
    from fairlead.server.store.models import Step

    writing.step(0, "make install", "setup")
    writing.write(b"installed\n", 0)
    page = opened(writing.path)
    wait_for_line(page, 1)
    Step.objects.filter(number=0).update(state="passed", seconds=0.5)
    writing.step(1, "pytest", expected=2)
    writing.write(b"<b>running</b>\n", 1)
    writing.test("test_good", "passed")
    writing.test("test_bad", "failed", "assert <i>1</i> == 2")
    page.wait_for_selector('[data-step="1"] .rows p')
    page.wait_for_selector(".tests li")
    assert page.inner_text(".tests li .message") == "assert <i>1</i> == 2"
    assert page.inner_text("[data-count=passed]") == "1"
    assert page.inner_text("[data-count=bad]") == "1"
    Step.objects.filter(number=1).update(state="failed", seconds=2.0, code=1)
    writing.end("failed")
    page.wait_for_selector("#job-head.failed")
    page.wait_for_selector('[data-step="1"].failed')
    assert page.inner_text('[data-step="1"] .code') == "exit code 1"
    until(page, "document.querySelector('#follow').hidden")


def test_a_page_goes_on_after_the_web_process_came_back(writing, opened, site):
    writing.step(0)
    writing.write(numbered(1, 10))
    page = opened(writing.path)
    wait_for_line(page, 10)
    page.wait_for_timeout(300)
    site.stop()
    writing.write(numbered(11, 20))
    site.start()
    wait_for_line(page, 20)
    texts = rows(page).locator("span").all_text_contents()
    assert texts == [f"line number {n}" for n in range(1, 21)]


def test_a_job_that_waits_shows_its_log_when_it_begins(writing, opened):
    from django.utils import timezone

    from fairlead.server.store.models import Attempt, Job
    from fairlead.server.store.notify import tell

    Attempt.objects.all().delete()
    Job.objects.update(state="queued")
    page = opened(writing.path)
    assert page.is_visible("#nothing")
    page.wait_for_timeout(300)
    Job.objects.update(state="running")
    writing.attempt = Attempt.objects.create(job=writing.job, number=1, started=timezone.now())
    writing.chunks = type(writing.chunks)(writing.attempt.pk)
    writing.step(0)
    writing.write(b"it begins\n")
    tell(writing.build.pk)
    wait_for_line(page, 1)
    assert page.text_content("#L1 span") == "it begins"


def test_nothing_that_a_job_wrote_ever_runs(writing, opened):
    writing.step(0, "<script>document.title='run'</script>")
    writing.write(HOSTILE)
    page = opened(writing.path)
    wait_for_line(page, 7)
    writing.test("<img src=x onerror=alert(1)>", "failed", "<script>document.title='run'</script>")
    writing.write(HOSTILE)
    wait_for_line(page, 14)
    page.wait_for_selector(".tests li")
    for shown in (page, _finished(writing, opened)):
        assert "run" not in shown.title()
        assert shown.locator(".rows :is(script, img, b, h1), .tests :is(script, img)").count() == 0
        assert shown.locator(".rows a:not([href^='#L'])").count() == 0
        assert shown.text_content("#L1 span") == "<script>document.title = 'run'</script>"


def _finished(writing, opened):
    finish(writing)
    return opened(writing.path)


def test_a_link_to_a_line_leads_there_wherever_it_is(writing, opened):
    writing.step(0)
    writing.write(numbered(1, 20000))
    finish(writing)
    page = opened(writing.path + "#L7000-L7003")
    wait_for_line(page, 7000)
    page.wait_for_selector("#L7000.chosen")
    assert page.locator(".chosen").count() == 4
    box = page.locator("#L7000").bounding_box()
    assert 0 < box["y"] < 700
    page.click("#L7010 > a")
    page.click("#L7020 > a", modifiers=["Shift"])
    assert page.url.endswith("#L7010-L7020")
    assert page.locator(".chosen").count() == 11
    page.evaluate("location.hash = '#L3'")
    page.wait_for_selector("#L3.chosen")


def test_lines_are_fetched_as_one_scrolls_and_never_too_many_are_kept(writing, opened):
    writing.step(0)
    writing.write(numbered(1, 20000))
    finish(writing)
    page = opened(writing.path)
    wait_for_line(page, 20000)
    assert rows(page).count() == 200
    page.mouse.move(500, 500)
    for _ in range(14):
        first = page.eval_on_selector(".rows > p", "row => row.id")
        in_sight = page.eval_on_selector(".rows > p", "row => row.getBoundingClientRect().top")
        assert in_sight is not None
        page.click(".more.earlier")
        until(page, f"document.querySelector('.rows > p').id !== '{first}'")
    numbers = [int(found[1:]) for found in rows(page).evaluate_all("all => all.map(r => r.id)")]
    assert len(numbers) <= 5000
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] <= 20000 - 7000
    assert page.is_visible(".more.later")


def test_search_goes_through_the_whole_log(writing, opened):
    writing.step(0)
    data = (
        numbered(1, 30000)
        .replace(b"number 123\n", b"needle <b>\n")
        .replace(b"number 25000\n", b"a \x1b[31mnee\x1b[0mdle <b>\n")
    )
    writing.write(data)
    finish(writing)
    page = opened(writing.path)
    page.fill("#find", "NEEDLE <b>")
    page.press("#find", "Enter")
    page.wait_for_selector("#L123.hit")
    until(page, "document.querySelector('#found').textContent === '1 of 2'")
    page.click("#next")
    page.wait_for_selector("#L25000.hit")
    page.click("#next")
    page.wait_for_selector("#L123.hit")
    page.fill("#find", "nowhere")
    page.press("#find", "Enter")
    until(page, "document.querySelector('#found').textContent === 'not found'")


def test_folds_open_and_shut(writing, opened):
    writing.step(0)
    writing.write(
        b"before\ntravis_fold:start:a\r\x1b[0KOuter\none\n::group::Inner\ntwo\n::endgroup::\n"
        b"three\ntravis_fold:end:a\r\x1b[0K\nafter\n"
    )
    finish(writing)
    page = opened(writing.path)
    visible = lambda: page.eval_on_selector_all(  # noqa: E731
        ".rows > p", "all => all.filter(row => row.checkVisibility()).map(row => row.querySelector('span').textContent)"
    )  # fmt: skip
    everything = ["before", "Outer", "one", "Inner", "two", "three", "after"]
    assert visible() == everything
    page.locator("button.fold").nth(1).click()
    assert visible() == ["before", "Outer", "one", "Inner", "three", "after"]
    page.locator("button.fold").nth(0).click()
    assert visible() == ["before", "Outer", "after"]
    page.locator("button.fold").nth(0).click()
    assert visible() == ["before", "Outer", "one", "Inner", "three", "after"]


def test_a_log_of_200000_lines_is_a_small_page_with_its_last_line(writing, opened, site):
    import httpx

    writing.step(0)
    for first in range(1, 200001, 10000):
        writing.write(b"".join(b"%07d %s\n" % (n, b"x" * 90) for n in range(first, first + 10000)))
    finish(writing)
    answer = httpx.get(site.address + writing.path, timeout=60)
    assert len(answer.content) < 100_000
    page = opened(writing.path)
    assert page.text_content("#L200000 span").startswith("0200000 ")
    page.click("a[href='#end']")
    box = page.locator("#L200000").bounding_box()
    assert 0 < box["y"] < 700
    raw = httpx.get(site.address + writing.path + "raw", timeout=60)
    assert raw.content == bytes(writing.data)


def test_without_scripts_the_log_can_be_read_to_its_beginning(writing, opened):
    writing.step(0)
    writing.write(numbered(1, 900))
    finish(writing, "failed")
    page = opened(writing.path, java_script_enabled=False)
    assert page.text_content("#L900 span") == "line number 900"
    page.click("a.earlier")
    page.click("a.earlier")
    assert page.text_content("#L1 span") == "line number 1"
    page.fill("#find", "number 77")
    page.click("form.find button[type=submit]")
    page.click(".files a >> nth=0")
    assert re.search(r"number 77\d?$", page.text_content("p:target span"))
