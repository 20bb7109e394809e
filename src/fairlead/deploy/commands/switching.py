"""Scripts around the switch: to the new release, back to the old one, and what follows either."""

import msgspec

from fairlead.deploy.commands.base import alone_with_processes, changing, link, quote, words
from fairlead.deploy.commands.facts import Journal
from fairlead.deploy.commands.preparing import journal
from fairlead.deploy.layout import Layout
from fairlead.model.deployment import Past


def switch(layout: Layout, slot: str, old: str, entry: Journal) -> str:
    """Make a slot the live one.

    The link back is made beforehand, so that going back needs no room on the disk.
    """
    back = f"ln -sfn {old} slots/.back\n" if old else "rm -f slots/.back\n"
    return f"{changing(layout)}{back}{journal(entry)}{link(slot, 'slots/live')}"


def switch_back(layout: Layout, old: str) -> str:
    """Make the old slot live again, or none where none was. Waits for nothing."""
    if not old:
        return f"cd {quote(layout.root)}\nrm -f slots/live\n"
    return (
        f"cd {quote(layout.root)}\n"
        f'if [ "$(readlink slots/.back || :)" = {old} ]; then mv -T slots/.back slots/live\n'
        f"else ln -sfn {old} slots/.live.back; mv -T slots/.live.back slots/live; fi\n"
    )


def move_workers(
    layout: Layout, source: str, target: str, *, processes: tuple[str, ...], functions: str
) -> str:
    """Stop the workers of one slot and start those of the other; web servers stay as they are.

    Workers of two releases never take from the same queue at once. ``source`` may be empty.
    """
    workers = words(process for process in processes if process != "web")
    stop = f"finish {source} {workers}\n" if source else ""
    head = f"{changing(layout)}{alone_with_processes()}{functions}\n"
    return f"{head}{stop}begin {target} {workers}\n"


def states(layout: Layout, slot: str, processes: tuple[str, ...], functions: str) -> str:
    """Tell how the processes of a slot are."""
    return f"cd {quote(layout.root)}\n{functions}\nstate {slot} {words(processes)}\n"


def close_site(layout: Layout) -> str:
    """Close the site by its switch file, unless it is closed already."""
    return (
        f"{changing(layout)}cd maintenance\n"
        "[ -f page.html ] || { echo 'maintenance/page.html is missing' >&2; exit 69; }\n"
        f"[ -e on.html ] || {{ {link('page.html', 'on.html').strip()}; }}\n"
    )


def open_site(layout: Layout) -> str:
    """Open the site again where a deployment had closed it; what a person closed stays so."""
    on = f"{layout.maintenance}/on.html"
    return f'[ "$(readlink {quote(on)} || :)" != page.html ] || rm -f {quote(on)}\n'


def settle_live(
    layout: Layout, slot: str, idle: str, *, processes: tuple[str, ...], functions: str
) -> str:
    """After a deployer died behind the switch: what is live has its workers, and alone."""
    workers = words(process for process in processes if process != "web")
    moving = f"finish {idle} {workers}\nbegin {slot} {workers}\n" if workers else ""
    return (
        f"{changing(layout)}{alone_with_processes()}{functions}\n{moving}"
        f"rm -rf slots/.{slot}.before slots/.back\nrm -f under-way\n"
    )


def remember(layout: Layout, past: Past) -> str:
    """Add a line to the history."""
    line = quote(msgspec.json.encode(past).decode())
    return f"cd {quote(layout.root)}\numask 027\nprintf '%s\\n' {line} >>history.jsonl\n"


def retire(
    layout: Layout,
    slot: str,
    old: str,
    *,
    processes: tuple[str, ...],
    functions: str,
    warm: bool,
    keep: int,
) -> str:
    """Tidy after a deployment: the old slot stays warm or is stopped, old releases go.

    Kept are those that slots stand on and the ``keep`` latest beside; environments go with the
    last release that needs them.
    """
    stop = f"finish {old} {words(processes)}\n" if old and not warm else ""
    return (
        f"{changing(layout)}rm -rf slots/.{slot}.before slots/.back\nrm -f under-way\n"
        f"{functions}\n{stop}" + _PRUNE.replace("__KEEP__", str(keep))
    )


_PRUNE = r"""
used() { for s in blue green; do readlink "slots/$s/$1" || :; done; }
mentioned() { case "
$2
" in *"
$1
"*) ;; *) return 1 ;; esac; }
kept=$(used release); n=0
for r in $(ls -1t releases); do
  mentioned "../../releases/$r" "$kept" && continue
  n=$((n + 1))
  [ "$n" -le __KEEP__ ] || rm -rf "releases/$r"
done
needed=$(grep -hso '"environment": *"[^"]*"' releases/*/manifest.json | cut -d'"' -f4)
kept=$(used environment)
for e in $(ls -1 environments); do
  mentioned "../../environments/$e" "$kept" || mentioned "$e" "$needed" || rm -rf "environments/$e"
done
"""
