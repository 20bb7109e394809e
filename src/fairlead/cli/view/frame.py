"""One picture of a run under way: lines for a terminal of given width and height. Pure."""

from fairlead.cli.view.clean import one_line
from fairlead.cli.view.look import Look, cells
from fairlead.cli.view.state import RUNNING, WAITING, JobState, RunState
from fairlead.cli.view.words import clock, plural

_SPIN = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_ASCII_SPIN = "|/-\\"
_SPINS_A_SECOND = 8
_BAR = 12
_WIDE = 70
_ENDED_BADLY = ("failed", "errored", "cancelled")
_FEWEST = 4

Part = tuple[str, str]
"""Text and the name of its style, empty for none."""


def frame(state: RunState, look: Look, *, now: float, height: int) -> list[str]:
    """What to draw: at most ``height`` lines, each narrower than ``look.width``."""
    running, bad = state.in_state(RUNNING), state.in_state(*_ENDED_BADLY)
    passed, waiting = state.in_state("passed"), state.in_state(WAITING)
    names = min(max((cells(job.id) for job in (*running, *bad)), default=0), look.width // 3)
    head = [_head(state, look, now), *_together(passed, "passed", look)]
    foot = [*_together(waiting, "waiting", look), *_failures(state, look)]
    room = max(height - len(head) - len(foot), _FEWEST)
    ended = [_ended(job, names, look) for job in bad]
    ended = _limited(ended, max(room - len(running), 1), "ended badly", look)
    lines = [_running(job, names, look, now) for job in running]
    room -= len(ended)
    if len(lines) * 2 <= room:
        said = [_last_line(job, look) for job in running]
        lines = [line for pair in zip(lines, said, strict=True) for line in pair if line]
    return [*head, *ended, *_limited(lines, max(room, 1), "running", look), *foot][:height]


def _limited(lines: list[str], room: int, word: str, look: Look) -> list[str]:
    if len(lines) <= room:
        return lines
    more = f"  … {len(lines) - room + 1} more {word}"
    return [*lines[: room - 1], _row([(more, "dim")], look)]


def _head(state: RunState, look: Look, now: float) -> str:
    jobs = state.jobs.values()
    ended = sum(job.state not in (RUNNING, WAITING) for job in jobs)
    bad = sum(job.state in ("failed", "errored") and not job.allowed for job in jobs)
    tests, failed = sum(job.tests for job in jobs), sum(job.failed for job in jobs)
    parts: list[Part] = [(f"{state.word} {state.number}", "bold"), (" · ", "dim")]
    parts.append((f"{ended} of {plural(len(jobs), 'job')}", ""))
    if bad:
        parts.append((f", {bad} failed", "red"))
    if tests:
        parts += [(" · ", "dim"), (plural(tests, "test"), "")]
    if failed:
        parts.append((f", {failed:,} failed", "red"))
    left = state.left(now)
    spent = clock(now - state.started)
    time = spent if left is None else f"{spent} · about {clock(left + 0.5)} left"
    return _row(parts, look, right=[(time, "dim")])


def _together(jobs: list[JobState], word: str, look: Look) -> list[str]:
    if not jobs:
        return []
    reused = sum(bool(job.reused) for job in jobs)
    note = f" ({reused} with reused steps)" if reused else ""
    names = ", ".join(job.id for job in jobs)
    title = f" {len(jobs)} {word}{note}  "
    return [_row([(_sign(word, look), word), (title, ""), (names, "dim")], look)]


def _running(job: JobState, names: int, look: Look, now: float) -> str:
    spins = _SPIN if look.unicode else _ASCII_SPIN
    spin = spins[int(now * _SPINS_A_SECOND) % len(spins)]
    doing = one_line(job.doing) or "…"
    again = f" (attempt {job.attempt})" if job.attempt > 1 else ""
    parts = [(f"{spin} ", "running"), (_padded(job.id, names, look), ""), ("  ", "")]
    return _row([*parts, (f"{doing}{again}", "dim")], look, right=_progress(job, look, now))


def _progress(job: JobState, look: Look, now: float) -> list[Part]:
    parts: list[Part] = []
    if job.tests or job.collected:
        counts = f"{job.tests:,}/{job.collected:,}" if job.collected else plural(job.tests, "test")
        if job.collected and look.width >= _WIDE:
            done = round(_BAR * min(job.tests / job.collected, 1.0))
            colour = "red" if job.failed else "green"
            parts += [("━" * done, colour), ("─" * (_BAR - done), "dim"), (" ", "")]
        parts.append((counts, ""))
    if job.failed:
        parts.append((f", {job.failed:,} failed", "red"))
    return [*parts, (f"  {clock(now - job.since):>5}", "dim")]


def _last_line(job: JobState, look: Look) -> str:
    line = job.tail.last_line() if job.tail else ""
    return _row([("  │ ", "dim"), (line, "dim")], look) if line else ""


def _ended(job: JobState, names: int, look: Look) -> str:
    state = "allowed" if job.allowed else job.state
    why = one_line(job.reason)
    if job.failed:
        why = f"{job.failed:,} of {plural(job.tests, 'test')} failed"
    word = f"{job.state} (allowed)" if job.allowed else job.state
    parts = [(_sign(state, look), state), (f" {_padded(job.id, names, look)}  ", "")]
    return _row(
        [*parts, (word, state), (f"  {why}" if why else "", "")],
        look,
        right=[(f"  {clock(job.seconds):>5}", "dim")],
    )


def _failures(state: RunState, look: Look) -> list[str]:
    if not state.failures:
        return []
    rows = [
        _row([("✗ ", "red"), (one_line(test), ""), (f"  {job}", "dim")], look)
        for job, test in state.failures
    ]
    return [_row([("latest failing tests", "dim")], look), *rows]


def _sign(state: str, look: Look) -> str:
    return Look(unicode=look.unicode).symbol(state)


def _padded(name: str, width: int, look: Look) -> str:
    shown = look.clip(name, width)
    return shown + " " * (width - cells(shown))


def _row(parts: list[Part], look: Look, right: list[Part] | None = None) -> str:
    """Parts beside each other, cut to the width; ``right`` keeps its place at the right edge."""
    tail = right or []
    taken = sum(cells(look.plain(text)) for text, _ in tail)
    room = look.width - 1 - taken - (1 if tail else 0)
    written = []
    for text, style in parts:
        safe = text if text.isprintable() else one_line(text)
        shown = look.clip(look.plain(safe), room) if room > 0 else ""
        room -= cells(shown)
        written.append(look.style(shown, style) if style else shown)
    gap = " " * (max(room, 0) + 1) if tail else ""
    ending = (look.style(look.plain(text), style) if style else text for text, style in tail)
    return "".join((*written, gap, *ending)).rstrip()
