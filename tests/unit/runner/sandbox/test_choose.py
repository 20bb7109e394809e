import sys

import pytest

from fairlead.errors import FairleadError, SandboxFailed
from fairlead.runner.sandbox import choose as choose_function
from fairlead.runner.sandbox.choose import _explained, _fingerprint, why_not_bubblewrap

choose_module = sys.modules[choose_function.__module__]


@pytest.fixture(autouse=True)
def no_helper(monkeypatch):
    monkeypatch.setattr(choose_module, "helper", lambda: None)


def say(monkeypatch, trouble):
    monkeypatch.setattr(choose_module, "why_not_bubblewrap", lambda _cache: trouble)


def test_auto_isolates_where_it_can(monkeypatch, tmp_path):
    say(monkeypatch, None)
    sandbox = choose_function("auto", tmp_path)
    assert (sandbox.name, sandbox.isolated, sandbox.moves) == ("bubblewrap", True, True)
    assert sandbox.reason == ""


def test_auto_falls_back_and_says_why(monkeypatch, tmp_path):
    say(monkeypatch, SandboxFailed("bubblewrap is not installed", hint="install it"))
    sandbox = choose_function("auto", tmp_path)
    assert (sandbox.name, sandbox.isolated, sandbox.moves) == ("process", False, False)
    assert sandbox.reason == "bubblewrap is not installed"


def test_insisting_on_bubblewrap_is_an_error_where_it_does_not_work(monkeypatch, tmp_path):
    say(monkeypatch, SandboxFailed("bubblewrap is not installed", hint="install it"))
    with pytest.raises(SandboxFailed) as caught:
        choose_function("bubblewrap", tmp_path)
    assert caught.value.hint == "install it"


def test_process_is_used_when_asked_for(tmp_path):
    assert choose_function("process", tmp_path).reason == "asked for"


def test_an_unknown_setting_is_an_error(tmp_path):
    with pytest.raises(FairleadError, match="unknown sandbox 'docker'") as caught:
        choose_function("docker", tmp_path)
    assert "auto, bubblewrap, process" in caught.value.hint


class TestTrying:
    @pytest.fixture(autouse=True)
    def machine(self, monkeypatch, tmp_path):
        self.program = tmp_path / "bwrap"
        self.program.write_text("#!/bin/sh\n")
        self.asked = []
        self.answer = None

        def probe(program):
            self.asked.append(program)
            return self.answer

        monkeypatch.setattr(choose_module, "probe", probe)
        monkeypatch.setattr(choose_module, "find_program", lambda _name: str(self.program))

    def test_success_is_remembered(self, tmp_path):
        assert [why_not_bubblewrap(tmp_path) for _ in range(3)] == [None] * 3
        assert len(self.asked) == 1

    def test_another_program_is_tried_anew(self, tmp_path):
        why_not_bubblewrap(tmp_path)
        before = _fingerprint(str(self.program))
        self.program.write_text("#!/bin/sh\n# a newer one\n")
        assert _fingerprint(str(self.program)) != before
        why_not_bubblewrap(tmp_path)
        assert len(self.asked) == 2

    def test_failure_is_not_remembered(self, tmp_path):
        self.answer = SandboxFailed("no")
        assert why_not_bubblewrap(tmp_path) is self.answer
        self.answer = None
        assert why_not_bubblewrap(tmp_path) is None

    def test_a_folder_that_cannot_be_written_only_costs_time(self, tmp_path):
        (tmp_path / "sandbox").write_text("in the way")
        assert why_not_bubblewrap(tmp_path) is None

    def test_not_installed(self, tmp_path, monkeypatch):
        monkeypatch.setattr(choose_module, "find_program", lambda _name: None)
        trouble = why_not_bubblewrap(tmp_path)
        assert trouble.message == "bubblewrap is not installed"
        assert "apt install bubblewrap" in trouble.hint


@pytest.mark.parametrize(
    ("restricted", "words", "hint"),
    [
        ("1", "bwrap: setting up uid map: Permission denied", "AppArmor"),
        ("", "bwrap: No permissions to create new namespace", "user namespaces"),
        ("", "bwrap: Can't find source path /x", ""),
    ],
)
def test_what_bubblewrap_says_is_explained(monkeypatch, restricted, words, hint):
    monkeypatch.setattr(choose_module, "_sysctl", lambda _name: restricted)
    trouble = _explained(words)
    assert trouble.message.startswith("bubblewrap does not work here: ")
    assert "bwrap:" not in trouble.message
    assert hint in trouble.hint
    assert bool(hint) == bool(trouble.hint)
