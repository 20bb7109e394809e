import errno
from pathlib import Path

import pytest

from fairlead.server.postgres.errors import reason, refused, tail, unwritable


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", ""),
        ("only this\n", "only this"),
        ("running\ninitdb: error: no\nremoving\n", "initdb: error: no"),
        (
            "2026-01-02 03:04:05.678 UTC [9] FATAL:  no\n2026-01-02 03:04:05.7 UTC [9] HINT:  x\n",
            "FATAL:  no",
        ),
    ],
)
def test_the_line_that_says_what_is_wrong(words, expected):
    assert reason(words) == expected


def test_a_full_disk_asks_for_space():
    error = refused("it failed", "error: No space left on device", place=Path("/srv"), hint="no")
    assert str(error) == "it failed: error: No space left on device\n  free some space in /srv"
    assert refused("it failed", "", place=Path("/srv"), hint="do").message.endswith("say why")
    assert "free some space" in unwritable(Path("/x"), OSError(errno.ENOSPC, "full")).hint
    assert "make it writable" in unwritable(Path("/x"), OSError(errno.EACCES, "no")).hint


def test_the_end_of_a_log(tmp_path):
    log = tmp_path / "log"
    assert tail(log) == ""
    log.write_text("old\n" + "x" * 5000 + "new\n")
    assert len(tail(log)) == 4000
    assert tail(log, log.stat().st_size - 4) == "new\n"
    assert tail(log, 10**9) == ""
