"""The verdict: one word and one sentence, and where to read on."""

import textwrap

from fairlead.cli.view.clean import clean
from fairlead.cli.view.failures import failures_of, tests_of
from fairlead.cli.view.look import Look
from fairlead.cli.view.words import counts_of, duration, plural
from fairlead.model import Outcome, RunResult


def verdict_lines(result: RunResult, look: Look) -> list[str]:
    """Symbol, word and sentence, wrapped; then the commands that show more."""
    width = max(look.width - 1, 40)
    words = f"{result.outcome}: {sentence_of(result)}"
    first, *rest = textwrap.wrap(words, width - 2, break_on_hyphens=False) or [""]
    word = str(result.outcome)
    styled = look.style(look.style(word, result.outcome), "bold") + first.removeprefix(word)
    more = f"fairlead report {result.number} --open"
    return [
        f"{look.symbol(result.outcome)} {styled}",
        *(f"  {line}" for line in rest),
        look.style(f"  run {result.number}: {more}", "dim"),
    ]


def sentence_of(result: RunResult) -> str:
    """The verdict's sentence, or one from the counts for a run that came to none."""
    if result.verdict and result.verdict.sentence:
        return clean(result.verdict.sentence).replace("\n", " ")
    took = duration(result.seconds)
    failures = [failure for failure in failures_of(result) if not failure.allowed]
    bad = [job.job for job in result.jobs if job.outcome is not Outcome.PASSED]
    if failures:
        what = plural(len(failures), "failing test")
    elif bad:
        what = f"{plural(len(bad), 'job')} of {len(result.jobs)} did not pass"
    else:
        what = counts_of(tests_of(result)) or plural(len(result.jobs), "job")
    return f"{what} — {took}"
