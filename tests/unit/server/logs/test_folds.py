import pytest

from fairlead.server.logs.folds import Fold, take_folds
from fairlead.server.logs.render import Renderer


@pytest.mark.parametrize(
    ("text", "folds", "rest"),
    [
        ("fairlead_fold:start:db Make the database", [(True, "db")], "Make the database"),
        ("fairlead_fold:end:db", [(False, "db")], ""),
        ("travis_fold:start:git.1\r\x1b[0K$ git clone", [(True, "git.1")], "$ git clone"),
        ("travis_fold:end:git.1\r\x1b[0K", [(False, "git.1")], ""),
        ("travis_fold:end:a\r\x1b[0Ktravis_fold:start:b\rT", [(False, "a"), (True, "b")], "T"),
        ("travis_time:start:1a2b\r\x1b[0K$ make", [], "$ make"),
        ("travis_time:end:1a:start=1,finish=2,duration=1\r\x1b[0Ktravis_fold:end:a\r",
         [(False, "a")], ""),
        ("\x1b[0Ksection_start:1560896352:my_sec[collapsed=true]\r\x1b[0KHeader", [(True, "my_sec")], "Header"),
        ("\x1b[0Ksection_end:1560896353:my_sec\r\x1b[0K", [(False, "my_sec")], ""),
        ("::group::Install <it>", [(True, "")], "Install <it>"),
        ("  ::endgroup::", [(False, "")], ""),
        ("##[group]Run tests", [(True, "")], "Run tests"),
        ("##[endgroup]", [(False, "")], ""),
        ("echo travis_fold:start:a", [], "echo travis_fold:start:a"),
        ("travis_fold:start:a/b", [], "travis_fold:start:a/b"),
        ("travis_fold:start:<script>", [], "travis_fold:start:<script>"),
        ("travis_fold:start:" + "a" * 101, [], "travis_fold:start:" + "a" * 101),
        ("tests/test_a.py::group::x", [], "tests/test_a.py::group::x"),
        ("::warning::look", [], "::warning::look"),
    ],
)  # fmt: skip
def test_marks(text, folds, rest):
    expected = tuple(Fold(begins=begins, name=name) for begins, name in folds)
    assert take_folds(text) == (expected, rest)


def test_the_title_is_shown_and_keeps_its_style():
    shown = Renderer().feed(b"travis_fold:start:a\r\x1b[0K\x1b[33;1mBuild\x1b[0m <x>\nnext\n")
    assert shown[0].folds == (Fold(begins=True, name="a"),)
    assert shown[0].html == '<span class="ansi-bold ansi-fg-3">Build</span> &lt;x&gt;'
    assert shown[1].html == "next"
