"""Only some tests: a keyword given to whichever test runner a command calls."""

import re
import shlex

import msgspec

from fairlead.model import Job, Phase, Plan, Step

# pytest gets it by a variable, which also reaches a pytest that a script calls.
_RUNNERS = (
    (re.compile(r"(\bpython[\d.]*\s+-m\s+unittest\b(?:\s+discover\b)?)"), "-k"),
    (re.compile(r"(\bmanage\.py\s+test\b)"), "-k"),
    (re.compile(r"((?:^|[\s;&|])(?:python[\d.]*\s+-m\s+)?behave\b)", re.MULTILINE), "-n"),
)


def narrow(plan: Plan, keyword: str) -> Plan:
    """The plan with every call of a test runner kept to tests that match ``keyword``.

    What a few tests cover says nothing, so coverage is not measured.
    """
    if not keyword:
        return plan
    jobs = tuple(_narrow_job(job, keyword) for job in plan.jobs)
    return msgspec.structs.replace(plan, jobs=jobs, keyword=keyword)


def _narrow_job(job: Job, keyword: str) -> Job:
    steps = tuple(_narrow_step(step, keyword) for step in job.steps)
    options = f"-k {shlex.quote(keyword)}"
    # What a session's variables hold is bash, evaluated by its script.
    value = shlex.quote(options) if job.session else options
    own = dict(job.env).get("PYTEST_ADDOPTS")
    env = (*job.env, ("PYTEST_ADDOPTS", f"{own} {value}" if own else value))
    return msgspec.structs.replace(job, steps=steps, env=env, measure_coverage=False, coverage=None)


def _narrow_step(step: Step, keyword: str) -> Step:
    if step.phase is not Phase.SCRIPT:
        return step
    command = step.command
    for pattern, option in _RUNNERS:
        # A function, so that nothing in the keyword is taken for a reference to a group.
        added = f" {option} {shlex.quote(keyword)}"
        command = pattern.sub(lambda found, added=added: found[1] + added, command)  # type: ignore[misc]
    return msgspec.structs.replace(step, command=command)
