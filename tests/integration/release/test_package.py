import hashlib
import os
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest

from fairlead.model.environment import Packaging
from fairlead.pipeline.environments import find_environments
from fairlead.release.package import package
from fairlead.release.reading import read_release
from fairlead.release.signing import trusted_keys
from fairlead.runner.checkout import open_commit, open_source
from fairlead.runner.environments.command import find_uv
from fairlead.settings import load_settings

OWN = "{}.{}".format(*sys.version_info[:2])
FILES_PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "demo"
version = "1.0"
"""


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def paths(release):
    return [member["path"] for member in release["manifest"]["members"]]


@pytest.fixture(scope="module")
def twice(make_project, shared_home, surroundings, tmp_path_factory):
    """One commit, packaged in two clones with different everything but the key."""
    first = make_project(home=shared_home)
    made = [first.package(umask=0o022, env={"TZ": "UTC", "PYTHONHASHSEED": "1"})]
    elsewhere = tmp_path_factory.mktemp("somewhere-else-with-a-longer-name")
    subprocess.run(
        ("git", "clone", "-q", first.root, elsewhere / "other name"), check=True, umask=0o077
    )
    second = type(first)(elsewhere / "other name", surroundings(elsewhere))
    keys = Path(first.environ["FAIRLEAD_CONFIG"])
    second.environ["FAIRLEAD_CONFIG"] = os.fspath(keys)
    for path in second.root.rglob("*"):
        if ".git" not in path.parts:
            os.utime(path, (1, 1))
    made.append(second.package(umask=0o077, env={"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2"}))
    return first, made, second


def test_the_same_commit_gives_the_same_bytes(twice):
    _, (one, other), _ = twice

    assert one["file"] != other["file"]
    assert digest(one["file"]) == digest(other["file"]) == one["sha256"]
    assert one["manifest"] == other["manifest"]


def test_a_release_says_what_it_is(twice):
    project, (release, _), _ = twice
    manifest = release["manifest"]
    commit = project.git("rev-parse", "HEAD")

    assert manifest["project"] == "demo"
    assert manifest["commit"] == commit
    assert manifest["version"] == commit[:12]
    assert manifest["tree"] == project.git("rev-parse", "HEAD^{tree}")
    assert manifest["committed"] == 1709294400  # 2024-03-01 12:00 UTC
    assert manifest["branch"] == "main"
    assert manifest["requirements"] == ["brew==1.0", "greet==2.0"]
    assert manifest["locks"] == [["requirements.txt", digest(project.root / "requirements.txt")]]
    assert manifest["migrations"] == ["migrations/0001_first.py", "migrations/0002_gone.py"]
    assert manifest["irreversible"] == ["migrations/0002_gone.py"]
    assert manifest["verdict"] == ""


def test_it_holds_the_commit_the_project_the_wheels_and_what_was_built(twice):
    _, (release, _), _ = twice

    found = paths(release)

    assert [path for path in found if path.startswith("source/")] == [
        "source/.gitignore", "source/assets.py", "source/backend.py", "source/demo/__init__.py",
        "source/fairlead.yml", "source/migrations/0001_first.py",
        "source/migrations/0002_gone.py", "source/pyproject.toml", "source/requirements.txt",
        "source/static/built/app.css", "source/tool",
    ]  # fmt: skip
    assert [path for path in found if path.startswith("wheels/")] == [
        "wheels/brew-1.0-py3-none-any.whl", "wheels/greet-2.0-py3-none-any.whl",
        "wheels/requirements.txt",
    ]  # fmt: skip
    assert {path for path in found if path.startswith("site/")} == {
        "site/bin/demo", "site/demo/__init__.py", "site/demo/epoch.txt",
        "site/demo-1.0.dist-info/METADATA", "site/demo-1.0.dist-info/WHEEL",
        "site/demo-1.0.dist-info/entry_points.txt",
    }  # fmt: skip


@pytest.fixture(scope="module")
def unpacked(twice, tmp_path_factory):
    """The release as a host unpacks it, with nothing but the system's own programs."""
    _, (release, _), _ = twice
    folder = tmp_path_factory.mktemp("host")
    subprocess.run(("tar", "-xf", release["file"]), cwd=folder, check=True)
    told = f"{release['manifest']['payload']}  payload.tar.gz\n".encode()
    subprocess.run(("sha256sum", "-c"), cwd=folder, input=told, check=True, capture_output=True)
    argv = ("tar", "--no-same-owner", "-xzf", "payload.tar.gz")
    subprocess.run(argv, cwd=folder, check=True, umask=0o027)
    return folder


