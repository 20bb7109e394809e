"""`fairlead package` and `fairlead releases` as people type them, on a project that builds nothing."""

import json
from pathlib import Path

import pytest

YML = 'release:\n  tag: "v{number}"\n  keep: 2\n'
BARE = {"pyproject.toml": None, "backend.py": None, "requirements.txt": None, "fairlead.yml": YML}


@pytest.fixture
def project(make_project, shared_home):
    return make_project(BARE, home=shared_home)


def test_a_project_without_releases_says_how_to_make_one(project):
    assert "fairlead package makes one" in project.run("releases")
    assert json.loads(project.run("releases", "list", "--json")) == []
    assert "make one: fairlead package" in project.run("releases", "show", code=2)


def test_releases_are_made_tagged_listed_shown_verified_and_pruned(project):
    text = project.run("package")
    assert text.startswith("Release 1 of demo, version ")
    assert ", tagged v1\n" in text
    assert "not tested: deploying it will need --force" in text
    assert project.git("tag") == "v1"
    for name in ("b", "c"):
        project.write({name: name}).commit()
        project.package()

    rows = project.run("releases").splitlines()
    assert [row.split()[0] for row in rows] == ["3", "2"], "keep is 2"
    assert "main" in rows[0]
    assert rows[0].endswith("v3")
    shown = project.run("releases", "show", "v2", "--files")
    assert "release      2 of demo" in shown
    assert "source/b" in shown
    assert json.loads(project.run("releases", "show", "--json"))["number"] == 3
    assert "is whole: demo" in project.run("releases", "verify", "3")
    assert project.run("releases", "prune", "--dry-run", "--keep", "1").endswith(" kB\n")
    assert "removed 1 release" in project.run("releases", "prune", "--keep", "1")
    assert "there is no release '2'" in project.run("releases", "show", "2", code=2)


def test_a_clone_goes_on_with_the_numbers_of_the_tags(project, make_project, tmp_path):
    project.git("tag", "v41")

    assert project.package()["number"] == 42
    assert project.package("--no-tag")["number"] == 42


def test_a_tag_can_be_left_out(project):
    assert "tag" not in project.package("--no-tag")
    assert project.git("tag") == ""


def test_an_altered_file_is_refused(project):
    file = Path(project.package()["file"])
    data = bytearray(file.read_bytes())
    data[-2000] ^= 1
    file.write_bytes(data)

    assert "its payload is not what was signed" in project.run("releases", "verify", "1", code=2)
    file.write_bytes(data[:3000])
    assert "ends in the middle" in project.run("releases", "verify", str(file), code=2)


def test_wrong_words_are_told_what_is_right(project):
    assert "Did you mean 'show'?" in project.run("releases", "shwo", code=2)
    assert "there is no release 'v9'" in project.run("releases", "show", "v9", code=2)
    assert "is not a public key" in project.run("releases", "trust", "ann", "xyz", code=2)
    assert "no trusted key is called 'bob'" in project.run("releases", "distrust", "bob", code=2)
    project.write({"long.txt": "words " * 200})
    assert "this is no release file" in project.run("releases", "verify", "long.txt", code=2)
    text = project.run("releases", "verify", "gone.release", code=2)
    assert "there is no release file gone.release" in text
    assert "cannot write" in project.run("package", "--output", "no/such/folder", code=2)


def test_problems_of_the_file_are_told_with_their_place(project):
    project.write({"fairlead.yml": "release:\n  bulid: make\n"}).commit()

    text = project.run("package", code=2)

    assert "fairlead.yml:2" in text
    assert "build" in text


def test_output_without_colours_has_none(project):
    assert "\x1b" in project.run("package", env={"FORCE_COLOR": "1"})
    assert "\x1b" not in project.run("releases", env={"NO_COLOR": "1", "FORCE_COLOR": "1"})
