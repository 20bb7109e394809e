import fcntl
import os
import pty
import signal
import struct
import subprocess
import sys
import termios
import threading

import pytest

PROGRAM = """
import importlib.util, os, sys, time
from pathlib import Path
from fairlead.cli.view import choose_view

spec = importlib.util.spec_from_file_location("runs", sys.argv[1])
runs = importlib.util.module_from_spec(spec)
spec.loader.exec_module(runs)
*events, end = runs.events_of(runs.failed(), b"output\\x1b[2J\\x1b]0;title\\x07\\n")
view = choose_view(sys.stdout, {"TERM": "xterm"})
try:
    for event in events[:40]:
        view(event)
    time.sleep(0.5)
    if sys.argv[2] == "wait":
        print("ready", file=sys.stderr, flush=True)
        time.sleep(60)
    for event in events[40:]:
        view(event)
    view(end)
except KeyboardInterrupt:
    pass
finally:
    view.close()
"""


class Terminal:
    """A pseudo-terminal of 80 columns; ``text`` grows as its program writes."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.text = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            self.text += data

    def start(self, *args):
        argv = (sys.executable, "-c", PROGRAM, *args)
        return subprocess.Popen(
            argv, stdin=self.slave, stdout=self.slave, stderr=subprocess.PIPE, env=os.environ
        )

    def finish(self):
        os.close(self.slave)
        self._reader.join(30)
        os.close(self.master)


@pytest.fixture
def samples(runs):
    return runs.__file__


def test_the_picture_gives_way_to_the_ending(samples):
    terminal = Terminal()
    with terminal.start(samples, "run") as program:
        assert program.wait(60) == 0
        assert program.stderr.read() == b""
    terminal.finish()
    picture, _, end = terminal.text.partition(b"2 failing tests")
    assert b"of 9 jobs" in picture
    assert picture.rstrip(b"\x1b[1m").endswith(b"\x1b[J")
    assert b"run 12: fairlead report 12 --open" in end
    assert b"title" not in terminal.text
    assert b"\x1b[2J" not in terminal.text


def test_an_interrupt_leaves_the_terminal_as_it_was(samples):
    terminal = Terminal()
    before = termios.tcgetattr(terminal.slave)
    with terminal.start(samples, "wait") as program:
        assert program.stderr.readline() == b"ready\n"
        program.send_signal(signal.SIGINT)
        assert program.wait(60) == 0
        assert program.stderr.read() == b""
    assert termios.tcgetattr(terminal.slave) == before
    terminal.finish()
    assert b"\x1b[?" not in terminal.text
    assert terminal.text.endswith(b"\x1b[J")
