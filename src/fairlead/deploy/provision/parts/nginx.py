"""The site: nginx in front of the live slot, and the maintenance window."""

import re

from fairlead.deploy.layout import ACCESS_FORMAT
from fairlead.deploy.provision.parts.accounts import member
from fairlead.deploy.provision.render import render
from fairlead.deploy.provision.resources import Absent, Ensure, File, Link, Part
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError

_RATE = re.compile(r"(\d+)\s*/\s*(s|m|sec|min|second|minute)")


def window_file(app: str) -> str:
    """The file of nginx that ``fairlead maintenance`` writes; included by the site."""
    return f"/etc/nginx/fairlead/{app}-window.conf"


def window(app: str, environment: str, *, closed: bool, allowed: tuple[str, ...] = (),
           retry: str = "120") -> str:  # fmt: skip
    """The text of that file. ``retry`` is seconds or an HTTP date."""
    return render("window.conf", app=app, environment=environment, closed=closed,
                  allowed=allowed, retry=retry)  # fmt: skip


def part(target: Target) -> Part | None:
    """The package with the application's site; the distribution's own default page goes."""
    if not target.web:
        return None
    app = target.name
    return Part(
        name="nginx",
        packages=("nginx",),
        before=(member("www-data", target.user),),
        files=(
            File(
                path=window_file(app),
                text=window(app, target.environment.name, closed=False),
                once=True,
            ),
            File(path=f"/etc/nginx/sites-available/{app}.conf", text=site(target)),
            Link(
                path=f"/etc/nginx/sites-enabled/{app}.conf",
                target=f"/etc/nginx/sites-available/{app}.conf",
            ),
            Absent(path="/etc/nginx/sites-enabled/default"),
        ),
        check="nginx -t -q",
        effect="nginx_reload",
        after=(runs("nginx"),),
        notes=_notes(target),
    )


def runs(service: str) -> Ensure:
    """A service that runs, also after a reboot."""
    return Ensure(
        title=f"start {service}",
        test=f"service_runs {service}",
        make=f"service_start {service}",
    )


def site(target: Target) -> str:
    """The site's configuration."""
    environment, wanted = target.environment, target.wanted
    rate, burst = _rate(wanted.rate)
    return render(
        "site.conf",
        **target.said,
        access_format=_format(),
        live=target.layout.live,
        maintenance=target.layout.maintenance,
        slots=f"{target.layout.root}/slots",
        window=window_file(target.name),
        domains=environment.domains,
        tls=environment.tls,
        health=environment.health.path.partition("?")[0],
        static=[(_address(address), folder.strip("/")) for address, folder in target.app.static],
        patience=int(target.app.timeout) + 5,
        body_limit=wanted.body_limit,
        rate=rate,
        burst=burst,
        office=wanted.office,
        proxies=wanted.proxies,
        ipv6=target.facts.ipv6,
    )


def _format() -> str:
    return f"'{ACCESS_FORMAT}'"


def _address(address: str) -> str:
    return f"/{address.strip('/')}/" if address.strip("/") else "/"


def _rate(text: str) -> tuple[str, int]:
    """``20/s`` as nginx writes it, and how many may come at once: two seconds of it."""
    if not text:
        return "", 0
    found = _RATE.fullmatch(text.strip())
    if not found or not int(found[1]):
        raise UsageError(f"{text!r} is no rate of requests", hint="such as 20/s or 300/m")
    number, unit = int(found[1]), found[2][0]
    return f"{number}r/{unit}", max(2 * number if unit == "s" else number // 10, 5)


def _notes(target: Target) -> tuple[str, ...]:
    found = []
    if not target.environment.domains:
        found.append("no domains are named: the site answers for every name nobody else has")
    if tls := target.environment.tls:
        found.append(f"nginx needs {tls.certificate} and {tls.key}, which you bring there")
    return tuple(found)
