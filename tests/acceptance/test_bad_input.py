"""Whatever is thrown at it: a sentence with what to do, exit code 2, and never a traceback.

How steps that misbehave are ended is in tests/scenarios and tests/integration/runner; how every
kind of repository is read in tests/integration/checkout.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

JOB = 'jobs: {a: {python: none, run: "true"}}\n'
BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n"
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
HOSTILE = {
    "an alias bomb": (BOMB.encode(), "fairlead.yml:"),
    "five megabytes": (b"# " + b"x" * 5_000_000 + b"\n" + JOB.encode(), "5.0 MB large"),
    "tabs": (b"jobs:\n\ta: x\n", "fairlead.yml:2:1: a tab is used for indentation"),
    "bytes that are no text": (b"jobs: {a: caf\xe9}\n", "UTF-8"),
    "a zero byte": (b"jobs: {a: 'x\0'}\n", "fairlead.yml:1:"),
    "nothing": (b"", "fairlead.yml"),
    "a list": (b"- jobs\n", "fairlead.yml:1:1"),
    "no YAML": (b"jobs: {a: [}\n", "fairlead.yml:1:12"),
    "unknown keys": (b"jbos: {a: x}\njobs: {a: {rnu: x}}\n", "did you mean"),
    "a key twice": (b"jobs: {a: x, a: y}\n", "fairlead.yml:1:14"),
    "a circle": (b"jobs: {a: {run: x, needs: b}, b: {run: x, needs: a}}\n", "a -> b -> a"),
    "an empty matrix": (b"jobs: {a: {run: x, matrix: {b: []}}}\n", "is empty"),
    "no jobs": (b"jobs: {}\n", "fairlead.yml:1:1"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_pipeline_file_that_cannot_be_used(make_project, kind):
    data, said = HOSTILE[kind]
    project = make_project({}, git=False)
    (project.folder / "fairlead.yml").write_bytes(data)
    for command in ("run", "plan", "lint"):
        done = project.fairlead(command)
        assert done.code == 2, done
        assert said in done.out + done.err
        assert len(done.out + done.err) < 5000
    assert not (project.folder / ".fairlead").exists()


def test_a_byte_order_mark_is_borne(make_project):
    project = make_project({}, git=False)
    (project.folder / "fairlead.yml").write_bytes(b"\xef\xbb\xbf" + JOB.encode())
    assert project.run(code=0).ends == {"a": "passed"}


def test_every_problem_is_told_at_once(make_project):
    text = "jbos: 1\njobs:\n  a: {run: x, needs: c}\n  b: {rnu: y}\n"
    done = make_project({"fairlead.yml": text}, git=False).fairlead("lint")
    places = [line.split(": ")[0] for line in done.out.splitlines()]
    assert places[:2] == ["fairlead.yml:1:1", "fairlead.yml:3:22"]
    assert "fairlead.yml:4:7" in places


@pytest.mark.parametrize("make", [os.mkdir, lambda path: os.symlink(path, path)])
def test_a_pipeline_file_that_is_no_file(make_project, make):
    project = make_project({}, git=False)
    make(project.folder / "fairlead.yml")
    done = project.fairlead("run")
    assert (done.code, done.out) == (2, "")
    assert "error: " in done.err


def test_without_git(make_project, tmp_path):
    project = make_project({"fairlead.yml": JOB})
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "env"):
        (tools / name).symlink_to(shutil.which(name))
    done = project.fairlead("run", PATH=str(tools))
    assert done.code == 2
    assert "git" in done.err
    assert "install git" in done.err


def test_a_folder_that_is_no_repository(make_project):
    run = make_project({"fairlead.yml": JOB}, git=False).run(code=0)
    assert run.ends == {"a": "passed"}


def test_an_empty_repository(make_project):
    project = make_project({}, git=False)
    project.git("init", "-q")
    project.write({"fairlead.yml": JOB})
    assert project.run(code=0).ends == {"a": "passed"}
    done = project.fairlead("run", "--commit", "HEAD")
    assert done.code == 2
    assert "commit" in done.err


def test_a_bare_repository(make_project, tmp_path):
    project = make_project({"fairlead.yml": JOB})
    bare = make_project({}, git=False, name="shop.git")
    bare.git("clone", "-q", "--bare", str(project.folder), ".")
    done = bare.fairlead("run")
    assert done.code == 0, done
    assert "passed: 1 job" in done.out


def test_a_shallow_clone(make_project, tmp_path):
    project = make_project({"fairlead.yml": JOB})
    project.commit("Second")
    clone = make_project({}, git=False, name="clone")
    clone.git("clone", "-q", "--depth", "1", f"file://{project.folder}", ".")
    assert clone.run(code=0).ends == {"a": "passed"}
    done = clone.fairlead("run", "--since", "HEAD~1")
    assert done.code == 2
    assert "shallow" in done.err


def test_submodules_and_links_that_lead_outside(make_project, tmp_path):
    (tmp_path / "secret").write_text("outside\n")
    part = make_project({"word": "inside\n"}, name="part")
    project = make_project(
        {
            "fairlead.yml": """\
                jobs:
                  a:
                    python: none
                    run: [cat part/word, test -L link, test ! -e link]
                """
        }
    )
    project.git("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(part.folder))
    (project.folder / "link").symlink_to(tmp_path / "secret")
    project.commit("Add both")
    run = project.run("--sandbox", "auto", code=None)
    assert run.steps("a")["cat part/word"] == "inside\n"
    if "not isolated" not in run.notices:
        assert run.ends == {"a": "passed"}


def test_names_that_are_no_text(make_project, tmp_path):
    """Of files, with line ends and escapes in them too, of branches, and of the folder itself."""
    folder = os.fsdecode(b"caf\xe9")
    project = make_project(
        {
            "fairlead.yml": r"""
                jobs:
                  a:
                    python: none
                    run:
                      - run: bash lint
                        tool: flake8
                      - ls | wc -l
                      - run: touch $'out\xff' $'out\n2' && exit 1
                    violations: {maximum: 9}
                    artifacts: out*
                """,
            "lint": r"printf 'mod\xe9.py:1:1: F401 unused\n'; exit 1",
        },
        name=folder,
    )
    for name in (b"mod\xe9.py", b"two\nlines.py", b"\x1b[31mred.py"):
        with open(os.path.join(os.fsencode(project.folder), name), "w") as file:
            file.write("import os\n")
    project.commit("Add modules")
    project.git("checkout", "-q", "-b", os.fsdecode(b"br\xe9"))
    run = project.run("--since", "HEAD~1", code=1)
    assert run.steps("a")["ls | wc -l"].strip() == "6"
    assert min(run.jobs["a"]["artifacts"]).startswith("out")
    assert "mod\\xe9.py" in run.result["trigger"]["changed"]
    for command in (
        ["show"],
        ["show", "--json"],
        ["show", "--list"],
        ["report"],
        ["plan", "--json"],
    ):
        assert project.fairlead(*command).code == 0
    events = project.fairlead("run", "--events").out.splitlines()
    assert json.loads(events[-1])["event"] == "run_finished"
    assert "\x1b[31m" not in project.fairlead("run").out


@pytest.mark.network
def test_requirements_that_nothing_satisfies(make_project, python):
    project = make_project(
        {
            "fairlead.yml": f"""\
                python: {python}
                install: {{packages: [iniconfig==0.0.0.1]}}
                jobs: {{a: "true"}}
                """
        }
    )
    run = project.run(code=2)
    assert run.ends == {"a": "errored"}
    assert "iniconfig==0.0.0.1" in run.sentence + run.jobs["a"]["reason"]
    assert "unsatisfiable" in run.said


def test_an_interpreter_that_is_not_there(make_project):
    project = make_project({"fairlead.yml": "python: 3.4\njobs: {a: python --version}\n"})
    run = project.run(code=2)
    assert run.sentence.startswith("a (3.4): Python 3.4 not found (looked in ")


LOUD = """\
jobs:
  a: {python: none, run: "head -c 3000000 /dev/urandom | base64"}
  b: {python: none, run: "true", needs: a}
