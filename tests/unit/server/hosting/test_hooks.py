"""The script that git calls, run by a real shell without git."""

import asyncio
import subprocess

import pytest

from fairlead.server.configuration import Configuration
from fairlead.server.hosting import hooks

REFS = b"1 2 refs/heads/a\n3 4 refs/heads/b\n"


def talk(tmp_path, answers, name="pre-receive", **env):
    """Run a hook; returns what it asked, its output and its code."""
    script = hooks.folder(Configuration(data=tmp_path)) / name

    async def both():
        async with hooks.opened() as (line, ends):
            process = await asyncio.to_thread(
                lambda: subprocess.Popen(
                    [script], env={**ends.variables, "PATH": "/usr/bin:/bin", **env},
                    pass_fds=ends.descriptors, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                )
            )  # fmt: skip
            ends.close()
            ending = asyncio.create_task(asyncio.to_thread(process.communicate, REFS, 20))
            asked = await line.read()
            answers(line)
            out, _ = await ending
            return asked, out.decode(), process.returncode

    return asyncio.run(both())


def test_it_asks_with_refs_and_options_and_shows_what_it_hears(tmp_path):
    def answers(line):
        line.say("  build 1: <b>\\n")
        line.say("exit:7")
        line.end(0)

    options = {
        "GIT_PUSH_OPTION_COUNT": "2",
        "GIT_PUSH_OPTION_0": "wait",
        "GIT_PUSH_OPTION_1": "$(x)\n'",
    }
    asked, out, code = talk(tmp_path, answers, GIT_QUARANTINE_PATH="/q", **options)
    assert asked == hooks.Asked(
        hook="pre-receive", quarantine="/q", options=("wait", "$(x)\n'"), refs=REFS
    )
    assert (out, code) == ("  build 1: <b>\\n\nexit:7\n", 0)


def test_nothing_shown_moves_a_cursor(tmp_path):
    def answers(line):
        line.say("a\x1b[2Jb\nc\u202ed")
        line.end(1)

    _, out, code = talk(tmp_path, answers, name="post-receive")
    assert code == 1
    assert out == "a\ufffd[2Jb\ufffdc\ufffdd\n"


def test_a_hook_that_is_left_alone_refuses(tmp_path):
    script = hooks.folder(Configuration(data=tmp_path)) / "pre-receive"
    done = subprocess.run(
        [script], env={"PATH": "/usr/bin:/bin"}, input=REFS, capture_output=True, check=False
    )
    assert done.returncode


@pytest.mark.parametrize("count", ["", "0", "999"])
def test_options_are_counted_to_a_limit(tmp_path, count):
    asked, _, code = talk(tmp_path, lambda line: line.end(0), GIT_PUSH_OPTION_COUNT=count)
    assert len(asked.options) == min(int(count or 0), 20)
    assert code == 0
