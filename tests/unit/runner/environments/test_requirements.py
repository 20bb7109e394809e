"""Requirements files as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import EnvironmentFailed
from fairlead.pipeline.tree import MemoryTree
from fairlead.runner.environments.requirements import (
    LocalProject,
    decode,
    read_lines,
    read_requirements,
)


def reading(text="", *, files=("requirements.txt",), constraints=(), **others):
    named = {name.replace("__", "/").replace("_txt", ".txt"): data for name, data in others.items()}
    tree = MemoryTree({"requirements.txt": text} | named)
    return read_requirements(tree, files, constraints)


def test_lines_without_comments_blanks_and_doubles():
    text = (
        "# first\nsix  # why\n\nflask==2 \\\n    ; python_version > '3'\nsix\nurl#not-a-comment\n"
    )
    assert reading(text).lines == ("six", "flask==2 ; python_version > '3'", "url#not-a-comment")


def test_includes_are_followed_from_the_file_that_names_them():
    found = reading(
        "-r requirements/dev.txt\nsix",
        requirements__dev_txt="-r base.txt\n-r ../more.txt\n-c pins.txt\npytest",
        requirements__base_txt="flask",
        requirements__pins_txt="flask<3",
        more_txt="--requirement=requirements/base.txt\nmore",
    )
    assert found.lines == ("flask", "more", "pytest", "six")
    assert found.constraints == ("flask<3",)


def test_files_that_include_each_other_end():
    assert reading("-r a.txt\none", a_txt="-r requirements.txt\ntwo").lines == ("two", "one")


@pytest.mark.parametrize("form", ["-r a.txt", "-ra.txt", "-r=a.txt", "--requirement a.txt"])
def test_forms_of_an_option(form):
    assert reading(form, a_txt="six").lines == ("six",)


@pytest.mark.parametrize(
    ("line", "option"),
    [
        ("-i https://x/simple", "--index-url https://x/simple"),
        ("--extra-index-url=https://x", "--extra-index-url https://x"),
        ("-f https://x/wheels", "--find-links https://x/wheels"),
        ("--find-links /srv/wheels", "--find-links /srv/wheels"),
        ("--no-binary :all:", "--no-binary :all:"),
        ("--no-index", "--no-index"),
        ("-r https://x/requirements.txt", "-r https://x/requirements.txt"),
    ],
)
def test_options_that_lead_to_packages_are_kept(line, option):
    assert reading(line).options == (option,)


def test_options_for_pip_alone_are_dropped_and_some_have_a_meaning():
    found = reading(
        "--pre\n--trusted-host pypi.local\n--prefer-binary\n--use-feature=x\n"
        "six --global-option='--no-x' --install-option=\"a b\"\nfoo --config-settings=a=b\n"
    )
    assert (found.prerelease, found.hosts) == (True, ("pypi.local",))
    assert (found.lines, found.options) == (("six", "foo"), ())


def test_local_wheels_folder_counts_with_its_files():
    found = reading("-f ./wheels", wheels__a="1", wheels__b="2")
    assert found.options == ("--find-links ${PROJECT_ROOT}/wheels",)
    assert found.files == ("wheels/a", "wheels/b")


def test_hashes_stay_with_their_requirement():
    text = "six==1.17.0 \\\n    --hash=sha256:aa \\\n    --hash=sha256:bb\nflask"
    found = reading(text)
    assert found.lines == ("flask",)
    assert [line.split() for line in found.pinned] == [
        ["six==1.17.0", "--hash=sha256:aa", "--hash=sha256:bb"]
    ]


@pytest.mark.parametrize(
    ("line", "project"),
    [
        ("-e .", LocalProject(path=".")),
        (".", LocalProject(path=".", mode="wheel")),
        ("-e .[test, dev]", LocalProject(path=".", extras=("test", "dev"))),
        ("-e.", LocalProject(path=".")),
        (".[test] ; python_version > '3'", LocalProject(path=".", extras=("test",), mode="wheel")),
        ("-e ./libs/foo", LocalProject(path="libs/foo")),
        ("--editable libs/foo", LocalProject(path="libs/foo")),
        ("-e file:libs/foo#egg=foo", LocalProject(path="libs/foo")),
        ("file:./libs/foo", LocalProject(path="libs/foo", mode="wheel")),
        ("foo @ ./libs/foo", LocalProject(path="libs/foo", mode="wheel")),
        ("${PROJECT_ROOT}/libs/foo", LocalProject(path="libs/foo", mode="wheel")),
    ],
)
def test_folders_of_the_project_are_no_part_of_a_stored_environment(line, project):
    found = reading(line, **{"libs__foo__pyproject.toml": "", "setup.py": ""})
    assert found.projects == (project,)
    assert found.lines == ()


def test_one_folder_named_twice_is_one_project():
    found = reading("-e .[a]\n.[b]\n-e .[a]")
    assert found.projects == (LocalProject(path=".", extras=("a", "b")),)


def test_paths_from_the_file_that_names_them_work_too():
    text = {"requirements/dev.txt": "-e ..\n./wheels/a.whl", "requirements/wheels/a.whl": b"PK"}
    found = read_requirements(MemoryTree(text), ["requirements/dev.txt"])
    assert found.projects == (LocalProject(path="."),)
    assert found.lines == ("${PROJECT_ROOT}/requirements/wheels/a.whl",)
    assert found.files == ("requirements/wheels/a.whl",)


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("git+https://x/y.git@main#egg=y", "y @ git+https://x/y.git@main"),
        ("-e git+https://x/y.git#egg=y&subdirectory=z", "y @ git+https://x/y.git#subdirectory=z"),
        ("y @ git+https://x/y.git", "y @ git+https://x/y.git"),
        ("git+ssh://git@x/y.git", "git+ssh://git@x/y.git"),
        ("https://x/y-1.0.tar.gz", "https://x/y-1.0.tar.gz"),
        ("y @ https://x/y-1.0-py3-none-any.whl", "y @ https://x/y-1.0-py3-none-any.whl"),
        ("/srv/wheels/y-1.0-py3-none-any.whl", "/srv/wheels/y-1.0-py3-none-any.whl"),
    ],
)
def test_addresses_stay_requirements(line, kept):
    found = reading(line)
    assert (found.lines, found.projects) == ((kept,), ())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("six\n-r absent.txt", "requirements.txt:2:1: there is no requirements file 'absent.txt'"),
        ("-r ../other.txt", "requirements.txt:1:1: '../other.txt' lies outside of the project"),
        ("-r /etc/passwd", "lies outside of the project"),
        ("\n\n-e ../sibling", "requirements.txt:3:1: '../sibling' lies outside of the project"),
        ("-e ./absent", "there is no './absent' in the project"),
        ("./dist/x.whl", "there is no './dist/x.whl' in the project"),
        ("git://x/y#egg=y", "cannot install from 'git://x/y'"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(text, words):
    with pytest.raises(EnvironmentFailed) as caught:
        reading(text)
    assert words in str(caught.value)


def test_a_pyproject_named_as_requirements_is_a_source():
    found = reading(files=("pyproject.toml",), **{"pyproject.toml": ""})
    assert (found.source, found.lines) == ("pyproject.toml", ())


def test_lines_of_a_pipeline_file():
    found = read_lines(MemoryTree({}), ("flask>=2", " -e .[x]", "--pre"))
    assert found.lines == ("flask>=2",)
    assert found.projects == (LocalProject(path=".", extras=("x",)),)
    assert found.prerelease


@pytest.mark.parametrize(
    "data", ["é".encode(), b"\xef\xbb\xbf\xc3\xa9", "é".encode("utf-16"), b"\xe9"]
)
def test_encodings(data):
    assert decode(data) == "é"


@given(st.text(max_size=80))
def test_any_text_gives_a_reading_or_our_error(text):
    try:
        found = reading(text)
    except EnvironmentFailed:
        return
    assert all("\n" not in line for line in (*found.lines, *found.pinned, *found.options))
