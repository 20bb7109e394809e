"""First lines of console scripts, short and long."""

import subprocess
import sys
from pathlib import Path

import pytest

from fairlead.runner.environments.scripts import first_line, read_scripts, with_python


def script(folder, name, data, mode=0o755):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)
    (folder / name).chmod(mode)


def test_scripts_of_this_environment_and_other_programs(tmp_path):
    folder = tmp_path / "env" / "bin"
    script(folder, "ours", b"#!%s/python\nprint(1)\n" % bytes(folder))
    script(folder, "three", b"#!%s/python3.12 -s\nprint(3)\n" % bytes(folder))
    script(folder, "long", b"#!/bin/sh\n'''exec' %s/python \"$0\" \"$@\"\n' '''\nx" % bytes(folder))
    script(folder, "theirs", b"#!/usr/bin/python3\nprint(2)\n")
    script(folder, "shell", b"#!/bin/sh\necho 1\n")
    script(folder, "binary", b"\x7fELF\x00\xff")
    script(folder, "data", b"#!%s/python\n" % bytes(folder), mode=0o644)
    script(folder, "activate", b"")
    (folder / "python").symlink_to(sys.executable)
    (folder / "broken").symlink_to("nowhere")
    found = read_scripts(folder)
    assert found.python == {"ours": "print(1)\n", "three": "print(3)\n", "long": "x"}
    assert found.other == ("binary", "shell", "theirs")


@pytest.mark.parametrize(
    "name", ["short", "with blank", "l" * 100 + "/" + "o" * 100, "quo'te", "é"]
)
def test_a_script_runs_wherever_its_python_lies(tmp_path, name):
    python = tmp_path / name / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    program = tmp_path / "program"
    program.write_bytes(with_python("import sys\nprint(sys.argv[1:], 'né')\n", python))
    program.chmod(0o755)
    done = subprocess.run([program, "a b", "c"], capture_output=True, text=True, check=True)
    assert done.stdout == "['a b', 'c'] né\n"


def test_what_is_written_can_be_read_again(tmp_path):
    for name in ("bin", "b" * 140):
        folder = tmp_path / name
        script(folder, "x", first_line(folder / "python") + b"body \xff")
        assert read_scripts(folder).python == {"x": "body \udcff"}


def test_limit_of_kernels():
    assert first_line(Path("/" + "x" * 123)).startswith(b"#!/xxx")
    assert first_line(Path("/" + "x" * 124)).startswith(b"#!/bin/sh\n")
