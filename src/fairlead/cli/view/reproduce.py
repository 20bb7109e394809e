"""The command that runs one job, or one test of it, again."""

import re
import shlex

from fairlead.model import Job, TestCase

# What pytest takes as one word of ``-k``: its ``_pytest/mark/expression.py`` says so.
_WORD = r"[\w:+\-.\[\]\\/]+"
_OPERATORS = ("and", "or", "not")


def reproduce(job: Job, case: TestCase | None = None) -> str:
    """``fairlead run unit --python 3.12 -k test_x``, ready to be pasted into a shell.

    A job with other axes than Python is named by its id, because its name stands for several.
    """
    words = ["fairlead", "run"]
    others = [name for name, _ in job.axes if name != "python"]
    if others or not job.python:
        words.append(job.id)
    else:
        words += [job.name, "--python", job.python]
    if case and (expression := expression_for(case)):
        words += ["-k", expression]
    return shlex.join(words)


def expression_for(case: TestCase) -> str:
    """What ``-k`` takes to choose this test: its class and function, or a scenario's name."""
    if case.file.endswith(".feature"):
        return case.name
    _, marker, inside = case.id.partition("::")
    head, bracket, values = (inside if marker else case.name).partition("[")
    *outer, last = head.split("::")
    words = [_word(part) for part in (*outer, last + bracket + values)]
    return " and ".join(word for word in words if word)


def _word(part: str) -> str:
    """A test's name as far as the expression's grammar can hold it."""
    part = part.split(" ", 1)[0] if " (" in part else part  # unittest: ``test_x (module.Class)``
    if re.fullmatch(_WORD, part) and part not in _OPERATORS:
        return part
    name = part.split("[", 1)[0].strip()
    return name if re.fullmatch(_WORD, name) and name not in _OPERATORS else ""
