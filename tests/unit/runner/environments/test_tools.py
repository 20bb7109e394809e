"""Which jobs get a recent pip."""

import pytest

from fairlead.model import Job, Step
from fairlead.runner.environments.tools import calls_pip


@pytest.mark.parametrize(
    ("command", "calls"),
    [
        ("pip install -r requirements.txt", True),
        ("python -m pip install .", True),
        ("pip3.11 list", True),
        ("python setup.py test", True),
        ("virtualenv x && x/bin/pytest", True),
        ("python -m pytest -q", False),
        ("flake8 pipeline", False),
        ("./ci/run", False),
    ],
)
def test_by_its_commands(command, calls):
    job = Job(
        id="a", name="a", steps=(Step(name="x", command="true"), Step(name="y", command=command))
    )
    assert calls_pip(job) is calls


def test_a_session_is_taken_to_do_it():
    assert calls_pip(Job(id="a", name="a", session="travis"))
