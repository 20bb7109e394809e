"""Pages as Chromium shows them: from going there to the content, with nothing in its cache."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

_PATIENCE = 60_000.0
_REST = 700.0  # milliseconds for what a page still asks for when it is shown


EMPTY = "() => Boolean(document.getElementById('empty'))"
"""True once the empty page is shown."""

_SHOWN = "bench: shown after "
# The content is looked for in each frame, and counts when the next one begins: the one that
# shows it is made by then. A browser tells a little later of its first paint.
_WATCH = f"""(() => {{
  const shown = SHOWN;
  const paint = () => performance.getEntriesByName("first-contentful-paint")[0]?.startTime;
  let there = false, made = 0;
  const frame = () => {{
    if (there) made ||= performance.now();
    there ||= Boolean(document.body && shown());
    if (made && paint()) console.debug("{_SHOWN}" + Math.max(made, paint()));
    else requestAnimationFrame(frame);
  }};
  requestAnimationFrame(frame);
}})()"""


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


def visit(running: Any, url: str, shown: str) -> float:
    """Seconds from the start of going to a page until a frame with its content was made.

    By the browser's own clock (Navigation Timing, Paint Timing): starting the tab, and what the
    program that drives the browser does meanwhile, is nothing that a person waits for.
    """
    with _tab(running) as page:
        page.add_init_script(_WATCH.replace("SHOWN", shown))
        with page.expect_console_message(_tells, timeout=_PATIENCE) as told:
            page.goto(url, wait_until="commit")
        return float(told.value.text.removeprefix(_SHOWN)) / 1000


def weigh(running: Any, url: str, shown: str) -> tuple[int, int]:
    """Requests of a page, and bytes that were received for it; its time would not count."""
    with _tab(running) as page:
        watching = page.context.new_cdp_session(page)
        asked: list[str] = []
        received: list[float] = []
        watching.on("Network.requestWillBeSent", lambda event: asked.append(event["requestId"]))
        watching.on(
            "Network.loadingFinished", lambda event: received.append(event["encodedDataLength"])
        )
        watching.send("Network.enable")
        page.goto(url, wait_until="commit")
        page.wait_for_function(shown, polling="raf", timeout=_PATIENCE)
        page.wait_for_timeout(_REST)
        return len(asked), int(sum(received))


@contextmanager
def empty_page() -> Iterator[str]:
    """The address of a page with one word: less than it takes to show that nobody can need."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Empty) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@contextmanager
def _tab(running: Any) -> Iterator[Any]:
    """An open tab of a person whose cache is empty."""
    context = running.new_context(viewport={"width": 1400, "height": 900})
    try:
        page = context.new_page()
        page.goto("about:blank")
        yield page
    finally:
        context.close()


def _tells(message: Any) -> bool:
    return bool(message.text.startswith(_SHOWN))


class _Empty(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"<!doctype html><title>Empty</title><p id=empty>Empty" if self.path == "/" else b""
        self.send_response(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""
