import resource

import pytest

from fairlead.model import Limits
from fairlead.runner.sandbox.bubblewrap import unmet_limits
from fairlead.runner.sandbox.limits import kernel_limits, spoken_size


def limit(limits, which, **options):
    return {kind: (soft, hard) for kind, soft, hard in kernel_limits(limits, **options)}.get(which)


def test_no_core_files_whatever_is_asked():
    assert limit(Limits(), resource.RLIMIT_CORE) == (0, 0)


def test_what_is_not_asked_for_is_not_limited():
    assert limit(Limits(), resource.RLIMIT_FSIZE) is None
    assert limit(Limits(), resource.RLIMIT_NPROC) is None


def test_what_is_asked_for_is():
    limits = Limits(processes=64, disk=1000, files=50)
    assert limit(limits, resource.RLIMIT_NPROC) == (64, 64)
    assert limit(limits, resource.RLIMIT_FSIZE) == (1000, 1000)
    assert limit(limits, resource.RLIMIT_NOFILE) == (50, 50)


def test_tasks_that_are_counted_along_are_added():
    limits = Limits(processes=64)
    assert limit(limits, resource.RLIMIT_NPROC, tasks_before=100) == (164, 164)


@pytest.mark.parametrize(
    ("size", "words"),
    [(2 << 30, "2.0 GB"), (64 << 20, "64 MB"), ((1 << 30) - 1, "1024 MB"), (1536 << 20, "1.5 GB")],
)
def test_sizes_in_sentences(size, words):
    assert spoken_size(size) == words


def test_only_limits_that_are_asked_for_can_be_unmet():
    assert unmet_limits(Limits(), frozenset()) == ()
    asked = Limits(memory=1, processes=1)
    assert unmet_limits(asked, frozenset({"pids", "memory"})) == ()
    assert "memory" in unmet_limits(asked, frozenset({"pids"}))[0]
