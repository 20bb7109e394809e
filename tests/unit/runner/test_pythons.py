"""Finding interpreters among shims, wrecks and symlinks; choosing one by what people write."""

import json
import os
import stat
import sys
import time
from pathlib import Path

import msgspec
import pytest

from fairlead.errors import InterpreterNotFound
from fairlead.runner import probing, pythons
from fairlead.runner.pythons import Interpreter, choose, find


def made(
    version: str, *, kind: str = "cpython", free: bool = False, at: str = "/opt"
) -> Interpreter:
    real = Path(at) / f"{kind}-{version}{'t' if free else ''}" / "bin" / "python"
    return Interpreter(
        path=real,
        real=real,
        version=version,
        implementation=kind,
        prefix=real.parent.parent,
        base_prefix=real.parent.parent,
        platform="linux-x86_64",
        abi="",
        site="lib/python/site-packages",
        free_threaded=free,
    )


SHELF = (
    *map(made, ("2.7.18", "3.1.5", "3.7.16", "3.12.1", "3.12.10", "3.13.0")),
    made("3.13.1", free=True),
    made("3.15.0a2"),
    made("3.7.17rc1"),
    made("3.9.19", kind="pypy"),
    made("2.7.18", kind="pypy"),
)


@pytest.mark.parametrize(
    ("wanted", "version"),
    [
        ("3.12", "3.12.10"),
        ("3.12.1", "3.12.1"),
        ("3.1", "3.1.5"),
        ("3", "3.13.0"),
        ("2", "2.7.18"),
        ("2.7", "2.7.18"),
        ("3.13", "3.13.0"),
        ("3.13t", "3.13.1"),
        ("3.15", "3.15.0a2"),
        ("3.7", "3.7.16"),
        ("3.7-dev", "3.7.17rc1"),
        ("pypy3.9", "3.9.19"),
        ("pypy3", "3.9.19"),
        ("pypy-3.9", "3.9.19"),
        ("pypy3.9-7.3.16", "3.9.19"),
        ("pypy2.7", "2.7.18"),
        ("pypy", "3.9.19"),
        ("python3.12", "3.12.10"),
        ("CPython-3.12", "3.12.10"),
        (" 3.12 ", "3.12.10"),
    ],
)
def test_chooses_what_people_write(wanted, version):
    one = choose(reversed(SHELF), wanted)
    assert one.version == version
    assert one.implementation == ("pypy" if "pypy" in wanted else "cpython")


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ("3.4", "Python 3.4 not found (looked in pyenv, uv, "),
        ("3.4", "`pyenv install 3.4`; found here: 3.13, 3.12, 3.7, 3.1, 2.7, "),
        ("3.11", "`uv python install 3.11`"),
        ("3.11-dev", "`uv python install 3.11`"),
        ("pypy3.10", "`uv python install pypy3.10`"),
        ("3.12t", "Python 3.12t not found"),
        ("3.12.2", "Python 3.12.2 not found"),
        ("nightly", "'nightly' is not a Python version"),
        ("", "'' is not a Python version"),
        ("python", "'python' is not a Python version"),
        ("3.12; rm", "'3.12; rm' is not a Python version"),
    ],
)
def test_says_what_is_missing_and_how_to_get_it(wanted, words):
    with pytest.raises(InterpreterNotFound) as caught:
        choose(SHELF, wanted)
    assert words in str(caught.value)


def test_nothing_found_at_all():
    with pytest.raises(InterpreterNotFound, match="found here: none"):
        choose((), "3.12")


# --- finding: a machine made of small programs that answer the probe ---


class Machine:
    """A home with version managers in it, whose interpreters are shell scripts."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = root / "fairlead"
        self.path = [root / "path"]
        self.path[0].mkdir(parents=True)

    @property
    def environ(self) -> dict[str, str]:
        return {"HOME": str(self.root), "PATH": os.pathsep.join(map(str, self.path))}

    def program(self, where: str, text: str) -> Path:
        path = self.root / where
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    def python(self, where: str, version: str = "3.99.1", prefix: str = "") -> Path:
        prefix = prefix or str((self.root / where).parent.parent)
        lines = (version, "cpython", self.root / where, prefix, prefix, "linux-x86_64", "abi",
                 "lib/python3.99/site-packages", "0", "fairlead-probe-end")  # fmt: skip
        counted = f"echo run >> {self.root}/asked\n"
        return self.program(where, counted + "".join(f"echo '{line}'\n" for line in lines))

    @property
    def asked(self) -> int:
        file = self.root / "asked"
        return len(file.read_text().splitlines()) if file.exists() else 0

    def find(self) -> tuple[Interpreter, ...]:
        """What is found in this machine's own folders."""
        inside = str(self.root)
        return tuple(
            one for one in find(self.home, self.environ) if str(one.path).startswith(inside)
        )

    def versions(self) -> list[str]:
        return sorted(one.version for one in self.find())


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_every_version_manager_is_looked_into(machine):
    machine.python(".pyenv/versions/3.99.1/bin/python", "3.99.1")
    machine.python(".local/share/uv/python/cpython-3.99.2/bin/python3", "3.99.2")
    machine.python(".asdf/installs/python/3.99.3/bin/python", "3.99.3")
    machine.python(".local/share/mise/installs/python/3.99.4/bin/python", "3.99.4")
    machine.python("path/python3.99", "3.99.5")
    assert machine.versions() == ["3.99.1", "3.99.2", "3.99.3", "3.99.4", "3.99.5"]


