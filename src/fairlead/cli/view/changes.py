"""What would change on hosts, and what came of it, as text."""

from typing import TYPE_CHECKING

from fairlead.cli.view.clean import clean
from fairlead.cli.view.words import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fairlead.cli.view.look import Look
    from fairlead.deploy.provision.carry import Outlook, Provisioned
    from fairlead.deploy.provision.diff import Change

_COLOURS = {"+": "green", "-": "red", "@": "cyan"}


def changes_text(found: "tuple[Outlook, ...]", look: "Look", *, brief: bool = False) -> str:
    """All hosts; those that need the same are shown once."""
    groups: dict[tuple[object, ...], list[Outlook]] = {}
    for outlook in found:
        alike = (outlook.system, outlook.changes, outlook.notes, outlook.error)
        groups.setdefault(alike, []).append(outlook)
    return "\n".join(line for group in groups.values() for line in _group(group, look, brief=brief))


def _group(group: "list[Outlook]", look: "Look", *, brief: bool) -> "Iterator[str]":
    first = group[0]
    names = look.style(", ".join(outlook.host for outlook in group), "bold")
    if first.error:
        yield f"{names}: {look.style('error', 'bad')}: {clean(first.error)}"
        return
    system = f" ({first.system})" if first.system else ""
    if not first.changes:
        yield f"{names}{system}: {look.symbol('passed')} as wanted, nothing to change"
        return
    yield f"{names}{system}: {plural(len(first.changes), 'change')}"
    part = ""
    for change in first.changes:
        if change.part != part:
            part = change.part
            yield f"  {look.style(part, 'cyan')}"
        yield from _change(change, look, brief=brief)
    for note in first.notes:
        yield f"  {look.style('note', 'yellow')}: {note}"


def _change(change: "Change", look: "Look", *, brief: bool) -> "Iterator[str]":
    yield f"    {change.title}"
    if brief:
        return
    for line in map(clean, change.lines):
        colour = _COLOURS.get(line[:1])
        yield f"      {look.style(line, colour) if colour else line}".rstrip()


def ended_text(done: "tuple[Provisioned, ...]", look: "Look") -> "Iterator[str]":
    """A line or more for each host."""
    for host in done:
        if host.error:
            yield f"{host.host}: {look.style('error', 'bad')}: {clean(host.error)}"
        elif host.left:
            left = "; ".join(change.title for change in host.left)
            yield f"{host.host}: {look.symbol('failed')} still differs: {left}"
        elif host.changed:
            count = plural(len(host.changed), "change")
            yield f"{host.host}: {look.symbol('passed')} {count} made"
        else:
            yield f"{host.host}: {look.symbol('passed')} as wanted, nothing to change"