def test_a_host_installs_it_without_any_network(unpacked, interpreter, tmp_path):
    venv = tmp_path / "venv"
    subprocess.run((interpreter.real, "-m", "venv", "--without-pip", venv), check=True)
    argv = (
        find_uv(os.environ), "pip", "install", "-q", "--offline", "--no-index", "--no-deps",
        "--require-hashes", "--no-config", "--python", venv / "bin/python",
        "--find-links", unpacked / "wheels", "-r", unpacked / "wheels/requirements.txt",
    )  # fmt: skip
    subprocess.run(argv, check=True, env={**os.environ, "UV_CACHE_DIR": str(tmp_path / "uv")})
    env = {
        "PATH": f"{venv}/bin:{unpacked}/site/bin:/usr/bin:/bin",
        "PYTHONPATH": f"{unpacked}/site:{unpacked}/source",
    }

    code = "import brew, demo, greet"
    subprocess.run((venv / "bin/python", "-c", code), check=True, env=env)
    done = subprocess.run(("sh", "-c", "demo"), env=env, check=True, capture_output=True)

    assert done.stdout == b"demo is here\n"


def test_what_a_host_unpacks_has_the_modes_and_times_of_the_release(unpacked, twice):
    release = twice[1][0]["manifest"]

    css = unpacked / "source/static/built/app.css"
    assert css.read_text() == f"hello{release['version']}"
    assert {int(path.lstat().st_mtime) for path in css.parents[3].rglob("*")} >= {
        release["committed"]
    }
    assert not css.stat().st_mode & 0o111
    assert (unpacked / "site/bin/demo").stat().st_mode & 0o111


def test_what_was_built_of_the_source_has_a_fixed_time(unpacked):
    # Of the lock's packages it does not depend on the commit, of the project's own it does.
    with pytest.raises(FileNotFoundError):
        (unpacked / "wheels/brew").stat()
    import zipfile

    with zipfile.ZipFile(unpacked / "wheels/brew-1.0-py3-none-any.whl") as archive:
        assert archive.read("brew/epoch.txt") == b"315532800"


def test_a_second_package_of_the_same_lock_needs_no_index(make_project, twice, tmp_path):
    first, (release, _), _ = twice
    (first.root / "demo" / "more.py").write_text("")
    first.commit("more")

    second = first.package(env={"PIP_FIND_LINKS": str(tmp_path)})

    assert second["number"] == 2
    assert second["manifest"]["environment"] == release["manifest"]["environment"]
    assert "source/demo/more.py" in paths(second)
    assert "source/demo/more.py" not in paths(release)
    assert first.package()["number"] == 2


def test_what_is_not_committed_stays_behind_and_is_said(project):
    project.write({"demo/new.py": "", "local.cfg": "secret"})

    text = project.run("package")
    release = project.package()

    assert "warning: what is not committed is not in the release" in text
    assert "source/demo/new.py" not in paths(release)
    assert "source/local.cfg" not in paths(release)


def test_another_commit_can_be_packaged_by_its_name(project):
    project.git("tag", "v1")
    first = project.git("rev-parse", "HEAD")
    project.write({"demo/new.py": ""}).commit()

    release = project.package("--commit", "v1")

    assert release["manifest"]["commit"] == first
    assert release["manifest"]["tag"] == "v1"
    assert "cannot build 'v2': no such revision" in project.run("package", "--commit", "v2", code=2)


def test_a_release_knows_the_run_that_tested_it(project):
    assert project.package()["manifest"]["verdict"] == ""
    project.run("run")

    release = project.package()

    assert (release["manifest"]["build"], release["manifest"]["verdict"]) == ("run 1", "passed")
    assert "run 1 passed" in project.run("releases", "show")