def test_the_managers_own_variables_move_their_folders(machine, monkeypatch):
    machine.python("a/versions/x/bin/python", "3.99.1")
    machine.python("b/x/bin/python", "3.99.2")
    machine.python("c/installs/python/x/bin/python", "3.99.3")
    machine.python("d/installs/python/x/bin/python", "3.99.4")
    names = ("PYENV_ROOT", "UV_PYTHON_INSTALL_DIR", "ASDF_DATA_DIR", "MISE_DATA_DIR")
    moved = {name: str(machine.root / folder) for name, folder in zip(names, "abcd", strict=True)}
    found = find(machine.home, machine.environ | moved)
    assert {"3.99.1", "3.99.2", "3.99.3", "3.99.4"} <= {one.version for one in found}


def test_shims_are_never_asked(machine):
    machine.python(".pyenv/shims/python3.99")
    machine.path.append(machine.root / ".pyenv/shims")
    assert machine.find() == ()
    assert machine.asked == 0


def test_the_current_folder_is_no_part_of_the_machine(machine, monkeypatch):
    machine.python("project/python3.99")
    monkeypatch.chdir(machine.root / "project")
    environ = machine.environ | {"PATH": ":.:project"}
    assert "3.99.1" not in {one.version for one in find(machine.home, environ)}
    assert machine.asked == 0


def test_one_program_under_many_names_is_one_interpreter(machine):
    real = machine.python(".pyenv/versions/3.99.1/bin/python3.99")
    for name in ("python", "python3"):
        (real.parent / name).symlink_to("python3.99")
    (machine.root / "path/python3").symlink_to(real)
    (machine.root / ".pyenv/versions/latest").symlink_to("3.99.1")
    assert [one.real for one in machine.find()] == [real]
    assert machine.asked == 1


def test_a_wrapper_is_the_program_it_starts(machine):
    real = machine.python(".pyenv/versions/3.99.1/bin/python")
    machine.program("path/python3.99", f'exec {real} "$@"')
    assert [one.real for one in machine.find()] == [real]


@pytest.mark.parametrize("copied", [True, False])
def test_virtual_environments_are_left_out(machine, copied):
    real = machine.python("hidden/bin/python3.99")
    venv = machine.root / ".pyenv/versions/myenv"
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = {real.parent}\n")
    if copied:
        (venv / "bin/python").write_bytes(real.read_bytes())
        (venv / "bin/python").chmod(0o755)
        assert machine.find() == ()
    else:
        (venv / "bin/python").symlink_to(real)
        assert [(one.path, one.real) for one in machine.find()] == [(real, real)]


def test_old_virtualenvs_are_left_out(machine):
    machine.python(".pyenv/versions/old/bin/python")
    marker = machine.root / ".pyenv/versions/old/lib/python3.99/orig-prefix.txt"
    marker.parent.mkdir(parents=True)
    marker.write_text("/usr")
    assert machine.find() == ()


@pytest.mark.parametrize(
    "text",
    [
        "exit 1",
        "exit 127",
        "echo 3.99.1",
        "echo nonsense; kill -9 $$",
        "head -c 1000 /dev/urandom",
        "printf '\\n\\n\\n\\n\\n\\n\\n\\n\\nfairlead-probe-end\\n'",
    ],
)
def test_broken_interpreters_do_not_count_nor_harm(machine, text):
    machine.program(".pyenv/versions/broken/bin/python", text)
    machine.python(".pyenv/versions/whole/bin/python", "3.99.7")
    assert machine.versions() == ["3.99.7"]


def test_files_that_are_no_programs(machine):
    folder = machine.root / "path"
    (folder / "python3.99").mkdir()
    (folder / "python3.98").symlink_to("python3.98")
    (folder / "python3.97").symlink_to("nowhere")
    (folder / "python3.96").write_bytes(b"\x7fELF not really")
    (folder / "python3.96").chmod(0o755)
    (folder / "python3.95").write_text("no rights to run this")
    for name in ("python3.9-config", "pythonw", "python-argcomplete", "ipython3"):
        machine.python(f"path/{name}")
    assert machine.find() == ()
    assert machine.asked == 0


