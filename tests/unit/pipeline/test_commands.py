"""What commands are known to be."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.pipeline.commands import builds_docs, known_pure, lint_tool


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("ruff check .", "ruff"), ("ruff .", "ruff"), ("ruff", "ruff"), ("ruff format --check", ""), ("python -m ruff check", "ruff"),
        ("python3.12 -m pylint src", "pylint"), (".venv/bin/flake8", "flake8"), ("uv run --frozen --with x mypy src", "mypy"),
        ("poetry run black --check .", "black"), ("A=1 B='x y' bandit -r src", "bandit"), ("cd src && pyflakes .", "pyflakes"),
        ("pylint src || true", "pylint"), ("ruff check . && mypy src", ""), ("pytest", ""), ("ruff check . | tee x", ""),
        ("autopep8 --diff -r .", "autopep8"), ("pycodestyle .\n", "pycodestyle"), ("", ""), ("'", ""), ("echo mypy", ""),
    ],
)  # fmt: skip
def test_lint_tool(command, tool):
    assert lint_tool(command) == tool


@pytest.mark.parametrize(
    "command",
    [
        "ruff check .", "ruff format --check .", "python -m mypy src", "black --check .", "isort -c .", "flake8\npylint src",
        "# style\nflake8 \\\n  src", "cd docs && make html", "make -C docs html SPHINXOPTS=-W", "python -m sphinx -W docs out",
        "sphinx-build docs out; echo done", "mkdocs build --strict", "ruff check 'a;b'", "bandit -r src", "ruff check --diff",
    ],
)  # fmt: skip
def test_known_pure(command):
    assert known_pure(command)


@pytest.mark.parametrize(
    "command",
    [
        "pytest", "ruff check --fix .", "ruff format .", "black .", "isort .", "make", "make test", "make html test", "make -C",
        "mkdocs serve", "sphinx-build -b linkcheck docs out", "pip install x && ruff check", "ruff check > report.txt",
        "ruff check $(cat files)", "ruff check `cat files`", "ruff check . | tee x", "pylint src || true", "ruff check & rm x",
        "ruff check # x\nrm -rf build", "(ruff check)", "ruff check <x", "pylint --output=x src", "mypy --install-types .",
        "echo hi", "cd x", "", "ruff check\nrm x", "ruff clean", "A=1", "autopep8 -i x", "ruff check '", "black", "&&", ";;",
    ],
)  # fmt: skip
def test_not_known_to_be_pure(command):
    assert not known_pure(command)


@pytest.mark.parametrize(
    ("command", "expected"),
    [("make -C docs html", True), ("mkdocs build", True), ("ruff check", False)],
)
def test_builds_docs(command, expected):
    assert builds_docs(command) is expected


@settings(deadline=None)
@given(st.text(alphabet="ruf check&|;'\"\\#\n$(=-m", max_size=40))
def test_any_text_is_judged(command):
    assert known_pure(command) in (True, False)
    assert isinstance(lint_tool(command), str)


@settings(deadline=None)
@given(
    st.sampled_from(["; ", " && ", "\n", " & ", " | ", " || "]),
    st.sampled_from(["rm -rf x", "pytest", "./do", "curl x"]),
)
def test_nothing_hides_behind_a_linter(join, other):
    assert not known_pure(f"ruff check .{join}{other}")
    assert not known_pure(f"{other}{join}ruff check .")
