"""The systems that machines start from: a bare Debian, and what was put on top of it.

Everything is made once and kept in a folder; whoever comes while it is made waits. A system is a
list of folders for overlayfs, uppermost first. Packages come from Debian by apt, as this machine
is set up to ask for them; machines have no network and get them from a folder.
"""

import fcntl
import hashlib
import os
import re
import shutil
import stat
import struct
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

RELEASE = "bookworm"
BARE = ("systemd-sysv", "libnss-systemd", "openssh-server", "sudo", "iproute2", "ca-certificates")
OFFERED = (
    *("nginx", "supervisor", "python3-venv", "nftables", "cron", "logrotate", "curl", "rsync"),
    *("unattended-upgrades", "chrony", "redis-server", "postgresql"),
    *("tzdata", "acl", "libpq5", "uwsgi-core", "uwsgi-plugin-python3"),
)
ELSE = ("systemd-timesyncd",)  # not together with chrony
WHERE = "/var/local/debs"  # on the machines
_WANTED = ("Packages", "main")
_VERSION = "2"  # of this recipe

_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

# Units that would wait for devices, or for a network that is none of ours.
_MASKED = (
    *("systemd-sysctl.service", "systemd-binfmt.service", "systemd-remount-fs.service"),
    *("systemd-firstboot.service", "systemd-pstore.service", "e2scrub_reap.service"),
    *("apt-daily.timer", "apt-daily-upgrade.timer", "e2scrub_all.timer", "fstrim.timer"),
    *("getty.target", "console-getty.service", "sys-kernel-debug.mount", "dev-mqueue.mount"),
    *("sys-kernel-tracing.mount", "dev-hugepages.mount", "systemd-update-utmp.service"),
)
_APT = """\
APT::Install-Recommends "false";
Acquire::Languages "none";
"""


