"""The phases of a job as steps, with Travis' defaults for Python."""

import re

from fairlead.model import Phase, Step
from fairlead.pipeline.document import Node
from fairlead.pipeline.travis.nodes import Keys, Problems, scalars, texts

PHASES = {
    "before_install": Phase.SETUP,
    "install": Phase.SETUP,
    "before_script": Phase.SETUP,
    "script": Phase.SCRIPT,
    "before_cache": Phase.AFTER,
    "after_success": Phase.AFTER_SUCCESS,
    "after_failure": Phase.AFTER_FAILURE,
    "after_script": Phase.AFTER,
}
"""In the order they run; ``before_cache`` runs before it is looked how the script went."""

_INSTALL = """\
if [[ -f Requirements.txt ]]; then
  travis_retry pip install -r Requirements.txt
elif [[ -f requirements.txt ]]; then
  travis_retry pip install -r requirements.txt
else
  echo 'There is no requirements.txt. Say with the key install: what the job needs.'
fi"""
_SCRIPT = "echo 'There is nothing to run. Say with the key script: how to test.' >&2; false"
_ROOT = re.compile(r"(?:^|[;&|(]\s*|\s)(sudo|apt-get|apt)\s")


def read_steps(config: Keys, *, python: bool, problems: Problems) -> tuple[Step, ...]:
    """The steps of a job; ``python`` is whether Python's defaults hold for it."""
    steps: list[Step] = []
    for label, phase in PHASES.items():
        node = config.get(label)
        if node is not None and _skipped(node):
            continue
        if node is None and python and label == "install":
            name = "pip install -r requirements.txt"
            steps.append(Step(name=name, command=_INSTALL, phase=phase, label=label))
        elif node is None and python and label == "script":
            steps.append(Step(name="no script", command=_SCRIPT, phase=phase, label=label))
        steps += _commands(node, label, phase, problems)
    return tuple(steps)


def _skipped(node: Node) -> bool:
    return texts(node) in (("skip",), ("ignore",))


def _commands(node: Node | None, label: str, phase: Phase, problems: Problems) -> list[Step]:
    steps = []
    for command in scalars(node):
        if found := _ROOT.search(command.text):
            message = f"{found[1]} needs root, which a job does not have here"
            problems.warn(command.location, message, "install it on this machine beforehand")
        text = command.text.rstrip()
        steps.append(Step(name=short(text), command=text, phase=phase, label=label))
    return steps


def short(command: str, longest: int = 72) -> str:
    """A command in one line, for people."""
    lines = command.strip().splitlines() or [""]
    line = lines[0].rstrip("\\ ")
    cut = len(line) > longest or len(lines) > 1
    return line[:longest].rstrip() + (" …" if cut else "")
