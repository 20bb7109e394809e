"""What a change of releases means for the database: what is new, what cannot be gone back over."""

from fairlead.deploy.slots import About
from fairlead.model.plan import Value
from fairlead.model.release import Manifest


class Change(Value, frozen=True, kw_only=True):
    """From what is live to another release: migration files that are new, and that it lacks.

    ``irreversible`` and ``closing`` are those of the new ones that cannot be gone back over and
    that need the site closed; ``over`` are irreversible ones that the other release lacks.
    """

    new: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    irreversible: tuple[str, ...] = ()
    closing: tuple[str, ...] = ()
    over: tuple[str, ...] = ()


def change(manifest: Manifest | About, live: About | None) -> Change:
    """What going from ``live`` to a release does; everything is new where nothing is live."""
    before = frozenset(live.migrations) if live else frozenset()
    after = frozenset(manifest.migrations)
    new = tuple(sorted(after - before))
    lacking = tuple(sorted(before - after))
    closing = manifest.maintenance if isinstance(manifest, Manifest) else ()
    return Change(
        new=new,
        lacking=lacking,
        irreversible=tuple(name for name in new if name in manifest.irreversible),
        # An empty site need not be closed to anybody.
        closing=tuple(name for name in new if name in closing) if live else (),
        over=tuple(name for name in lacking if live and name in live.irreversible),
    )


def advice(change: Change) -> tuple[str, ...]:
    """What a person should know before it is carried out, a sentence each."""
    said = []
    if change.closing:
        said.append(f"{_listing(change.closing)}: the site is closed while it migrates")
    if change.irreversible:
        said.append(
            f"{_listing(change.irreversible)}: cannot be gone back over; the old release has to "
            "work with what it leaves"
        )
    elif change.new:
        said.append(
            f"{_listing(change.new)}: the old release serves on while it migrates and after a "
            "way back, so add now what is needed, and remove later what nobody needs any more"
        )
    if change.lacking:
        said.append(
            f"{_listing(change.lacking)}: stays in the database, this release does not know it"
        )
    return tuple(said)


def _listing(names: tuple[str, ...], most: int = 3) -> str:
    shown = [name.rpartition("/")[2] for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    word = "migration" if len(names) == 1 else "migrations"
    return f"{word} {', '.join(shown)}{more}"
