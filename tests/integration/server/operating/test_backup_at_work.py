"""While builds end and old ones are removed, a backup holds each file that its rows name."""

import subprocess
import sys
from pathlib import Path

WORKER = Path(__file__).with_name("busy.py")


def test_a_server_at_work(empty, installation, tmp_path):
    busy = installation("busy")
    stop = tmp_path / "stop"
    argv = [sys.executable, WORKER, stop]
    with subprocess.Popen(argv, env=busy.environ, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"busy\n"
            for number in range(3):
                done = busy.command("backup", tmp_path / f"{number}.tar")
                assert done.returncode == 0, done.stderr
                assert b"missing" not in done.stderr
        finally:
            stop.touch()
    assert process.returncode == 0
    empty.token = "none"
    assert empty.command("restore", tmp_path / "2.tar").returncode == 0
    seen = empty.look()
    assert seen.startswith("['busy']")
    assert seen.count("line of build") >= 20
