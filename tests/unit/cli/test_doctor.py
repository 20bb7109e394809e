import json

import pytest
from click.testing import CliRunner

from fairlead.cli.doctor import command, encode, lines
from fairlead.runner import doctor
from fairlead.runner.doctor import Finding, State

FINDINGS = (
    Finding(name="git", state=State.OK, text="2.39"),
    Finding(name="isolation", state=State.LACKING, text="not isolated", hint="install it"),
    Finding(name="uv", state=State.MISSING, text="not found", hint="install that"),
)


@pytest.fixture
def findings(monkeypatch, tmp_path):
    monkeypatch.setenv("FAIRLEAD_HOME", str(tmp_path))
    held = {"findings": FINDINGS}
    monkeypatch.setattr(doctor, "examine", lambda _home, _environ: held["findings"])
    return held


def test_missing_things_exit_with_2(findings):
    result = CliRunner().invoke(command)
    assert result.exit_code == 2
    assert "cannot work here" in result.output
    assert "install that" in result.output


def test_lacking_things_exit_with_0(findings):
    findings["findings"] = FINDINGS[:2]
    result = CliRunner().invoke(command)
    assert result.exit_code == 0
    assert "fairlead run works here" in result.output


def test_no_colours_where_nobody_sees_them(findings):
    assert "\x1b" not in CliRunner().invoke(command, color=True).output


def test_json_holds_the_findings(findings):
    result = CliRunner().invoke(command, ["--json"])
    assert result.exit_code == 2
    data = json.loads(result.output)
    assert data["works"] is False
    assert data["findings"][1] == {
        "name": "isolation",
        "state": "lacking",
        "text": "not isolated",
        "hint": "install it",
    }
    assert json.loads(encode((), works=True)) == {"works": True, "findings": []}


def test_lines_are_aligned_and_have_symbols_where_those_can_be_shown():
    from click import unstyle

    shown = [unstyle(line) for line in lines(FINDINGS, works=False, fancy=True)]
    assert shown[:3] == [
        "✓ git        2.39",
        "! isolation  not isolated",
        "             install it",
    ]
    plain = [unstyle(line) for line in lines(FINDINGS, works=False, fancy=False)]
    assert "".join(plain).isascii()
    assert plain[0] == "ok git        2.39"
