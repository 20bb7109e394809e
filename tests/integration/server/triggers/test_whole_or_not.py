"""What dies in the middle of taking something in has taken nothing; the next try takes all."""

import os
import subprocess
import sys
from signal import SIGKILL

from fairlead.triggers.push import ref_update

_TAKER = """
import sys, time
from fairlead.server.setup import setup
setup(sys.argv[1])
from fairlead.server.services import intake, pushes
from fairlead.server.store.models import Project
from fairlead.triggers.push import ref_update

def stuck(*_args):
    print("stuck", flush=True)
    time.sleep(60)

intake._kept = stuck
pushes.receive_push(
    Project.objects.get(), [ref_update("refs/heads/main", "a" * 40, "b" * 40)],
    source="push", key="k", look_up=lambda one: pushes.CommitFacts(commit=one.after),
)
"""


def queued():
    from procrastinate.contrib.django.models import ProcrastinateJob

    return ProcrastinateJob.objects.count()


def test_a_push_whose_taker_was_killed_is_taken_by_the_next(database, project, builds, kept):
    from fairlead.server.services.pushes import CommitFacts, receive_push

    words = [sys.executable, "-c", _TAKER, database]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=dict(os.environ)) as taker:
        assert taker.stdout.readline() == b"stuck\n"
        assert not builds()
        taker.send_signal(SIGKILL)
    update = ref_update("refs/heads/main", "a" * 40, "b" * 40)
    [accepted] = receive_push(
        project,
        [update],
        source="push",
        key="k",
        look_up=lambda one: CommitFacts(commit=one.after),
    )
    assert [accepted.build] == builds()
    assert (accepted.build.number, queued()) == (1, 1)
    assert [one.fate for one in kept()] == ["built"]


def test_a_webhook_that_cannot_be_kept_builds_nothing(send, sample, builds, monkeypatch):
    from fairlead.server.services import intake

    def broken(*_args):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "_kept", broken)
        assert send("github", "push", sample("github", "push"))[0] == 503
    assert not builds()
    assert queued() == 0
    assert send("github", "push", sample("github", "push"))[0] == 202
    assert [one.number for one in builds()] == [1]


def test_a_look_whose_end_was_not_stored_is_done_again(project, builds, monkeypatch, tmp_path):
    import msgspec
    from django.conf import settings

    from fairlead.server.hosting import repositories
    from fairlead.server.store.models import Recurrence
    from fairlead.server.ticking import rows
    from fairlead.server.ticking.clock import carry_out
    from fairlead.server.ticking.due import find

    git = ("git", "-C", str(tmp_path), "-c", "user.name=A", "-c", "user.email=a@example.org")
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    type(project).objects.update(poll_every=60, url=f"file://{tmp_path}")
    told = msgspec.structs.replace(settings.FAIRLEAD, mirror_protocols=("file",))

    def broken(*_args):
        raise OSError("no")

    try:
        with monkeypatch.context() as patched:
            patched.setattr(rows, "move_on", broken)
            carry_out(told, find()[0])
        assert not builds()
        Recurrence.objects.update(due=Recurrence.objects.get().reckoned)
        carry_out(told, find()[0])
        assert [one.number for one in builds()] == [1]
    finally:
        repositories.remove(told, project.name)
