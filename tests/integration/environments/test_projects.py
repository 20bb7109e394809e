"""The project itself in a layer: built once by its own code, then copied."""

import os
import shutil

import pytest

from fairlead.errors import EnvironmentFailed
from fairlead.model import Install

# A build backend of the project's own, so that no other package is needed.
BACKEND = """
import os, zipfile

def _wheel(folder, editable):
    name = "own-1.0-py3-none-any.whl"
    here = os.path.join(os.getcwd(), "src")
    if os.environ.get("FAIL"):
        raise SystemExit("the build said no to https://me:hunter2@host/x")
    open(os.path.join(here, "built.txt"), "w").write("built")
    with zipfile.ZipFile(os.path.join(folder, name), "w") as z:
        info = "own-1.0.dist-info/"
        z.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: own\\nVersion: 1.0\\n")
        z.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        z.writestr(info + "entry_points.txt", "[console_scripts]\\nown = own:main\\n")
        if editable:
            z.writestr("own.pth", here + "\\n")
        else:
            z.writestr("own.py", open(os.path.join(here, "own.py")).read())
        z.writestr(info + "RECORD", "")
    return name

def build_wheel(folder, config=None, metadata=None):
    return _wheel(folder, False)

def build_editable(folder, config=None, metadata=None):
    return _wheel(folder, True)
"""
OWN = {
    "backend.py": BACKEND,
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    '[project]\nname = "own"\nversion = "1.0"\ndependencies = ["greet<2"]\n',
    "src/own.py": "import greet\ndef main():\n    print('own', __file__)\n",
}


@pytest.mark.parametrize("mode", ["editable", "wheel"])
def test_built_once_and_copied_after(prepare, install_projects, project, shell, mode):
    root = project(OWN)
    made = prepare(Install(project=mode), root=root)[1]
    assert len(install_projects(made, root)) == 1
    where = root / "src" if mode == "editable" else made.site_packages
    assert shell(made.bin / "own") == f"own {where}/own.py"
    assert (root / "src/built.txt").read_text() == "built"
    (root / "src/built.txt").unlink()
    again = prepare(Install(project=mode), root=root)[1]
    assert install_projects(again, root) == []
    where = root / "src" if mode == "editable" else again.site_packages
    assert shell(again.bin / "own") == f"own {where}/own.py"
    # What the build left in the workspace is there again: it may be an extension module.
    assert (root / "src/built.txt").read_text() == "built"
    code = "import importlib.metadata as m; print(m.version('own'))"
    assert shell(again.python, "-c", code) == "1.0"
    assert not any(b"layers/1" in p.read_bytes() for p in again.folder.rglob("*") if p.is_file())


def test_code_of_their_own_is_run_anew_for_other_files_or_versions(
    prepare, install_projects, project
):
    root = project(OWN)
    install = Install(project="editable")
    assert install_projects(prepare(install, root=root)[1], root)
    assert install_projects(prepare(install, root=root)[1], root, tree_key="other")
    assert install_projects(prepare(install, root=root)[1], root, describe="v2")
    assert not install_projects(prepare(install, root=root)[1], root, describe="v2")
    assert install_projects(prepare(install, root=root)[1], root, tree_key="")
    assert install_projects(prepare(install, root=root)[1], root, tree_key="")


def test_a_build_that_fails_says_so_in_its_own_words(
    prepare, install_projects, project, monkeypatch, environments
):
    root = project(OWN)
    made = prepare(Install(project="editable"), root=root)[1]
    (root / "backend.py").write_text(BACKEND.replace('os.environ.get("FAIL")', "True"))
    with pytest.raises(EnvironmentFailed) as caught:
        install_projects(made, root)
    words = str(caught.value)
    assert words.startswith("the project cannot be installed: ")
    assert "the build said no" in words
    assert "hunter2" not in words
    assert environments.projects.entries() == ()


def test_resolving_leaves_no_trace_in_the_workspace(prepare, project):
    text = OWN["pyproject.toml"].replace('dependencies = ["greet<2"]', 'dynamic = ["dependencies"]')
    root = project(OWN | {"pyproject.toml": text})
    before = sorted(str(path) for path in root.rglob("*") if "__pycache__" not in str(path))
    prepare(Install(project="editable"), root=root)
    after = sorted(str(path) for path in root.rglob("*") if "__pycache__" not in str(path))
    assert after == before


def test_two_folders_of_one_repository(prepare, install_projects, project, shell):
    other = {f"libs/other/{name}": text for name, text in OWN.items()}
    other["libs/other/pyproject.toml"] = OWN["pyproject.toml"].replace('"own"', '"other"')
    backend = BACKEND.replace("own-1.0", "other-1.0").replace("Name: own", "Name: other")
    other["libs/other/backend.py"] = backend.replace("own = own", "other = own").replace(
        "own.pth", "other.pth"
    )
    root = project(OWN | other | {"r.txt": "-e ./libs/other"})
    install = Install(project="editable", requirements=("r.txt",))
    made = prepare(install, root=root)[1]
    assert len(install_projects(made, root)) == 2
    assert {"own", "other"} <= set(os.listdir(made.bin))
    assert install_projects(prepare(install, root=root)[1], root) == []


