import errno
import os

import pytest

from fairlead.errors import FairleadError, StoreError
from fairlead.server.configuration import Configuration
from fairlead.server.hosting import receipts, repositories
from fairlead.server.hosting.push import Taken, told


def test_builds_come_first_and_each_reason_once():
    taken = [Taken(ref=f"refs/tags/t{n}", reason="no tags") for n in range(1000)]
    taken.append(Taken(ref="refs/heads/main", build_id=5, number=2, url="http://x/2/"))
    taken.append(Taken(ref="refs/heads/x", reason="no branches"))
    assert told(taken) == [
        "build 2: http://x/2/",
        "1,000 refs: nothing is built: no tags",
        "refs/heads/x: nothing is built: no branches",
    ]


def test_many_different_reasons_are_counted():
    taken = [Taken(ref=f"r{n}", reason=f"because {n}") for n in range(50)]
    lines = told(taken)
    assert len(lines) == 11
    assert lines[-1] == "40 more refs: nothing is built"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "../a", "a.git", "A", "-a", "a\0", "a" * 101, "ä"]
)
def test_no_name_leads_out_of_the_folder(tmp_path, name):
    with pytest.raises(FairleadError):
        repositories.folder(Configuration(data=tmp_path), name)


def test_a_receipt_is_taken_over_only_when_nobody_holds_it(tmp_path):
    held = receipts.write(tmp_path, receipts.Receipt(key="k", refs=b"\xff\n", options=("wait",)))
    found = []
    assert receipts.take_over(tmp_path, found.append) == 0
    held.leave()
    with pytest.raises(ValueError, match="no"):
        receipts.take_over(tmp_path, lambda _: (_ for _ in ()).throw(ValueError("no")))
    assert receipts.left(tmp_path)
    assert receipts.take_over(tmp_path, found.append) == 1
    assert [(one.key, one.refs, one.options) for one in found] == [("k", b"\xff\n", ("wait",))]
    assert not receipts.left(tmp_path)


def test_a_receipt_that_is_done_is_gone(tmp_path):
    held = receipts.write(tmp_path, receipts.Receipt(key="k", refs=b""))
    held.done()
    assert not receipts.left(tmp_path)


def test_a_receipt_that_the_disk_does_not_take_leaves_nothing_open(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr("fairlead.server.hosting.receipts.os.rename", full)
    with pytest.raises(StoreError, match="No space"):
        receipts.write(tmp_path, receipts.Receipt(key="k", refs=b""))
    assert len(os.listdir("/proc/self/fd")) == before
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
