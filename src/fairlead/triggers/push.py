"""Refs that moved, whoever tells: a webhook, git's own post-receive, or a look at a remote."""

import re
from collections.abc import Iterable, Mapping, Sequence

from fairlead.errors import TriggerInvalid
from fairlead.model import Trigger
from fairlead.model.plan import Value
from fairlead.triggers.outcome import Ended, Outcome
from fairlead.triggers.payload import tidy
from fairlead.triggers.refs import Ref, object_id, parse_ref

BUILDS_A_PUSH = 20
"""Refs of one push that are built; a mirror's first push has thousands."""

_ID = r"[0-9a-f]{40}(?:[0-9a-f]{24})?"
_LINE = re.compile(rf"({_ID}) ({_ID}) ([^\0]+)")


class RefUpdate(Value, frozen=True, kw_only=True):
    """A ref that moved: ``before`` is ``None`` where it is new, ``after`` where it is gone."""

    ref: Ref
    before: str | None
    after: str | None


def ref_update(ref: str, before: str, after: str) -> RefUpdate:
    """An update from texts, with zeros for none. Raises ``TriggerInvalid``."""
    return _update(parse_ref(ref), before, after)


def _update(ref: Ref, before: str, after: str) -> RefUpdate:
    update = RefUpdate(ref=ref, before=object_id(before), after=object_id(after))
    if update.before is None and update.after is None:
        raise TriggerInvalid(f"{update.ref.full} was neither there before nor is it now")
    return update


def read_post_receive(data: bytes) -> tuple[RefUpdate, ...]:
    """What git writes to a post-receive hook: ``<before> <after> <ref>`` a line (githooks(5)).

    Git lets more names through than a build can have. Such a ref is of the kind ``unusable``, so
    that the others of its push are built. Raises ``TriggerInvalid`` for a line of another form.
    """
    lines = _lines(data)
    return tuple(_received(number, line) for number, line in enumerate(lines, 1) if line)


def _received(number: int, line: str) -> RefUpdate:
    found = _LINE.fullmatch(line)
    if not found:
        raise TriggerInvalid(f"line {number} of the push is not two object ids and a ref")
    before, after, name = found.groups()
    return _update(_lenient(name), before, after)


def moved(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[RefUpdate, ...]:
    """How full ref names and object ids differ between two looks at a remote, sorted by name."""
    names = sorted(n for n in {*before, *after} if before.get(n) != after.get(n))
    none = "0" * 40
    return tuple(ref_update(n, before.get(n, none), after.get(n, none)) for n in names)


def read_ls_remote(data: bytes) -> dict[str, str]:
    """Branches and tags of ``git ls-remote``: full name to the id of a commit.

    An annotated tag comes twice, the second time (``^{}``) with the commit it stands for. Names
    that are not UTF-8 or that no branch may have are left out: nothing else could be done with
    them. Raises ``TriggerInvalid`` for a line of another form.
    """
    found: dict[str, str] = {}
    for line in filter(None, _lines(data)):
        identity, tab, name = line.partition("\t")
        if not tab or object_id(identity) is None:
            raise TriggerInvalid(f"not a line of git ls-remote: {line[:80]!a}")
        ref = _lenient(name.removesuffix("^{}"))
        if ref.kind in {"branch", "tag"}:
            found[ref.full] = identity
    return found


def outcome(
    update: RefUpdate,
    *,
    repository: str,
    commit: str | None = None,
    message: str = "",
    author: str = "",
    forced: bool = False,
    changed: tuple[str, ...] | None = None,
    delivery: str = "",
) -> Outcome:
    """What comes of one ref. ``commit`` is what an annotated tag stands for, where it is known."""
    ref = update.ref
    if ref.kind not in {"branch", "tag"}:
        what = "neither a branch nor a tag" if ref.kind == "other" else "no name a build can have"
        return Outcome(reason=f"{ref.full} is {what}")
    if update.after is None:
        ended = Ended(kind=ref.kind, name=ref.name)
        return Outcome(ended=ended, reason=f"the {ref.kind} {ref.name} was deleted")
    if update.before == update.after:
        return Outcome(reason=f"{ref.name} did not move: a test, or an empty push")
    is_tag = ref.kind == "tag"
    return Outcome(
        trigger=Trigger(
            event="tag" if is_tag else "push",
            repository=repository,
            branch=None if is_tag else ref.name,
            tag=ref.name if is_tag else None,
            commit=commit or update.after,
            base=update.before,
            message=tidy(message),
            author=tidy(author),
            changed=changed,
            ref=ref.full,
            forced=forced,
            delivery=delivery,
        )
    )


def of_many(
    outcomes: Sequence[Outcome], *, default_branch: str | None = None, limit: int = BUILDS_A_PUSH
) -> tuple[Outcome, ...]:
    """One push's outcomes, with the default branch alone built where there are over ``limit``."""
    wanted = sum(one.trigger is not None for one in outcomes)
    if wanted <= limit:
        return tuple(outcomes)
    reason = f"one push moved {wanted:,} refs, and at most {limit} are built at once"
    return tuple(
        Outcome(reason=reason) if one.trigger and not _is_default(one, default_branch) else one
        for one in outcomes
    )


def wants_no_build(options: Iterable[str]) -> bool:
    """Whether ``git push -o ci.skip`` (or ``skip-ci``) was said."""
    return any(option.strip().lower() in {"ci.skip", "skip-ci", "ci-skip"} for option in options)


def _is_default(one: Outcome, default_branch: str | None) -> bool:
    return bool(one.trigger and default_branch and one.trigger.branch == default_branch)


def _lenient(name: str) -> Ref:
    try:
        return parse_ref(name)
    except TriggerInvalid:
        return Ref(full=name, kind="unusable", name=name)


def _lines(data: bytes) -> list[str]:
    """Lines; what is not UTF-8 becomes a backslash and more, which no ref may have."""
    return data.decode("utf-8", "backslashreplace").split("\n")