def test_nothing_is_written_through_links_that_a_build_left(
    prepare, install_projects, project, tmp_path
):
    root = project(OWN)
    install = Install(project="editable")
    assert install_projects(prepare(install, root=root)[1], root)
    outside = tmp_path / "outside.txt"
    outside.write_text("mine")
    (root / "src/built.txt").unlink()
    (root / "src/built.txt").symlink_to(outside)
    assert install_projects(prepare(install, root=root)[1], root) == []
    assert outside.read_text() == "mine"
    assert not (root / "src/built.txt").is_symlink()
    shutil.rmtree(root / "src")
    (root / "src").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(EnvironmentFailed, match="out of its folder"):
        install_projects(prepare(install, root=root)[1], root)
    assert list((tmp_path / "elsewhere").iterdir()) == []


# --- real build backends ---

SETUPTOOLS = """\
[build-system]
requires = ["setuptools>=61"]
build-backend = "setuptools.build_meta"
[project]
name = "bank"
dynamic = ["version"]
[project.scripts]
bank = "bank.app:main"
[tool.setuptools.dynamic]
version = {attr = "bank.__version__"}
[tool.setuptools.packages.find]
where = ["src"]
"""
BANK = {
    "pyproject.toml": SETUPTOOLS,
    "src/bank/__init__.py": "__version__ = '1.0'\n",
    "src/bank/app.py": "def main():\n    print('one')\n",
}
VERSION = "import importlib.metadata as m; print(m.version('bank'))"


@pytest.mark.network
def test_setuptools(prepare, install_projects, project, shell, online):
    root = project(BANK)
    install = Install(project="editable")

    def go(tree_key):
        made = prepare(install, root=root, using=online)[1]
        return made, install_projects(made, root, tree_key=tree_key, using=online)

    made, commands = go("1")
    assert commands
    assert shell(made.bin / "bank") == "one"
    # Only code changed: the same installation shows the new code.
    (root / "src/bank/app.py").write_text("def main():\n    print('two')\n")
    made, commands = go("2")
    assert (commands, shell(made.bin / "bank")) == ([], "two")
    # A new module, then another version: both are built anew.
    (root / "src/bank/more.py").write_text("")
    assert go("3")[1]
    (root / "src/bank/__init__.py").write_text("__version__ = '2.0'\n")
    made, commands = go("4")
    assert commands
    assert shell(made.python, "-c", VERSION) == "2.0"
    # A renamed package.
    os.rename(root / "src/bank", root / "src/shop")
    text = SETUPTOOLS.replace("bank.app", "shop.app").replace("bank.__", "shop.__")
    (root / "pyproject.toml").write_text(text)
    made, commands = go("5")
    assert commands
    assert shell(made.bin / "bank") == "two"


@pytest.mark.network
def test_flit_takes_its_version_from_the_module(prepare, install_projects, project, shell, online):
    text = """\
[build-system]
requires = ["flit_core"]
build-backend = "flit_core.buildapi"
[project]
name = "bank"
dynamic = ["version", "description"]
"""
    root = project({"pyproject.toml": text, "bank.py": '"""A bank."""\n__version__ = "1.0"\n'})
    install = Install(project="editable")
    assert install_projects(prepare(install, root=root, using=online)[1], root, using=online)
    assert not install_projects(prepare(install, root=root, using=online)[1], root, using=online)
    (root / "bank.py").write_text('"""A bank."""\n__version__ = "1.1"\n')
    made = prepare(install, root=root, using=online)[1]
    assert install_projects(made, root, using=online)
    assert shell(made.python, "-c", VERSION) == "1.1"


SETUP = """\
from setuptools import setup
setup(name="bank", version="1.0", packages=["bank"], install_requires=["six"],
      extras_require={"test": ["iniconfig"]}, entry_points={"console_scripts": ["bank = bank:main"]})
"""


@pytest.mark.network
@pytest.mark.parametrize("version", ["2.7", "3.6", "3.12"])
def test_setup_py(prepare, install_projects, project, shell, online, version):
    root = project({"setup.py": SETUP, "bank/__init__.py": "def main():\n    print('bank')\n"})
    install = Install(project="editable", extras=("test",))
    environment, made = prepare(install, root=root, version=version, using=online)
    names = [line.partition("==")[0] for line in environment.resolution.splitlines()]
    assert names == ["iniconfig", "six"]
    assert install_projects(made, root, using=online)
    assert shell(made.bin / "bank") == "bank"
    shutil.rmtree(root / "bank.egg-info")
    made = prepare(install, root=root, version=version, using=online)[1]
    assert install_projects(made, root, using=online) == []
    assert shell(made.bin / "bank") == "bank"


@pytest.mark.network
def test_an_extension_module_comes_back_with_the_copy(
    prepare, install_projects, project, shell, online
):
    if shutil.which("cc") is None:
        pytest.skip("there is no C compiler")
    setup = "from setuptools import Extension, setup\nsetup(name='bank', version='1', py_modules=['bank'],"
    setup += "ext_modules=[Extension('fast', ['fast.c'])])"
    source = """
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "fast", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_fast(void) { return PyModule_Create(&module); }
"""
    root = project({"setup.py": setup, "fast.c": source, "bank.py": "import fast\n"})
    install = Install(project="editable")
    made = prepare(install, root=root, using=online)[1]
    assert install_projects(made, root, using=online)
    (built,) = root.glob("fast*.so")
    built.unlink()
    made = prepare(install, root=root, using=online)[1]
    assert install_projects(made, root, using=online) == []
    assert built.exists()
    shell(made.python, "-c", "import bank")
