"""What is on a host before a deployment: one script that only looks, and what it tells."""

import msgspec

from fairlead.deploy.commands.base import quote, words
from fairlead.deploy.layout import SLOTS, layout_of, manager_of, processes_of
from fairlead.deploy.managers.registry import manager
from fairlead.deploy.slots import About
from fairlead.model.environment import Environment, Host
from fairlead.model.plan import Value
from fairlead.util.decoding import from_json


class Journal(Value, frozen=True, kw_only=True):
    """``under-way``: what a deployment does on a host, for whoever comes after it.

    It is there while a deployment is under way; when nobody holds the lock, that deployment died.
    ``switched`` says that ``slot`` had become live.
    """

    name: str = ""
    """The folder of its release."""
    version: str = ""
    slot: str = ""
    by: str = ""
    since: float = 0.0
    switched: bool = False


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """A host as it was found. ``slots`` and ``before`` are by slot, ``states`` by slot, process.

    ``before`` is what a slot held when a deployment that died began; ``free`` is in bytes.
    """

    there: bool = False
    live: str = ""
    since: float = 0.0
    slots: dict[str, About] = {}
    before: dict[str, About] = {}
    begun: frozenset[str] = frozenset()
    """Slots whose former contents are aside."""
    states: dict[tuple[str, str], str] = {}
    releases: dict[str, str] = {}
    """Folders of releases, and the identity of what is in each (see ``slots.identity``)."""
    environments: frozenset[str] = frozenset()
    journal: Journal | None = None
    closed: bool = False
    closed_by_us: bool = False
    """Whether a deployment closed the site, and no person did."""
    free: int = 0
    machine: str = ""
    refused: tuple[str, ...] = ()
    """Folders that may not be written to."""
    states_known: bool = True
    trouble: str = ""
    """What the process manager said instead of telling its states."""

    def running(self, slot: str, process: str) -> bool:
        """Whether a process of a slot runs."""
        return self.states.get((slot, process)) == "running"


_LOOK = r"""
for d in . releases environments slots run; do
  [ -d "$d" ] && [ -w "$d" ] || echo "refused $d"
done
printf 'live %s\n' "$(readlink slots/live || :)"
[ ! -L slots/live ] || stat -c 'since %Y' slots/live
for s in blue green; do
  [ ! -f "slots/$s/about.json" ] || printf 'slot %s %s\n' "$s" "$(cat "slots/$s/about.json")"
  [ ! -d "slots/.$s.before" ] || printf 'begun %s\n' "$s"
  [ ! -f "slots/.$s.before/about.json" ] ||
    printf 'before %s %s\n' "$s" "$(cat "slots/.$s.before/about.json")"
done
for r in releases/*/identity; do
  [ ! -f "$r" ] || { n=${r%/*}; printf 'release %s %s\n' "${n#*/}" "$(cat "$r")"; }
done
for e in environments/*/ready; do
  [ ! -f "$e" ] || { e=${e%/*}; printf 'environment %s\n' "${e#*/}"; }
done
[ ! -f under-way ] || printf 'journal %s\n' "$(cat under-way)"
[ ! -e maintenance/on.html ] || echo closed
[ "$(readlink maintenance/on.html || :)" != page.html ] || echo closed-by-us
df -Pk . | awk 'NR == 2 { print "free", $4 }'
printf 'machine %s_%s\n' "$(uname -s | tr A-Z a-z)" "$(uname -m)"
"""


def facts_script(environment: Environment, host: Host) -> str:
    """A script that looks at all of it and changes nothing."""
    layout = layout_of(environment)
    app = environment.app.name if environment.app else environment.name
    kind = manager(manager_of(environment, host))
    processes = words(processes_of(environment, host.roles))
    asking = f"state {','.join(SLOTS)} {processes}" if processes else ":"
    return (
        f"cd {quote(layout.root)} 2>/dev/null || {{ echo absent; exit 0; }}\n{_LOOK}"
        f"{kind.functions(app, layout.root)}\n"
        f"said=$( ({asking}) 2>&1) && printf '%s\\n' \"$said\" ||\n"
        "  printf 'states-unknown %s\\n' \"$(printf '%s' \"$said\" | tail -n 1)\"\n"
    )


def read_facts(text: str) -> Facts:
    """What ``facts_script`` told. Lines that are not ours are passed over."""
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        found.setdefault(word, []).append(rest)

    def last(word: str) -> str:
        return found.get(word, [""])[-1]

    return Facts(
        there="absent" not in found,
        live=last("live") if last("live") in SLOTS else "",
        since=float(last("since") or 0),
        slots=_by_slot(found.get("slot", [])),
        before=_by_slot(found.get("before", [])),
        begun=frozenset(found.get("begun", [])),
        states=_states(found.get("process", [])),
        releases=dict(_pair(line) for line in found.get("release", [])),
        environments=frozenset(found.get("environment", [])),
        journal=_journal(last("journal")) if "journal" in found else None,
        closed="closed" in found,
        closed_by_us="closed-by-us" in found,
        free=int(last("free") or 0) << 10,
        machine=last("machine"),
        refused=tuple(found.get("refused", [])),
        states_known="states-unknown" not in found,
        trouble=last("states-unknown"),
    )


def _by_slot(lines: list[str]) -> dict[str, About]:
    found = {}
    for line in lines:
        slot, _, text = line.partition(" ")
        # A slot whose file was cut off by a full disk is as good as empty.
        try:
            found[slot] = from_json(text, About)
        except msgspec.DecodeError:
            continue
    return found


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition(" ")
    return name, value


def _states(lines: list[str]) -> dict[tuple[str, str], str]:
    parts = (line.split() for line in lines)
    return {(part[0], part[1]): part[2] for part in parts if len(part) >= 3}  # noqa: PLR2004


def _journal(text: str) -> Journal:
    try:
        return from_json(text, Journal)
    except msgspec.DecodeError:
        return Journal()
