"""Closing a site for people, and opening it again; deployments do it with a link alone.

``maintenance/on.html`` closes the site: a deployment links it to ``page.html``, a person to
``notice.html``, which a deployment leaves alone. Who else is let through and when to come again
stands in nginx's window file, which only root writes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

import msgspec

from fairlead.deploy.base import Connection
from fairlead.deploy.layout import Layout, layout_of
from fairlead.deploy.provision.parts.nginx import window, window_file
from fairlead.deploy.provision.render import network, plain, quoted, render
from fairlead.deploy.provision.target import Target
from fairlead.errors import FairleadError, UsageError
from fairlead.model.environment import Environment

WORDS = "We are working on this site. Please try again in a few minutes."

_RETRY = 120
"""Seconds after which to come again, where nobody said when."""


_One = Callable[[Connection], Awaitable[str]]


class Closure(msgspec.Struct, frozen=True, kw_only=True):
    """How a site is closed: words for its page, who is let through, and until when at the latest.

    ``allowed`` are addresses or networks beside the office's; ``until`` has a time zone.
    """

    message: str = ""
    allowed: tuple[str, ...] = ()
    until: datetime | None = None


class Turned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one host; ``note`` says what is worth knowing, ``error`` why it failed."""

    host: str
    note: str = ""
    error: str = ""


async def close(
    environment: Environment, connections: Sequence[Connection], closure: Closure
) -> tuple[Turned, ...]:
    """Answer 503 on all web hosts at once; the health path and the office are let through.

    Becomes root only where ``closure`` has addresses or a time: nginx has to be told those. Raises
    ``UsageError`` for an address that is none, and for a time that is over.
    """
    page = page_of(closure)
    settings = window_of(environment, closure)
    needs_root = bool(closure.allowed or closure.until)

    async def one(connection: Connection) -> str:
        await connection.run(notice_script(layout_of(environment)), data=page)
        if needs_root or await _window_differs(environment, connection, settings):
            await _put_window(environment, connection, settings)
        await connection.run(switch_script(layout_of(environment)))
        return ""

    return await _everywhere(connections, one)


async def open_again(
    environment: Environment, connections: Sequence[Connection]
) -> tuple[Turned, ...]:
    """Let everybody through again on all web hosts at once; one that is open already stays so."""
    layout = layout_of(environment)
    settings = window_of(environment, None)

    async def one(connection: Connection) -> str:
        if await _window_differs(environment, connection, settings):
            await _put_window(environment, connection, settings)
        done = await connection.run(open_script(layout))
        return "" if done.text == "opened" else "was open"

    return await _everywhere(connections, one)


async def _everywhere(connections: Sequence[Connection], one: _One) -> tuple[Turned, ...]:
    web = [connection for connection in connections if "web" in connection.host.roles]

    async def guarded(connection: Connection) -> Turned:
        try:
            return Turned(host=str(connection.host), note=await one(connection))
        except FairleadError as error:
            return Turned(host=str(connection.host), error=str(error))

    return tuple(await asyncio.gather(*map(guarded, web)))


def page_of(closure: Closure) -> bytes:
    """The page that stands for the site; what a person wrote is shown as they wrote it."""
    words = [part for part in closure.message.replace("\r", "").split("\n\n") if part.strip()]
    until = closure.until
    return render(
        "page.html",
        paragraphs=words or [WORDS],
        until=f"{until:%H:%M} ({until.tzname() or 'UTC'}), {until:%-d %B %Y}" if until else "",
        until_iso=until.isoformat(timespec="minutes") if until else "",
    ).encode()


def window_of(environment: Environment, closure: Closure | None) -> str:
    """The window file of nginx for a closed site, or (without a closure) for an open one."""
    target = Target(environment=environment, host=environment.hosts[0])
    if closure is None:
        return window(target.name, environment.name, closed=False)
    return window(
        target.name,
        environment.name,
        closed=bool(closure.allowed or closure.until),
        allowed=tuple(dict.fromkeys(map(network, closure.allowed))),
        retry=retry_of(closure.until),
    )


def retry_of(until: datetime | None) -> str:
    """What ``Retry-After`` says: seconds, or a date as HTTP writes it (RFC 9110, 10.2.3)."""
    if until is None:
        return str(_RETRY)
    if until <= datetime.now(UTC):
        raise UsageError(f"{until:%Y-%m-%d %H:%M %Z} is over already")
    return format_datetime(until.astimezone(UTC), usegmt=True)


def notice_script(layout: Layout) -> str:
    """Takes the page on its input."""
    folder = quoted(layout.maintenance)
    return f"cd {folder}\ncat >.notice.$$\nchmod 0644 .notice.$$\nmv -fT .notice.$$ notice.html\n"


def switch_script(layout: Layout) -> str:
    """Closes the site with the person's page, also where a deployment has closed it."""
    folder = quoted(layout.maintenance)
    return f"cd {folder}\nln -s notice.html .on.$$\nmv -fT .on.$$ on.html\n"


def open_script(layout: Layout) -> str:
    """Opens the site, whoever closed it; says ``opened`` where it was closed."""
    folder = quoted(layout.maintenance)
    return (
        f"cd {folder}\nif [ -e on.html ] || [ -L on.html ]; then echo opened; fi\n"
        "rm -f on.html notice.html\n"
    )


async def _window_differs(environment: Environment, connection: Connection, settings: str) -> bool:
    """Whether nginx has to be told; everybody may read the file, so that this needs no root."""
    path = quoted(_window_path(environment))
    script = f"if [ -f {path} ]; then cmp -s {path} - || echo differs; else echo differs; fi\n"
    return (await connection.run(script, data=settings.encode())).text == "differs"


async def _put_window(environment: Environment, connection: Connection, settings: str) -> None:
    await connection.run(
        window_script(_window_path(environment)), data=settings.encode(), root=True
    )


def window_script(path: str) -> str:
    """Takes the window file on its input; puts the former one back where nginx refuses it."""
    return f"""\
{plain("library.sh")}
path={quoted(path)}
[ -f "$path" ] || {{ echo "$path is missing: has this host been provisioned?" >&2; exit 1; }}
umask 022
cat >"$path.new"
cp -p "$path" "$path.old"
mv -fT "$path.new" "$path"
if ! nginx -t -q; then
    mv -fT "$path.old" "$path"
    exit 1
fi
rm -f "$path.old"
nginx_reload
"""


def _window_path(environment: Environment) -> str:
    return window_file(Target(environment=environment, host=environment.hosts[0]).name)
