"""``fairlead doctor``: what is there on this machine, what is missing, and how to get it."""

import os
import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fairlead.runner.doctor import Finding

_SYMBOLS = {
    "ok": ("✓", "ok", "green"),
    "lacking": ("!", "!", "yellow"),
    "missing": ("✗", "x", "red"),
}


@click.command(help="Say what is missing on this machine and how to get it.")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--server",
    metavar="[URL]",
    is_flag=False,
    flag_value="",
    help="Look at a running server instead: at this machine's, or from outside at the one at URL.",
)
def command(*, as_json: bool, server: str | None) -> None:
    """Exit with 0 when ``fairlead run``, or the server, can work, with 2 when it cannot."""
    from fairlead.runner.doctor import can_run

    findings = _look(server)
    works = can_run(findings)
    if as_json:
        click.echo(encode(findings, works=works))
    else:
        fancy = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        colour = sys.stdout.isatty() and not _wants_no_colour(os.environ)
        what = "fairlead run" if server is None else "the server"
        for line in lines(findings, works=works, fancy=fancy, what=what):
            click.echo(line if colour else click.unstyle(line), color=colour)
    if not works:
        sys.exit(2)


def _look(server: str | None) -> "Sequence[Finding]":
    if server is None:
        from fairlead.cli import context
        from fairlead.runner.doctor import examine

        return examine(context.settings().home, os.environ)
    from fairlead.server.configuration import load_configuration
    from fairlead.server.serving.examine import examine_here, examine_url
    from fairlead.server.serving.extra import need_server

    if server:
        return examine_url(server)
    need_server()
    return examine_here(load_configuration(os.environ))


def lines(
    findings: "Sequence[Finding]", *, works: bool, fancy: bool, what: str = "fairlead run"
) -> list[str]:
    """The findings for people; ``fancy`` allows symbols beyond ASCII, ``what`` is to work."""
    width = max(len(finding.name) for finding in findings)
    shown = []
    for finding in findings:
        symbol, plain, colour = _SYMBOLS[finding.state]
        mark = click.style(symbol if fancy else f"{plain:2}", fg=colour)
        shown.append(f"{mark} {finding.name:{width}}  {finding.text}")
        if finding.hint:
            indent = " " * (width + (4 if fancy else 5))
            shown.append(click.style(f"{indent}{finding.hint}", dim=True))
    shown.append("")
    can = f"{what} works here" if works else f"{what} cannot work here yet"
    shown.append(click.style(can, bold=True))
    return shown


def encode(findings: "Sequence[Finding]", *, works: bool) -> str:
    """The findings as JSON: ``{"works": …, "findings": [{name, state, text, hint}, …]}``."""
    import msgspec

    from fairlead import model

    data = model.encode({"works": works, "findings": list(findings)})
    return msgspec.json.format(data, indent=2).decode()


def _wants_no_colour(environ: "Mapping[str, str]") -> bool:
    """See https://no-color.org: any value but the empty one."""
    return bool(environ.get("NO_COLOR"))
