import os

import pytest

from fairlead.errors import ReleaseFailed
from fairlead.release.collecting import made_pieces, site_pieces, source_pieces


def write(folder, *paths):
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    return folder


def paths(pieces):
    return sorted(piece.path for piece in pieces)


def test_a_commits_files_go_along_without_gits_own(tmp_path):
    folder = write(
        tmp_path, "a.py", ".git/config", "lib/.git/HEAD", "lib/b.pyc", "lib/c", "sub/.git"
    )
    (folder / "to").symlink_to("lib")
    (folder / "a.py").chmod(0o700)

    pieces = source_pieces(folder, (), ())

    assert paths(pieces) == ["source/a.py", "source/lib/c", "source/to"]
    found = {piece.path: piece for piece in pieces}
    assert found["source/a.py"].executable
    assert not found["source/lib/c"].executable
    assert found["source/to"].link == "lib"


@pytest.mark.parametrize(
    ("globs", "left"),
    [
        (("tests",), ["source/docs/a", "source/x"]),
        (("tests/", "docs/**"), ["source/x"]),
        (("**/b",), ["source/docs/a", "source/tests/a", "source/x"]),
        ((), ["source/docs/a", "source/tests/a", "source/tests/deep/b", "source/x"]),
    ],
)
def test_excluded_files_stay_behind(tmp_path, globs, left):
    folder = write(tmp_path, "tests/a", "tests/deep/b", "docs/a", "x")

    assert paths(source_pieces(folder, globs, ())) == left


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "a/../../outside"])
def test_a_link_out_of_the_project_is_refused_unless_left_out(tmp_path, target):
    (tmp_path / "link").symlink_to(target)

    with pytest.raises(ReleaseFailed, match="link is a link to"):
        source_pieces(tmp_path, (), ())
    assert source_pieces(tmp_path, ("link",), ()) == ()


def test_an_empty_submodule_is_refused_unless_left_out(tmp_path):
    folder = write(tmp_path, "full/a")
    (folder / "empty").mkdir()

    assert paths(source_pieces(folder, (), ("full",))) == ["source/full/a"]
    with pytest.raises(ReleaseFailed, match="the submodule empty is not checked out"):
        source_pieces(folder, (), ("full", "empty"))
    assert paths(source_pieces(folder, ("empty",), ("full", "empty"))) == ["source/full/a"]


def test_what_was_made_lies_beside_the_source_and_is_no_link(tmp_path):
    folder = write(tmp_path, "static/app.css", "static/x.pyc", "static/logo.png", "static/drafts/d")
    (folder / "static/same.css").symlink_to("app.css")
    names = (
        "static/app.css",
        "static/same.css",
        "static/x.pyc",
        "static/logo.png",
        "static/drafts/d",
    )

    pieces = made_pieces(folder, names, ("static/drafts",))

    assert paths(pieces) == [
        "source/static/app.css",
        "source/static/logo.png",
        "source/static/same.css",
    ]
    assert [piece.packed for piece in pieces] == [False, False, True]
    assert not any(piece.link for piece in pieces)


def test_an_installed_project_is_taken_without_the_installers_notes(tmp_path):
    site = tmp_path / "lib/python3.11/site-packages"
    info = "bank-1.0.dist-info"
    write(
        site, "bank/__init__.py", "bank/__pycache__/x.pyc", f"{info}/METADATA", f"{info}/INSTALLER",
        f"{info}/direct_url.json", f"{info}/uv_cache.json", "_fairlead.pth", f"{info}/entry_points.txt",
    )  # fmt: skip
    write(tmp_path, "bin/bank", "bin/other", "share/man/bank.1")
    names = [
        "bank/__init__.py", "bank/__pycache__/x.pyc", f"{info}/METADATA", f"{info}/INSTALLER",
        f"{info}/direct_url.json", f"{info}/uv_cache.json", f"{info}/entry_points.txt",
        f"{info}/RECORD", "../../../bin/bank", "../../../bin/other", "../../../share/man/bank.1",
        "../../../../outside", "gone.py", '"bank/with,comma.py"',
    ]  # fmt: skip
    write(site, "bank/with,comma.py")
    (tmp_path.parent / "outside").write_text("")
    (site / info / "RECORD").write_text("".join(f"{name},sha256=x,1\r\n" for name in names))

    def body(path):
        return "run()\n" if path.name == "bank" else None

    pieces = {piece.path: piece for piece in site_pieces(tmp_path, site, body)}

    assert sorted(pieces) == [
        f"site/{info}/METADATA", f"site/{info}/entry_points.txt", "site/bank/__init__.py",
        "site/bank/with,comma.py", "site/bin/bank", "site/bin/other", "site/share/man/bank.1",
    ]  # fmt: skip
    assert pieces["site/bin/bank"].data == b"#!/usr/bin/env python3\nrun()\n"
    assert pieces["site/bin/bank"].executable
    assert os.fspath(pieces["site/bin/other"].file).endswith("bin/other")
