"""Pages as Chromium shows them: from going there to the content, with nothing in its cache."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bench.server.peer import Pages

_PATIENCE = 60_000.0
_REST = 700.0  # milliseconds for what a page still asks for when it is shown


@dataclass(frozen=True)
class Shown:
    """Seconds until the content was shown; requests, and bytes that were received."""

    seconds: float
    requests: int
    received: int


def absent() -> str:
    """Why there is no browser; empty where there is one."""
    try:
        import playwright.sync_api  # noqa: F401
    except ImportError:
        return "playwright is not installed"
    return "" if shutil.which("chromium") else "there is no chromium on this machine"


@contextmanager
def browser() -> Iterator[Any]:
    """A Chromium without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-background-networking"],
        )
        try:
            yield running
        finally:
            running.close()


def visit(running: Any, url: str, shown: str) -> Shown:
    """Go to a page; ``shown`` is asked before each frame whether its content is there."""
    context = running.new_context(viewport={"width": 1400, "height": 900})
    try:
        page = context.new_page()
        watching = context.new_cdp_session(page)
        asked: list[str] = []
        received: list[float] = []
        watching.on("Network.requestWillBeSent", lambda event: asked.append(event["requestId"]))
        watching.on(
            "Network.loadingFinished", lambda event: received.append(event["encodedDataLength"])
        )
        watching.send("Network.enable")
        began = time.perf_counter()
        page.goto(url, wait_until="commit")
        page.wait_for_function(shown, polling="raf", timeout=_PATIENCE)
        took = time.perf_counter() - began
        page.wait_for_timeout(_REST)
    finally:
        context.close()
    return Shown(took, len(asked), int(sum(received)))


def median(running: Any, port: int, pages: Pages, kind: str, visits: int) -> Shown:
    """The middle one of several visits; the first, for which a server reads its files, is left."""
    url = f"http://127.0.0.1:{port}{getattr(pages, f'{kind}_page')}"
    script = getattr(pages, f"{kind}_shown")
    seen = [visit(running, url, script) for _ in range(visits + 1)][1:]
    return sorted(seen, key=lambda one: one.seconds)[len(seen) // 2]
