import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.reports.violations import TOOLS, tool_of


@pytest.mark.parametrize(
    ("command", "tool"),
    [
        ("flake8", "flake8"),
        ("python -m flake8 src", "flake8"),
        ("python3.12 -W ignore -m pylint x", "pylint"),
        ("/ws/.venv/bin/black --check .", "black"),
        ("ruff check --fix .", "ruff"),
        ("ruff --config x.toml .", "ruff"),
        ("ruff format --check .", "ruff-format"),
        ("ruff rule E501", ""),
        ("poetry run mypy x", "mypy"),
        ("uv run --frozen --extra dev ruff check", "ruff"),
        ("uv run -m mypy .", "mypy"),
        ("uvx --from x ruff check", "ruff"),
        ("pipx run bandit -r .", "bandit"),
        ("cd x && pylint y | tee log", "pylint"),
        ("pylint x || true", "pylint"),
        ("git ls-files '*.py' | xargs -n 1 pylint", "pylint"),
        ("FOO='a b' env A=b timeout 10m mypy", "mypy"),
        ("if true; then flake8; fi", "flake8"),
        ("! isort -c .", "isort"),
        ("(autopep8 -d a.py)", "autopep8"),
        ("pyflakes a.py >out.txt 2>&1", "pyflakes"),
        ("pep8 a.py", "pycodestyle"),
        ("# flake8 would be nice\nmypy .", "mypy"),
        ("echo ok # don't\nflake8", "flake8"),
        ("flake8 \\\n  --count", "flake8"),
        ("pip install flake8", ""),
        ("echo flake8", ""),
        ("pytest --flake8", ""),
        ("coverage run -m flake8", ""),
        ("mypy --version", ""),
        ("black 'x", ""),
        ("", ""),
        ("python -m", ""),
        ("env", ""),
    ],
)
def test_tool_of(command, tool):
    assert tool_of(command) == tool


@given(st.text(st.sampled_from("flake8 rufmypy-'\"\\#\n;|&()$=<>"), max_size=30))
def test_any_line_is_understood_or_gives_none(command):
    assert tool_of(command) in ("", *TOOLS)
