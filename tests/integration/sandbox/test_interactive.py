"""A shell on a terminal: its own job control, and the terminal given back at the end."""

import contextlib
import os
import pty
import select
import subprocess
import sys

DRIVER = """
import fcntl, os, sys, termios
from pathlib import Path
from fairlead.runner.sandbox import BoxSpec
from fairlead.runner.sandbox.bubblewrap import Bubblewrap
from fairlead.runner.sandbox.process import Process
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
folder = Path(sys.argv[1])
sandbox = Bubblewrap() if sys.argv[2] == "bubblewrap" else Process()
with sandbox.open(BoxSpec(name="t", workspace=folder, scratch=folder / "scratch")) as box:
    shell = box.start(("bash", "--norc", "-i"), {"PS1": "$ ", "TERM": "dumb"}, interactive=True)
    assert shell.output == -1
    code = shell.wait()
    shell.close()
print("code", code, "in front", os.tcgetpgrp(0) == os.getpgrp())
print("heard", input())
"""


def converse(folder, kind, typed):
    """Type into a terminal that the driver runs on, after it has said what is waited for."""
    ours, theirs = pty.openpty()
    command = (sys.executable, "-c", DRIVER, str(folder), kind)
    heard = b""
    with (
        subprocess.Popen(
            command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
        ) as driver,
        ending(driver),
    ):
        os.close(theirs)
        for expected, words in typed:
            while expected not in heard:
                piece = read(ours)
                assert piece, heard
                heard += piece
            heard = heard.partition(expected)[2]
            os.write(ours, words)
        while piece := read(ours):
            heard += piece
        os.close(ours)
        assert driver.wait(60) == 0
    return heard.decode()


@contextlib.contextmanager
def ending(process):
    try:
        yield
    finally:
        process.kill()


def read(terminal):
    assert select.select([terminal], [], [], 10)[0], "nothing more is said"
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""


def test_a_shell_has_the_terminal_and_gives_it_back(kind, sandbox, tmp_path):
    text = converse(
        tmp_path,
        kind,
        [
            (b"$ ", b"echo $((6 * 7)); test -t 0 && echo terminal\n"),
            (b"42\r\nterminal", b"sh -c 'echo be''gun; exec sleep 100'\n"),
            (b"begun", b"\x1a"),
            (b"Stopped", b"exit 3\n"),
            (b"There are stopped jobs", b"exit 3\n"),
            (b"code 3", b""),
            (b"in front True", b"typed\n"),
        ],
    )
    assert "no job control" not in text
    assert text.strip().endswith("heard typed")
