import pytest

from fairlead.errors import StoreError
from fairlead.runner.log import Log
from fairlead.util.redact import Redactor


def make(path, *, limit=1000, secrets=()):
    told = []
    log = Log(path, limit=limit, redactor=Redactor(secrets), emit=lambda s, d: told.append((s, d)))
    return log, told


def test_what_is_written_is_told_with_its_step(tmp_path):
    log, told = make(tmp_path / "jobs/a/1.log")
    log.line("before")
    log.begin(0)
    log.write(b"one\n")
    log.begin(1)
    log.write(b"two\n")
    log.close()
    assert told == [(-1, b"before\n"), (0, b"one\n"), (1, b"two\n")]
    assert (tmp_path / "jobs/a/1.log").read_bytes() == b"before\none\ntwo\n"
    assert log.slice(7, 4) == b"one\n"


def test_a_step_begins_on_a_line_of_its_own(tmp_path):
    log, _ = make(tmp_path / "log")
    for step, data in enumerate((b"no end", b"end\n", b"x")):
        log.begin(step)
        log.write(data)
    log.close()
    assert (tmp_path / "log").read_bytes() == b"no end\nend\nx"


def test_a_secret_cut_in_two_is_masked(tmp_path):
    log, _ = make(tmp_path / "log", secrets=["password"])
    log.write(b"the pass")
    log.write(b"word is set\n")
    log.close()
    assert (tmp_path / "log").read_bytes() == b"the [secret] is set\n"


def test_past_the_limit_one_line_says_so(tmp_path):
    log, told = make(tmp_path / "log", limit=10)
    log.write(b"12345678")
    log.write(b"90 and much more")
    log.write(b"unseen")
    log.close()
    text = (tmp_path / "log").read_text()
    assert text == "1234567890\n[log limit of 10 bytes reached: the rest is left out]\n"
    assert b"unseen" not in b"".join(data for _, data in told)


def test_a_log_that_cannot_be_written_names_its_path(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot write"):
        make(tmp_path / "file" / "log")