def test_a_hanging_interpreter_is_ended_with_all_it_started(machine, monkeypatch):
    monkeypatch.setattr(probing, "_PATIENCE", 0.2)
    machine.program(
        "path/python3.99", f"sleep 1000 & echo $! > {machine.root}/child\necho $$\nsleep 1000"
    )
    machine.python("path/python3.98", "3.98.0")
    # Its child holds the pipe: waiting for the end of output would never end.
    assert machine.versions() == ["3.98.0"]
    child = int((machine.root / "child").read_text())
    assert _gone(child)


def _gone(pid: int) -> bool:
    for _ in range(200):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False


def test_folders_that_cannot_be_read_are_passed_over(machine, monkeypatch):
    machine.python("path/python3.99")
    machine.path += [machine.root / "locked", machine.root / "absent", machine.root / "file"]
    (machine.root / "file").write_text("")
    (machine.root / "locked").mkdir()
    listdir = os.listdir

    def guarded(folder):
        if str(folder).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listdir(folder)

    monkeypatch.setattr(os, "listdir", guarded)
    assert machine.versions() == ["3.99.1"]


# --- the cache ---


def test_a_second_look_asks_nobody(machine):
    machine.python("path/python3.99")
    first = machine.find()
    assert (machine.find(), machine.asked) == (first, 1)


def test_a_second_look_goes_through_no_folder(machine, monkeypatch):
    machine.python("path/python3.99")
    first = machine.find()
    assert first

    def refuse(_folder):
        raise AssertionError

    monkeypatch.setattr(pythons, "_list", refuse)
    with pytest.raises(AssertionError):
        pythons._look(machine.environ)
    monkeypatch.setattr(pythons, "_version_folders", refuse)
    assert machine.find() == first


def test_an_interpreter_that_changed_is_asked_again(machine):
    machine.python("path/python3.99", "3.99.1")
    machine.find()
    path = machine.python("path/python3.99", "3.99.22")
    os.utime(path, ns=(1, 1))
    assert machine.versions() == ["3.99.22"]


def test_an_interpreter_that_went_is_not_found_any_more(machine):
    machine.python("path/python3.99")
    machine.find()
    (machine.root / "path/python3.99").unlink()
    assert machine.find() == ()


def test_what_is_being_installed_is_found_when_it_is_there(machine):
    (machine.root / ".pyenv/versions/3.99.1").mkdir(parents=True)
    assert machine.find() == ()
    machine.python(".pyenv/versions/3.99.1/bin/python", "3.99.1")
    assert machine.versions() == ["3.99.1"]


def test_another_path_does_not_make_us_forget(machine):
    machine.python("path/python3.99")
    machine.find()
    find(machine.home, {"HOME": "/nonexistent", "PATH": ""})
    machine.find()
    assert machine.asked == 1


def test_silence_is_not_believed_for_long(machine, monkeypatch):
    machine.program("path/python3.99", f"echo run >> {machine.root}/asked; exit 1")
    machine.find()
    machine.find()
    assert machine.asked == 1
    later = time.time() + 3600
    monkeypatch.setattr(time, "time", lambda: later)
    machine.find()
    assert machine.asked == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff\xfe\x00",
        b"[]",
        b'{"version": 2}',
        b'{"version": 2, "known": {"x": 3}}',
        b'{"version": 99, "known": {}}',
        json.dumps({"version": 2, "known": {"x": {"interpreter": {}, "time": 0}}}).encode(),
    ],
)
def test_a_broken_cache_is_made_anew(machine, data):
    machine.python("path/python3.99")
    machine.home.mkdir()
    cache = machine.home / "interpreters.json"
    cache.write_bytes(data)
    assert machine.versions() == ["3.99.1"]
    assert msgspec.json.decode(cache.read_bytes())["version"] == 2
    assert machine.versions() == ["3.99.1"]
    assert machine.asked == 1


def test_a_home_that_cannot_be_written_only_costs_time(machine):
    machine.python("path/python3.99")
    machine.home.write_text("a file where the folder should be")
    assert machine.versions() == ["3.99.1"]
    assert machine.versions() == ["3.99.1"]


def test_the_interpreter_that_runs_us_is_found_with_its_facts(tmp_path):
    found = find(tmp_path, {"HOME": str(tmp_path), "PATH": ""})
    version = ".".join(map(str, sys.version_info[:3]))
    own = next(one for one in found if one.base_prefix == Path(sys.base_prefix))
    assert own.numbers == sys.version_info[:3]
    assert own.version.startswith(version)
    assert own.implementation == sys.implementation.name
    assert own.site.endswith("/site-packages")
    assert not own.site.startswith(("/", ".."))
    assert stat.S_ISREG(own.real.lstat().st_mode)
    assert own.prefix == own.base_prefix
