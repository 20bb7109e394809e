"""Real linters: every form of a tool's output says the same."""

import sys

import pytest

from fairlead.reports import violations

RUFF = {
    ("I001", "pkg/a.py", 1),
    ("F401", "pkg/a.py", 1),
    ("F821", "pkg/a.py", 6),
    ("F811", "pkg/a.py", 7),
    ("F841", "pkg/a.py", 9),
}


def places(found):
    return {(v.rule, v.path, v.line) for v in found.items}


def prints(found):
    return {v.fingerprint for v in found.items}


@pytest.fixture
def read(output, project, source):
    """Runs a command and reads its output as that of ``tool``."""

    def run(tool, *argv):
        return violations.read(tool, output(*argv), "log", source, root=str(project))

    return run


def ruff(*arguments):
    return ("ruff", sys.executable, "-m", "ruff", *arguments)


def test_ruff_says_the_same_in_every_form(read):
    check = ("check", "--isolated", "--no-cache", "--select", "E4,E7,E9,F,I", "pkg")
    found = {
        form: read(*ruff(*check, "--output-format", form))
        for form in ("json", "json-lines", "sarif", "concise", "full")
    }
    assert all(places(each) >= RUFF for each in found.values())
    assert all(places(each) == places(found["json"]) for each in found.values())
    assert any(v.rule == "invalid-syntax" for v in found["json"].items)
    assert prints(found["json"]) == prints(found["json-lines"])
    assert prints(found["json"]) == prints(found["concise"])


def test_ruff_format(read):
    run = ("format", "--isolated", "--no-cache")
    diff = read("ruff-format", *ruff(*run, "--diff", "pkg")[1:])
    check = read("ruff-format", *ruff(*run, "--check", "pkg")[1:])
    assert ("format", "pkg/a.py", 4) in places(diff)
    assert ("format", "pkg/a.py", 0) in places(check)
    assert ("invalid-syntax", "pkg/b.py", 1) in places(diff) & places(check)


def test_mypy_says_the_same_in_every_form(read, tmp_path):
    base = ("mypy", sys.executable, "-m", "mypy", "--config-file=", "--strict", "pkg/a.py",
            "--cache-dir", tmp_path / "mypy")  # fmt: skip
    text = read(*base)
    assert {
        ("name-defined", "pkg/a.py", 6),
        ("no-redef", "pkg/a.py", 7),
        ("assignment", "pkg/a.py", 9),
    } <= places(text)
    for more in (["-O", "json"], ["--show-error-end", "--pretty"], ["--show-column-numbers"]):
        other = read(*base, *more)
        assert places(other) == places(text)
        assert prints(other) == prints(text)


FLAKES = {("F401", "pkg/a.py", 1), ("F821", "pkg/a.py", 6), ("E999", "pkg/b.py", 1)}


@pytest.mark.network
def test_flake8_and_its_parts(read, tools):
    assert places(read("flake8", tools / "flake8", "pkg")) >= FLAKES
    assert places(read("flake8", tools / "flake8", "--format", "pylint", "pkg")) >= FLAKES
    assert ("E302", "pkg/a.py", 4) in places(read("pycodestyle", tools / "pycodestyle", "pkg"))
    assert {
        ("imported-but-unused", "pkg/a.py", 1),
        ("undefined-name", "pkg/a.py", 6),
        ("invalid-syntax", "pkg/b.py", 1),
    } <= places(read("pyflakes", tools / "pyflakes", "pkg"))


@pytest.mark.network
def test_pylint_says_the_same_in_every_form(read, tools):
    base = ("pylint", tools / "pylint", "pkg")
    text = read(*base)
    assert text.score == 0.0
    assert {("E0602", "pkg/a.py", 6), ("W0611", "pkg/a.py", 1), ("E0001", "pkg/b.py", 1)} <= places(
        text
    )
    for form in ("json2", "json", "parseable", "colorized"):
        other = read(*base, "-f", form)
        assert prints(other) == prints(text)
    assert read(*base, "-f", "json2").score == 0.0


@pytest.mark.network
def test_bandit_says_the_same_in_every_form(read, tools):
    base = ("bandit", tools / "bandit", "-r", "pkg")
    text = read(*base)
    assert {("B602", "pkg/a.py", 5), ("B101", "pkg/a.py", 8)} <= places(text)
    for form in ("json", "screen", "sarif"):
        assert places(read(*base, "-f", form)) == places(text)


@pytest.mark.network
def test_formatters(read, tools):
    assert ("format", "pkg/a.py", 4) in places(read("black", tools / "black", "--diff", "pkg"))
    check = read("black", tools / "black", "--check", "pkg")
    assert {("format", "pkg/a.py", 0), ("invalid-syntax", "pkg/b.py", 1)} == places(check)
    pep8 = read("autopep8", tools / "autopep8", "--diff", "pkg/a.py")
    assert ("format", "pkg/a.py", 4) in places(pep8)
    assert ("format", "pkg/a.py", 3) in places(read("isort", tools / "isort", "--diff", "pkg"))
    assert ("format", "pkg/a.py", 0) in places(read("isort", tools / "isort", "-c", "pkg"))