class Systems:
    """Systems in a folder, by name. ``bare`` is Debian with SSH, sudo and systemd."""

    def __init__(self, folder: Path) -> None:
        known = "\0".join((RELEASE, _VERSION, *BARE, *OFFERED, *ELSE))
        self.folder = folder / hashlib.sha256(known.encode()).hexdigest()[:12]
        self.folder.mkdir(parents=True, exist_ok=True)
        self._users = []

    @property
    def debs(self) -> Path:
        """A repository of packages; it is at ``WHERE`` on each machine."""
        self.bare()
        return self.folder / "debs"

    def bare(self):
        """The folders of a Debian on which nothing was done yet."""
        with self._whole("bare") as new:
            if new:
                _bootstrap(new)
                _settle(new)
        with self._whole("debs") as new:
            if new:
                _download(self.folder / "bare", new)
        return (self.folder / "bare",)

    def key(self, name):
        """A private SSH key called so, with its public one beside it: a machine's or a person's."""
        return self.kept(f"key-{name}", _make_key) / "id_ed25519"

    def kept(self, name, make):
        """A folder called so; ``make(folder)`` fills it where there is none yet."""
        with self._whole(name) as new:
            if new:
                make(new)
        return self.folder / name

    def used(self, name, make):
        """As ``kept``, until our process ends; then, or when others come, it may be removed.

        Those with the same word before the ``-`` that nobody uses any more are removed now.
        """
        mine = (self.folder / f"{name}.used").open("w")
        fcntl.flock(mine, fcntl.LOCK_SH)
        self._users.append(mine)
        kept = self.kept(name, make)
        for other in self.folder.glob(f"{name.partition('-')[0]}-*.used"):
            with other.open("w") as lock, suppress(BlockingIOError):
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(other.with_suffix(""), ignore_errors=True)
        return kept

    def holds_layers(self):
        """Whether a layer of overlayfs can be kept here; not where this is an overlay itself."""
        mark = self.folder / f"whiteout-{os.getpid()}"
        try:
            os.mknod(mark, stat.S_IFCHR, os.makedev(0, 0))
        except OSError:
            return False
        mark.unlink()
        return True

    def close(self):
        """Use nothing any more."""
        while self._users:
            self._users.pop().close()

    @contextmanager
    def _whole(self, name):
        """A folder to fill that then is the one called so; None where there is one already."""
        if (self.folder / name).is_dir():
            yield None
            return
        with (self.folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if (self.folder / name).is_dir():
                yield None
                return
            new = self.folder / f"{name}.new"
            shutil.rmtree(new, ignore_errors=True)
            yield new
            new.rename(self.folder / name)


def why_not():
    """Why no systems can be made here; empty where they can."""
    absent = [name for name in ("mmdebstrap", "apt-get") if not shutil.which(name, path=_PATH)]
    if absent:
        return f"not on this machine: {' '.join(absent)}"
    return "" if _mirror() else f"apt on this machine does not know Debian {RELEASE}"


def _bootstrap(place):
    """Make it in memory, where nothing waits for a disk."""
    with tempfile.TemporaryDirectory(dir=memory(), prefix="fairlead-debian-") as folder:
        made = Path(folder) / "bare"
        options = ("--variant=minbase", f"--include={','.join(BARE)}", "--mode=root")
        quick = ("--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"')
        own = ("unshare", "--mount")  # it mounts where other tests see to it that no mount is left
        _call(*own, "mmdebstrap", "--quiet", *options, *quick, RELEASE, made, *_mirror())
        for waste in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/cache/apt"):
            shutil.rmtree(made / waste, ignore_errors=True)
        _call("cp", "-a", made, place)


def _settle(root):
    """What all machines have in common, and a fresh Debian has not."""
    for unit in _MASKED:
        (root / "etc/systemd/system" / unit).symlink_to("/dev/null")
    (root / "etc/apt/apt.conf.d/90machines").write_text(_APT)
    (root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")
    for sources in (root / "etc/apt").glob("sources.list*"):
        shutil.rmtree(sources) if sources.is_dir() else sources.unlink()
    (root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{WHERE} ./\n")
    (root / "etc/fstab").write_text("")
    (root / "etc/resolv.conf").write_text("")
    (root / WHERE.lstrip("/")).mkdir(parents=True)
    (root / "var/cache/apt/archives/partial").mkdir(parents=True, exist_ok=True)
    for key in (root / "etc/ssh").glob("ssh_host_*"):
        key.unlink()
    (root / "var/lib/runlevel").write_bytes(_runlevel())
    _call("chroot", root, "useradd", "-m", "-s", "/bin/bash", "deploy")
    sudoers = root / "etc/sudoers.d/deploy"
    sudoers.write_text("deploy ALL=(ALL) NOPASSWD: ALL\n")
    sudoers.chmod(0o440)


def _runlevel():
    """The record by which programs know that System V's runlevel is 2 (utmp(5))."""
    record = struct.pack(
        "=hxxi32s4s32s256s", 1, ord("2") + 256 * ord("N"), b"~", b"~~", b"runlevel", b""
    )
    return record.ljust(384, b"\0")


def _download(bare, place):
    """Fetch what bare machines may install, as apt resolves it for them, and index it."""
    place.mkdir()
    (place / "partial").mkdir()
    with tempfile.TemporaryDirectory(prefix="fairlead-apt-") as folder:
        options = _apart(Path(folder), bare, place)
        _call("apt-get", *options, "-q", "update")
        for names in (OFFERED, ELSE):
            _call("apt-get", *options, "-q", "--yes", "--download-only", "install", *names)
    shutil.rmtree(place / "partial")
    index = "".join(map(_entry, sorted(place.glob("*.deb")))).encode()
    (place / "Packages").write_bytes(index)
    digest = hashlib.sha256(index).hexdigest()
    (place / "Release").write_text(f"SHA256:\n {digest} {len(index)} Packages\n")


def _apart(folder, bare, archives):
    """Options that have apt look at another system than ours, and write nowhere but here."""
    for name in ("lists/partial", "cache", "parts"):
        (folder / name).mkdir(parents=True)
    sources = folder / "sources.list"
    sources.write_text("".join(f"{line}\n" for line in _mirror()))
    told = {
        "Dir::State::status": bare / "var/lib/dpkg/status",
        "Dir::State::lists": folder / "lists",
        "Dir::Cache": folder / "cache",
        "Dir::Cache::archives": archives,
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": folder / "parts",
        "Dir::Etc::preferencesparts": folder / "parts",
        "APT::Install-Recommends": "false",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    return [word for name, value in told.items() for word in ("-o", f"{name}={value}")]


def _mirror():
    """Where this machine has Debian from, as lines of a sources.list; none where it has not."""
    form = "$(CREATED_BY) $(REPO_URI) $(RELEASE) $(COMPONENT)"
    told = subprocess.run(
        ("apt-get", "indextargets", "--format", form), capture_output=True, text=True, check=False
    ).stdout
    signed = f"[signed-by={_KEYS}] " if _KEYS.exists() else ""
    found = []
    for line in told.splitlines():
        made, uri, release, component = line.split()
        ours = re.search(r"/debian(-security)?/?$", uri)
        if ours and release.partition("-")[0] == RELEASE and (made, component) == _WANTED:
            found.append(f"deb {signed}{uri} {release} main")
    return tuple(dict.fromkeys(found))


def _make_key(folder):
    folder.mkdir()
    _call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", folder / "id_ed25519")


def _entry(deb):
    """A package's paragraph in an index of packages."""
    told = _call("dpkg-deb", "-f", deb).strip()
    digest = hashlib.sha256(deb.read_bytes()).hexdigest()
    size = deb.stat().st_size
    return f"{told}\nFilename: ./{deb.name}\nSize: {size}\nSHA256: {digest}\n\n"


def code():
    """A digest of our programs and of these machines: what a provisioned machine depends on."""
    root = Path(__file__).parent.parent.parent
    digest = hashlib.sha256()
    for folder in ("src/fairlead", "tests/machines"):
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                digest.update(f"{path}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def memory():
    """A folder in memory where that has room."""
    status = os.statvfs("/dev/shm")
    fits = status.f_bavail * status.f_frsize > 1 << 30 and not status.f_flag & os.ST_NOEXEC
    return "/dev/shm" if fits and os.access("/dev/shm", os.W_OK) else tempfile.gettempdir()


def _call(*argv):
    env = {"PATH": _PATH, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive", "HOME": "/"}
    done = subprocess.run(
        [*map(str, argv)], env=env, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    told = done.stderr.decode("utf-8", "replace")
    assert done.returncode == 0, f"{argv[0]} exited with {done.returncode}: {told[-3000:]}"
    return done.stdout.decode("utf-8", "replace")