def test_a_commit_that_failed_is_only_packaged_by_force_which_is_recorded(project):
    project.write({"broken": ""}).commit()
    project.run("run", code=1)

    text = project.run("package", code=1)
    release = project.package("--force")

    assert "run 1 of this commit failed, so it is not packaged" in text
    assert release["manifest"]["verdict"] == "failed"
    assert "run 1 failed" in project.run("releases")


def test_a_run_of_changed_files_says_nothing_of_their_commit(project):
    project.write({"demo/new.py": ""})
    project.run("run")

    assert project.package()["manifest"]["verdict"] == ""


def test_a_build_that_fails_is_told_in_its_own_words(make_project, shared_home):
    yml = "release:\n  build:\n    - echo first\n    - echo it broke >&2; exit 3\n"
    project = make_project({"fairlead.yml": yml}, home=shared_home)

    text = project.run("package", code=2)

    assert "· $ echo first" in text
    assert "error: echo it broke >&2; exit 3: exit code 3\nit broke" in text
    assert "no release yet" in project.run("releases")


def test_a_build_that_makes_nothing_is_noticed(make_project, shared_home):
    yml = 'release:\n  build: "true"\n  include: [static/built/**]\n'
    project = make_project({"fairlead.yml": yml}, home=shared_home)

    text = project.run("package", code=2)

    assert "nothing was made that matches release: include (static/built/**)" in text


def test_a_build_sees_neither_the_persons_variables_nor_their_files(make_project, shared_home):
    yml = "release:\n  build: env > static.txt; ls -a $HOME >> static.txt\n  include: static.txt\n"
    project = make_project({"fairlead.yml": yml}, home=shared_home)

    release = project.package(env={"SECRET_TOKEN": "hush-hush"})

    with tarfile.open(release["file"]) as outer:
        payload = outer.extractfile("payload.tar.gz").read()
    folder = project.root.parent / "out"
    folder.mkdir()
    subprocess.run(("tar", "-xz"), cwd=folder, input=payload, check=True)
    text = (folder / "source/static.txt").read_text()
    assert "SOURCE_DATE_EPOCH=1709294400" in text
    assert "hush-hush" not in text


def test_a_project_that_cannot_be_installed_is_its_files_and_wheels(make_project, shared_home):
    yml = "release:\n  exclude: [docs]\n"
    project = make_project(
        {"fairlead.yml": yml, "pyproject.toml": None, "backend.py": None}, home=shared_home
    )

    found = paths(project.package())

    assert "wheels/greet-2.0-py3-none-any.whl" in found
    assert not [path for path in found if path.startswith("site/")]


def test_without_anything_to_install_there_are_the_files_alone(make_project, shared_home):
    project = make_project(
        {"pyproject.toml": None, "requirements.txt": None, "fairlead.yml": None}, home=shared_home
    )

    release = project.package()

    assert all(path.startswith("source/") for path in paths(release))
    assert release["manifest"]["requirements"] == []


def test_without_lock_the_versions_are_chosen_once(make_project, shared_home, tmp_path):
    pyproject = FILES_PYPROJECT + 'dependencies = ["greet"]\n'
    changes = {"pyproject.toml": pyproject, "requirements.txt": None, "fairlead.yml": None}
    project = make_project(changes, home=shared_home)

    text = project.run("package")
    first = project.package()
    again = project.package(env={"PIP_FIND_LINKS": str(tmp_path)})

    assert "no lock file: uv chooses the versions" in text
    assert first["manifest"]["requirements"] == ["greet==2.0"]
    assert [name for name, _ in first["manifest"]["locks"]] == ["resolved"]
    assert again["number"] == first["number"] == 1


@pytest.mark.parametrize(
    ("tested", "chosen"), [(("greet==1.0", "demo==7"), "1.0"), (("greet==9.9",), "2.0")]
)
def test_without_lock_what_was_tested_holds_where_it_can(
    make_project, shared_home, tmp_path, tested, chosen
):
    pyproject = FILES_PYPROJECT + 'dependencies = ["greet"]\n'
    changes = {"pyproject.toml": pyproject, "requirements.txt": None, "poetry.lock": ""}
    project = make_project({**changes, "fairlead.yml": None}, home=shared_home)
    settings = load_settings(project.environ)
    source = open_source(project.root, settings.home, "HEAD")
    told = []

    file = package(
        source,
        Packaging(python=OWN),
        settings=settings,
        host=project.environ,
        folder=tmp_path,
        tested=tested,
        emit=told.append,
    )

    manifest = read_release(file, trusted=trusted_keys(settings.config))
    assert manifest.requirements == (f"greet=={chosen}",)
    assert "poetry.lock is not a lock file uv reads: uv chooses" in told[0]
    assert any("chosen anew" in text for text in told) is (chosen == "2.0")


