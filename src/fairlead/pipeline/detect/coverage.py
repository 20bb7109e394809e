"""Whether a project wants its coverage measured."""

import re

from fairlead.pipeline.detect.project import Project
from fairlead.pipeline.detect.testing import pytest_option


def coverage_reason(project: Project, named: frozenset[str], commands: tuple[str, ...]) -> str:
    """What says that coverage is measured, or empty."""
    cfg, tox = project.setup_cfg.sections(), project.tox_ini.sections()
    written = "\n".join((pytest_option(project, "addopts"), *commands))
    places = {
        ".coveragerc": ".coveragerc" in project.paths,
        "[tool.coverage] in pyproject.toml": project.tool("coverage"),
        "[coverage:run] in setup.cfg": any(name.startswith("coverage:") for name in cfg),
        "[coverage:run] in tox.ini": any(name.startswith("coverage:") for name in tox),
        "the options of the tests": re.search(r"--cov\b|\bcoverage run\b", written),
        "pytest-cov in the requirements": "pytest-cov" in named,
    }
    return next((place for place, found in places.items() if found), "")
