"""One bash script out of a job whose steps share a shell, as Travis runs them.

The script evaluates the job's variables in order, then the steps. What it means by its exit code:
0 passed, 1 the script said no, 2 a setup phase failed, anything else errored; ``exit`` in a step
ends the job with that code. For every step it appends JSON lines to the file that
``$FAIRLEAD_EVENTS`` names (none are written without it)::

    {"t":"step","op":"start","index":3}
    {"t":"step","op":"end","index":3,"code":0}

``index`` counts from 0 in ``job.steps``. A step that is cut short by ``exit`` or ``set -e`` ends
with the shell's code; one that replaces the EXIT trap or kills the shell has no end line. Steps
that do not run (``after_failure`` of a job that passed) have no lines at all.

Where ``$FAIRLEAD_MARK`` is set, each such line is followed by that text in the output, between the
bytes 1C and 1D: there the output of one step ends and that of the next begins.
"""

import shlex
from itertools import groupby

from fairlead.model import Job, Phase, Step
from fairlead.pipeline.travis.functions import FUNCTIONS

_RUNNERS = {
    Phase.SETUP: "__fairlead_setup",
    Phase.SCRIPT: "__fairlead_script",
    Phase.AFTER: "__fairlead_after",
    Phase.AFTER_SUCCESS: "__fairlead_after",
    Phase.AFTER_FAILURE: "__fairlead_after",
}
_GUARDS = {
    Phase.AFTER_SUCCESS: '[[ "${TRAVIS_TEST_RESULT:-0}" == 0 ]]',
    Phase.AFTER_FAILURE: '[[ "${TRAVIS_TEST_RESULT:-0}" != 0 ]]',
}


def session_script(job: Job, events: str | None = None) -> str:
    """The bash script (4.1 and later) that is the whole of ``job``.

    ``events`` is the path of the events file where ``$FAIRLEAD_EVENTS`` will not say it. Values
    of ``job.env`` are bash text: they may name variables, also secret ones, which are expected in
    the process environment and never appear in the script.
    """
    place = shlex.quote(events) if events is not None else '"${FAIRLEAD_EVENTS-}"'
    lines = [f"__fairlead_events={place}", FUNCTIONS.strip("\n")]
    lines += [_export(name, value) for name, value in job.env]
    for phase, group in groupby(enumerate(job.steps), key=lambda item: item[1].phase):
        calls = [line for index, step in group for line in _step(index, step)]
        guard = _GUARDS.get(phase)
        lines += [f"if {guard}; then", *calls, "fi"] if guard else calls
    lines.append("__fairlead_finish")
    return "\n".join(lines) + "\n"


def _export(name: str, value: str) -> str:
    """An assignment in ``eval``, so that a value which is no bash spoils only itself."""
    return f"eval {shlex.quote(f'export {name}={value}')}"


def _step(index: int, step: Step) -> list[str]:
    exports = [_export(name, shlex.quote(value)) for name, value in step.env]
    label = shlex.quote(step.label or step.phase.value)
    return [*exports, f"{_RUNNERS[step.phase]} {index} {label} {shlex.quote(step.command)}"]
