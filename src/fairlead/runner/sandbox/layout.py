"""What a bubblewrap box looks like inside: from values to the arguments of ``bwrap``. Pure.

The system's programs and a few files of ``/etc`` are there read-only; the workspace, a home and a
``/tmp`` of its own are there to write; nothing else of the machine is.
"""

from collections.abc import Iterable, Mapping

import msgspec

HOME = "/home/ci"
TMP = "/tmp"  # noqa: S108 — the box's own
HOST = "/.host"
USER = 1000
HOSTNAME = "fairlead"
PASSWD = (
    f"root:x:0:0:root:/root:/bin/sh\nci:x:{USER}:{USER}:ci:{HOME}:/bin/bash\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
)
GROUP = f"root:x:0:\nci:x:{USER}:\nnogroup:x:65534:\n"

# The parts of /etc that programs need and that say nothing of the machine's people. Folders among
# them are mounted, which takes about half a millisecond each: so few of them.
ETC = (
    "ImageMagick-6", "alternatives", "bash.bashrc", "ca-certificates.conf", "crypto-policies",
    "debian_version", "fonts", "gai.conf", "gitconfig", "host.conf", "inputrc", "java-11-openjdk",
    "java-17-openjdk", "java-21-openjdk", "ld.so.cache", "ld.so.conf", "locale.alias",
    "locale.conf", "localtime", "lsb-release", "magic", "magic.mime", "mailcap", "mime.types",
    "networks", "nsswitch.conf", "os-release", "pip.conf", "pki", "postgresql-common", "profile",
    "protocols", "redhat-release", "rpc", "services", "shells", "ssl", "timezone", "uv",
)  # fmt: skip
TREES = ("usr", "opt", "nix", "gnu")
MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_READ_ONLY_ALREADY = ("/usr", "/opt", "/nix", "/gnu")

Pair = tuple[str, str]


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """What of a machine's layout matters: names below ``/`` and ``/etc``, links and real folders.

    ``links`` pairs a top-level name with where it leads (``bin``, ``usr/bin``). ``etc`` are the
    folders, ``etc_files`` the files of ``ETC`` that are there.
    """

    bwrap: str
    links: tuple[Pair, ...] = ()
    folders: tuple[str, ...] = ("usr",)
    etc: tuple[str, ...] = ()
    etc_files: tuple[str, ...] = ()
    resolver: str = ""
    """The file behind ``/etc/resolv.conf``, if there is one."""


class Shown(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """A path of the host that appears as ``dest``."""

    dest: str
    source: str
    writable: bool = False


class Blank(msgspec.Struct, frozen=True, kw_only=True):
    """A box before anybody's files are in it: ``tmp_size`` in bytes, text of own ``files``."""

    files: tuple[Pair, ...] = ()
    tmp_size: int = 1 << 30
    isolated_network: bool = False


def holder_arguments(machine: Machine, blank: Blank) -> tuple[str, ...]:
    """The command line of the ``bwrap`` that holds a box open until its standard input closes.

    The host's files are below ``HOST`` until what the box shows has been fetched from there.
    """
    return (
        machine.bwrap,
        *_namespaces(blank),
        *_system(machine, blank),
        *_own(blank),
        "--bind", "/", HOST,
        "--chdir", "/",
        "--", "/bin/sh", "-c", "echo ready; read line",
    )  # fmt: skip


def copied(machine: Machine) -> list[Pair]:
    """Files (source, place in the box) to copy into a box, where they cannot be changed.

    A mount for each would take more time than all else that ``bwrap`` does.
    """
    return [(f"/etc/{name}", f"/etc/{name}") for name in machine.etc_files]


def _namespaces(layout: Blank) -> tuple[str, ...]:
    # User namespaces stay allowed inside: browsers and nested builds make their own.
    arguments = (
        "--unshare-user", "--uid", str(USER), "--gid", str(USER), "--unshare-pid", "--unshare-ipc",
        "--unshare-uts", "--hostname", HOSTNAME, "--unshare-cgroup-try", "--die-with-parent",
        "--new-session", "--clearenv", "--setenv", "PATH", "/usr/bin:/bin",
    )  # fmt: skip
    return (*arguments, "--unshare-net") if layout.isolated_network else arguments


def _system(machine: Machine, layout: Blank) -> list[str]:
    arguments: list[str] = []
    for name in machine.folders:
        arguments += ["--ro-bind", f"/{name}", f"/{name}"]
    for name, target in machine.links:
        arguments += ["--symlink", target, f"/{name}"]
    for name in machine.etc:
        arguments += ["--ro-bind", f"/etc/{name}", f"/etc/{name}"]
    if machine.resolver and not layout.isolated_network:
        arguments += ["--ro-bind", machine.resolver, "/etc/resolv.conf"]
    return arguments


def _own(layout: Blank) -> list[str]:
    size = str(layout.tmp_size)
    return [
        "--proc", "/proc", "--dev", "/dev",
        "--size", size, "--perms", "1777", "--tmpfs", "/dev/shm",  # noqa: S108
        "--size", size, "--perms", "1777", "--tmpfs", TMP,
        "--size", size, "--perms", "0755", "--tmpfs", "/run",
        "--symlink", "/run", "/var/run", "--symlink", TMP, "/var/tmp",  # noqa: S108
    ]  # fmt: skip


def mounts(machine: Machine, shown: tuple[Shown, ...]) -> list[tuple[str, str, bool]]:
    """What to mount in a box, each as source, place, and whether it may be written to.

    Outer folders come first, so that those within them are laid over.
    """
    found: list[tuple[str, str, bool]] = []
    places = {_real(machine, item.dest): item for item in sorted(shown, key=_writable_last)}
    for dest in sorted(places, key=lambda dest: (dest.count("/"), dest)):
        item = places[dest]
        if item.writable or not _below_any(dest, _READ_ONLY_ALREADY):
            found.append((item.source, dest, item.writable))
    return found


def _writable_last(item: Shown) -> bool:
    return item.writable


def _real(machine: Machine, dest: str) -> str:
    """``dest`` without a link at its top: ``/lib/x`` is ``/usr/lib/x`` where ``lib`` is a link."""
    top, _, rest = dest.lstrip("/").partition("/")
    target = dict(machine.links).get(top)
    return f"/{target.lstrip('/')}/{rest}".rstrip("/") if target else dest


def _below_any(path: str, folders: Iterable[str]) -> bool:
    """Whether ``path`` is one of ``folders`` or lies in one."""
    return any(path == folder or path.startswith(f"{folder.rstrip('/')}/") for folder in folders)


def appearing(paths: Iterable[str], real: Mapping[str, str]) -> tuple[set[str], list[Pair]]:
    """How paths of the host appear at their own places: folders to show, and links to them.

    ``real`` is each path without links in it. A path that leads through links appears as a link
    to its real place, unless a folder that is shown holds it anyway.
    """
    paths = tuple(paths)
    shown = {real[path] for path in paths}
    links = {(real[path], path) for path in paths if path != real[path]}
    return shown, sorted(link for link in links if not _below_any(link[1], shown))