"""


@pytest.fixture
def private_mounts():
    """The beginning of a command line that has mounts of its own; the next word is a script."""
    start = ("unshare", "--mount", "--propagation", "private", "bash", "-ec")
    if (
        os.geteuid()
        or subprocess.run((*start, "true"), capture_output=True, check=False).returncode
    ):
        pytest.skip("only root may mount")
    return start


def mounted(project, start, script, *args, **env):
    """Run Fairlead behind a shell script that mounts; gives exit code and output."""
    command = (*start, f'{script}\nexec "$@"', "bash", sys.executable, "-m", "fairlead", *args)
    done = subprocess.run(
        command, cwd=project.folder, env=project.env | env, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, " ".join((done.stdout + done.stderr).split())


@pytest.mark.parametrize("size", ["4k", "64k", "1m"])
def test_a_home_on_a_full_disk(make_project, private_mounts, tmp_path, size):
    project = make_project({"fairlead.yml": LOUD})
    home = tmp_path / "small"
    home.mkdir()
    script = f"mount -t tmpfs -o size={size} tmpfs {home}"
    code, said = mounted(project, private_mounts, script, "run", FAIRLEAD_HOME=str(home / "home"))
    assert code == 2
    assert "disk is full" in said or ("pace" in said and "FAIRLEAD_HOME" in said)


@pytest.mark.parametrize("size", ["4k", "64k", "1m"])
def test_results_on_a_full_disk(make_project, private_mounts, size):
    project = make_project({"fairlead.yml": LOUD})
    (project.folder / ".fairlead").mkdir()
    script = f"mount -t tmpfs -o size={size} tmpfs .fairlead"
    code, said = mounted(project, private_mounts, script, "run")
    assert code == 2
    assert "No space left on device" in said
    assert "errored" in said
    assert "this result was not kept" in said


READ_ONLY = "mount --bind {0} {0}; mount -o remount,ro,bind {0}"


def test_a_read_only_home(make_project, private_mounts, tmp_path):
    project = make_project({"fairlead.yml": JOB})
    home = tmp_path / "person"
    home.mkdir()
    script = READ_ONLY.format(home)
    named = {"FAIRLEAD_HOME": str(home / "x")}
    code, said = mounted(project, private_mounts, script, "run", **named)
    assert code == 2
    assert "cannot write" in said
    assert "name another folder with FAIRLEAD_HOME" in said
    code, said = mounted(project, private_mounts, script, "doctor", **named)
    assert (code, "fairlead run cannot work here yet" in said) == (2, True)
    del project.env["FAIRLEAD_HOME"]
    fallback = {"HOME": str(home), "TMPDIR": str(tmp_path), "XDG_CACHE_HOME": ""}
    code, said = mounted(project, private_mounts, script, "run", **fallback)
    assert (code, "passed: 1 job" in said) == (0, True), said


def test_a_read_only_project(make_project, private_mounts):
    project = make_project({"fairlead.yml": JOB})
    script = READ_ONLY.format(project.folder)
    for command in (("run",), ("init", "--force")):
        code, said = mounted(project, private_mounts, script, *command)
        assert code == 2
        assert "Read-only file system" in said
        assert "FAIRLEAD_HOME" not in said
    code, said = mounted(project, private_mounts, script, "plan")
    assert (code, "1 job from fairlead.yml" in said) == (0, True)


def test_folders_of_another_person(make_project, tmp_path):
    """As an ordinary user whose own folders may not even be entered."""
    project = make_project({"fairlead.yml": JOB}, git=False)
    closed = tmp_path / "closed"
    closed.mkdir()
    del project.env["FAIRLEAD_HOME"]
    env = {"HOME": str(closed), "TMPDIR": str(tmp_path)}
    for name in ("XDG_CACHE_HOME", "XDG_CONFIG_HOME", "FAIRLEAD_CONFIG"):
        env[name] = ""
    start: tuple[str, ...] = ("bash", "-c")
    if not os.geteuid():
        # Without the right to pass over modes, root is a person like any other.
        start = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", *start)
        if not shutil.which("setpriv"):
            pytest.skip("setpriv is not installed")
    closed.chmod(0)
    try:
        code, said = mounted(project, start, "", "run", **env)
        assert (code, "passed: 1 job" in said) == (0, True), said
    finally:
        closed.chmod(0o755)


def test_a_folder_that_is_gone(make_project, tmp_path):
    project = make_project({"fairlead.yml": JOB})
    script = f'mkdir {tmp_path}/gone && cd {tmp_path}/gone && rmdir {tmp_path}/gone && "$@"'
    for command in ("run", "plan", "show"):
        done = subprocess.run(
            ("bash", "-c", script, "bash", sys.executable, "-m", "fairlead", command),
            env=project.env, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 2
        assert "the current folder: No such file or directory" in done.stderr


def test_an_output_that_nobody_reads(make_project):
    project = make_project({"fairlead.yml": JOB})
    fairlead = f"{sys.executable} -m fairlead"
    for shell, code in (
        ("{0} run | head -n 1; exit ${{PIPESTATUS[0]}}", 0),
        ("{0} run > /dev/full", 0),
        ("{0} run >&-", 0),
        ("{0} run <&- >&- 2>&-", 0),
        ("{0} plan > /dev/full", 2),
        ("{0} show > /dev/full", 2),
    ):
        done = project.shell(shell.format(fairlead))
        assert done.code == code, (shell, done)
        assert "Traceback" not in done.err
        assert "Exception ignored" not in done.err
    assert len(list((project.folder / ".fairlead/runs").glob("*/result.json"))) == 4