@pytest.mark.parametrize("kind", ["uv.lock", "pylock.toml"])
def test_the_locks_of_uv_are_understood(make_project, shared_home, served, kind):
    pyproject = FILES_PYPROJECT + 'requires-python = ">=3.11"\ndependencies = ["greet", "brew"]\n'
    changes = {"pyproject.toml": pyproject, "requirements.txt": None, "fairlead.yml": None}
    project = make_project(changes, home=shared_home)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS"):
        del project.environ[name]
    project.environ["PIP_INDEX_URL"] = served
    env = {**project.environ, "UV_CACHE_DIR": str(project.root.parent / "uv")}
    lock = ("lock", "-q", "--default-index", served)
    if kind == "pylock.toml":
        lock = ("pip", "compile", *lock[1:], "pyproject.toml", "-o", "pylock.toml")
    subprocess.run((find_uv(os.environ), *lock), cwd=project.root, env=env, check=True)
    project.commit()

    release = project.package()

    assert [name for name, _ in release["manifest"]["locks"]] == [kind]
    assert release["manifest"]["requirements"] == ["brew==1.0", "greet==2.0"]
    assert "site/demo/__init__.py" in paths(release)


def test_a_wheel_of_the_projects_own_goes_along(make_project, shared_home, index, locked):
    wheel = "greet-2.0-py3-none-any.whl"
    others = locked.partition("\nbrew")[2]
    project = make_project(
        {"requirements.txt": f"./vendor/{wheel}\nbrew{others}"}, home=shared_home
    )
    (project.root / "vendor").mkdir()
    (project.root / "vendor" / wheel).write_bytes((index / wheel).read_bytes())
    project.commit()

    release = project.package()

    assert release["manifest"]["requirements"] == ["brew==1.0", "greet==2.0"]
    assert f"wheels/{wheel}" in paths(release)


def test_a_server_packages_from_a_bare_repository(twice, tmp_path):
    project, (release, _), _ = twice
    bare = tmp_path / "42.git"
    subprocess.run(("git", "clone", "-q", "--bare", project.root, bare), check=True)
    commit = release["manifest"]["commit"]
    settings = load_settings(project.environ)
    source = open_commit(bare, settings.home, commit)
    known = find_environments(source.tree)

    file = package(
        source,
        known.packaging,
        settings=settings,
        host=project.environ,
        folder=tmp_path / "out",
        branch="main",
    )

    assert digest(file) == release["sha256"]


def test_a_lock_whose_hash_does_not_fit_is_refused(make_project, shared_home, locked):
    wrong = locked.replace(locked.partition("sha256:")[2][:6], "abcdef", 1)
    project = make_project({"requirements.txt": wrong}, home=shared_home)

    text = project.run("package", code=2)

    assert "cannot fetch the wheels" in text
    assert "HASHES" in text


def test_a_lock_line_without_hash_is_named(make_project, shared_home, locked):
    project = make_project({"requirements.txt": locked + "other==1\n"}, home=shared_home)

    text = project.run("package", code=2)

    assert "requirements.txt: there is no hash for other==1" in text


def test_a_python_that_is_not_here_is_named(make_project, shared_home):
    project = make_project({"fairlead.yml": 'release:\n  python: "3.99"\n'}, home=shared_home)

    assert "Python 3.99 not found" in project.run("package", code=2)


def test_an_empty_repository_has_nothing_to_package(project, surroundings, tmp_path):
    empty = type(project)(tmp_path, project.environ)
    assert "is not a git repository" in empty.run("package", code=2)
    empty.git("init", "-q")
    assert "the repository has no commit yet" in empty.run("package", code=2)


