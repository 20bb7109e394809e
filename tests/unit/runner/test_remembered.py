import pytest

from fairlead.errors import PipelineError
from fairlead.pipeline.document import load
from fairlead.runner import remembered
from fairlead.runner.remembered import remembering

FILE = b"""\
common: &common {python: ["3.10", 3.12], none: ~, quoted: "on"}
jobs:
  unit:
    <<: *common
    run: [one, "two"]
"""


@pytest.fixture
def reads(monkeypatch):
    """What is really read."""
    seen = []

    def noted(data, file):
        seen.append((data, file))
        return load(data, file)

    monkeypatch.setattr(remembered, "load", noted)
    return seen


def test_what_is_remembered_equals_what_was_read(tmp_path, reads):
    for _ in range(2):
        assert remembering(tmp_path / "kept")(FILE, "fairlead.yml") == load(FILE, "fairlead.yml")
    assert len(reads) == 1


def test_other_bytes_and_another_name_are_read_anew(tmp_path, reads):
    read = remembering(tmp_path / "kept")
    for data, file in ((FILE, "a.yml"), (FILE + b"more: 1\n", "a.yml"), (FILE, "b.yml")):
        assert read(data, file) == load(data, file)
    assert len(reads) == 3


def test_errors_are_told_each_time(tmp_path, reads):
    read = remembering(tmp_path / "kept")
    for _ in range(2):
        with pytest.raises(PipelineError):
            read(b"a: 1\na: 2\n", "fairlead.yml")
    assert len(reads) == 2


@pytest.mark.parametrize("kept", [b"", b"\x00garbage", b"\x81\xa3key\xa1x"])
def test_a_broken_memory_does_no_harm(tmp_path, kept):
    (tmp_path / "kept").write_bytes(kept)
    read = remembering(tmp_path / "kept")
    assert read(FILE, "fairlead.yml") == load(FILE, "fairlead.yml")


def test_where_nothing_can_be_kept_everything_is_read(tmp_path, reads):
    (tmp_path / "kept").mkdir()
    read = remembering(tmp_path / "kept")
    assert read(FILE, "fairlead.yml") == read(FILE, "fairlead.yml")
    assert len(reads) == 2
