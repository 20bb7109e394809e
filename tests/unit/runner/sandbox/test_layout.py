"""The arguments of bubblewrap, as strings."""

import pytest

from fairlead.runner.sandbox.layout import (
    Blank,
    Machine,
    Shown,
    appearing,
    copied,
    holder_arguments,
    mounts,
)

MACHINE = Machine(
    bwrap="/usr/bin/bwrap",
    links=(("bin", "usr/bin"), ("lib", "usr/lib")),
    folders=("usr", "opt"),
    etc=("ssl",),
    etc_files=("localtime",),
    resolver="/run/resolve/resolv.conf",
)


def arguments(machine=MACHINE, **options):
    return list(holder_arguments(machine, Blank(**options)))


def options(found, name, count):
    """All uses of an option, with so many values each."""
    return [tuple(found[i + 1 : i + 1 + count]) for i, part in enumerate(found) if part == name]


def test_every_namespace_is_the_box_s_own_but_the_network_only_on_demand():
    for name in ("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts"):
        assert name in arguments()
    assert "--unshare-net" not in arguments()
    assert "--unshare-net" in arguments(isolated_network=True)


def test_it_is_not_root_and_ends_with_its_keeper():
    found = arguments()
    assert options(found, "--uid", 1) == options(found, "--gid", 1) == [("1000",)]
    assert "--die-with-parent" in found
    assert "--new-session" in found
    assert "--clearenv" in found


def test_the_system_is_read_only():
    found = arguments()
    assert ("/usr", "/usr") in options(found, "--ro-bind", 2)
    assert ("/etc/ssl", "/etc/ssl") in options(found, "--ro-bind", 2)
    assert ("usr/bin", "/bin") in options(found, "--symlink", 2)
    assert options(found, "--bind", 2) == [("/", "/.host")]


def test_files_are_copied_and_not_mounted():
    assert copied(MACHINE) == [("/etc/localtime", "/etc/localtime")]
    assert "/etc/localtime" not in arguments()


def test_names_are_resolved_only_with_a_network():
    resolver = ("/run/resolve/resolv.conf", "/etc/resolv.conf")
    assert resolver in options(arguments(), "--ro-bind", 2)
    assert resolver not in options(arguments(isolated_network=True), "--ro-bind", 2)


def test_a_system_without_merged_folders_shows_them_as_they_are():
    machine = Machine(bwrap="bwrap", folders=("usr", "bin", "lib"))
    assert ("/bin", "/bin") in options(arguments(machine=machine), "--ro-bind", 2)


def test_inner_folders_are_laid_over_outer_ones():
    shown = (
        Shown(dest="/a/b/c", source="/a/b/c"),
        Shown(dest="/a", source="/a"),
        Shown(dest="/a/b", source="/x", writable=True),
    )
    assert mounts(MACHINE, shown) == [
        ("/a", "/a", False), ("/x", "/a/b", True), ("/a/b/c", "/a/b/c", False),
    ]  # fmt: skip


def test_what_the_system_shows_anyway_is_not_shown_twice():
    shown = (
        Shown(dest="/usr/share/x", source="/usr/share/x"), Shown(dest="/lib/x", source="/usr/lib/x"),
    )  # fmt: skip
    assert mounts(MACHINE, shown) == []


def test_a_writable_folder_in_the_system_is_shown_at_its_real_place():
    shown = (Shown(dest="/lib/x", source="/usr/lib/x", writable=True),)
    assert mounts(MACHINE, shown) == [("/usr/lib/x", "/usr/lib/x", True)]


def test_writable_wins_over_readable():
    one = Shown(dest="/a", source="/a")
    other = Shown(dest="/a", source="/a", writable=True)
    for pair in ((one, other), (other, one)):
        assert mounts(MACHINE, pair) == [("/a", "/a", True)]


def test_sizes_of_what_lies_in_memory():
    found = arguments(tmp_size=12345)
    assert options(found, "--size", 1) == [("12345",)] * 3
    assert {"/tmp", "/dev/shm", "/run"} == {place for (place,) in options(found, "--tmpfs", 1)}


@pytest.mark.parametrize(
    ("paths", "real", "shown", "links"),
    [
        (["/a"], {}, {"/a"}, []),
        (["/l/a"], {"/l/a": "/r/a"}, {"/r/a"}, [("/r/a", "/l/a")]),
        # The link itself lies in a folder that is shown, and so is there already.
        (["/d", "/d/l"], {"/d/l": "/r"}, {"/d", "/r"}, []),
        (["/l/a", "/l/a"], {"/l/a": "/r/a"}, {"/r/a"}, [("/r/a", "/l/a")]),
    ],
)
def test_paths_through_links(paths, real, shown, links):
    assert appearing(paths, {path: real.get(path, path) for path in paths}) == (shown, links)