def test_a_submodule_that_is_not_there_is_refused(project, make_project, shared_home):
    inner = make_project(home=shared_home)
    project.git(
        "-c", "protocol.file.allow=always", "submodule", "-q", "add", str(inner.root), "lib"
    )
    project.commit()
    with_it = project.package()
    project.git("submodule", "-q", "deinit", "-f", "lib")

    text = project.run("package", code=2)

    assert "source/lib/demo/__init__.py" in paths(with_it)
    assert "the submodule lib is not checked out here" in text


def test_a_stored_wheel_that_rotted_is_noticed(twice):
    _, _, project = twice
    cache = Path(project.environ["FAIRLEAD_HOME"])
    (wheel,) = cache.glob("releases/wheels/files/*/greet-*.whl")
    wheel.write_bytes(wheel.read_bytes()[:-1] + b"x")
    project.write({"new": ""}).commit()

    text = project.run("package", code=2)

    assert "the stored wheel greet-2.0-py3-none-any.whl was damaged and is removed" in text
    assert project.package()["number"] == 2


def test_one_who_is_killed_leaves_nothing_to_repair(make_project, shared_home):
    yml = "release:\n  build: touch started && sleep 60\n"
    project = make_project({"fairlead.yml": yml}, home=shared_home)
    argv = (sys.executable, "-m", "fairlead", "package")
    process = subprocess.Popen(
        argv,
        cwd=project.root,
        env=project.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    work = Path(project.environ["FAIRLEAD_HOME"]) / "work"
    until = time.monotonic() + 60
    while not list(work.glob("*/job/ws/started")) and time.monotonic() < until:
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    project.write({"fairlead.yml": "release:\n  exclude: [docs]\n"}).commit()

    release = project.package()

    assert release["number"] == 1
    assert sorted(path.name for path in Path(release["file"]).parents[1].iterdir()) == [
        "1", "last", "lock",
    ]  # fmt: skip
    assert list(work.iterdir()) == []


def test_a_release_is_believed_where_its_maker_is(project, make_project, tmp_path):
    release = project.package("--output", str(tmp_path))
    file = str(tmp_path / Path(release["file"]).name)
    other = make_project(home=tmp_path / "somebody")
    key = project.run("releases", "keys").split()[1]

    text = other.run("releases", "verify", file, code=2)
    other.run("releases", "trust", "builder", key)

    assert f"a key that is not trusted: {key}" in text
    assert "signed by builder" in other.run("releases", "verify", file)
    assert read_release(Path(file), trusted={key}).project == "demo"
    other.run("releases", "distrust", "builder")
    other.run("releases", "verify", file, code=2)


@pytest.mark.network
def test_djangos_static_files_are_collected(make_project, tmp_path):
    """Django from the real index; its settings, and so its packages, are loaded by the build."""
    files = {
        "manage.py": (
            "import os, sys\nos.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings')\n"
            "from django.core.management import execute_from_command_line\n"
            "execute_from_command_line(sys.argv)\n"
        ),
        "shop/__init__.py": "",
        "shop/settings.py": (
            "from pathlib import Path\nBASE_DIR = Path(__file__).parent.parent\n"
            "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.staticfiles']\n"
            "STATIC_URL = '/static/'\nSTATIC_ROOT = BASE_DIR / 'collected'\n"
            "STATICFILES_DIRS = [BASE_DIR / 'assets']\nSTORAGES = {'staticfiles': {'BACKEND':"
            " 'django.contrib.staticfiles.storage.ManifestStaticFilesStorage'}}\n"
        ),
        "assets/app.css": "body {}\n",
        "requirements.txt": "django>=4.2\n",
        "fairlead.yml": (
            "release:\n  build: python manage.py collectstatic --noinput\n  include: collected/**\n"
        ),
    }
    project = make_project({"requirements.txt": files["requirements.txt"]}, files=files)
    for name in ("PIP_NO_INDEX", "PIP_FIND_LINKS", "PIP_CONFIG_FILE"):
        del project.environ[name]
    index = {n: v for n, v in os.environ.items() if n.startswith(("PIP_", "UV_", "SSL_"))}
    project.environ |= index

    found = paths(project.package())

    assert "source/collected/staticfiles.json" in found
    assert [path for path in found if path.startswith("source/collected/app.")]
    assert any(path.startswith("wheels/django-") for path in found)
