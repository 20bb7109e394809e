from fairlead.model import Job, Trigger
from fairlead.runner.variables import SYSTEM_PATH, step_variables

HOST = {"HOME": "/home/me", "AWS_SECRET": "x", "PIP_INDEX_URL": "https://index.example/simple"}


def variables(job=None, **fields):
    fields = {"host": HOST, "layer": {}} | fields
    return step_variables(job or Job(id="unit-3.12", name="unit"), Trigger(), **fields)


def test_only_what_leads_to_packages_comes_from_the_person():
    found = variables()
    assert found["PIP_INDEX_URL"] == HOST["PIP_INDEX_URL"]
    assert not {"HOME", "AWS_SECRET"} & set(found)


def test_the_environments_programs_come_first():
    assert variables(layer={"PATH": "/env/bin"})["PATH"] == f"/env/bin:{SYSTEM_PATH}"
    assert variables()["PATH"] == SYSTEM_PATH


def test_the_jobs_own_variables_win_but_for_a_session_that_evaluates_them():
    job = Job(id="a", name="a", env=(("CI", "no"),))
    assert variables(job)["CI"] == "no"
    session = Job(id="a", name="a", env=(("CI", "no"),), session=True)
    assert variables(session)["CI"] == "true"


def test_a_job_knows_what_it_is():
    found = variables(run=7, attempt=2)
    assert (found["FAIRLEAD_JOB"], found["FAIRLEAD_RUN"], found["FAIRLEAD_ATTEMPT"]) == (
        "unit-3.12",
        "7",
        "2",
    )
