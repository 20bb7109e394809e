"""Machines of their own as far as the kernel makes them: networks, processes and folders.

All of it is nameless and held by processes, so nothing is left when those end; they end when we
do, whatever becomes of us, since each reads from a pipe of ours. Root needs no more; others get a
user namespace in which they are root.
"""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path

NETWORK = "10.77.0"
PORT = 8600
_PATIENCE = 60.0

# What a machine's first process does: show that it is ready, and reap what is left to it.
_FIRST = "ip link set lo up && {more} echo ready && trap '' CHLD && exec cat"


def why_not():
    """Why there can be no such machines here, in the words of the tools; empty where there can."""
    try:
        inside = "ip link add one type veth peer name two && ip link add lan type bridge"
        argv = (*_own(), "--net", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", inside)
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else ""


def _own():
    return ("unshare",) if os.geteuid() == 0 else ("unshare", "--user", "--map-root-user")


class Process:
    """A command on a host; what it prints is in ``log``. ``pid`` is its number out here."""

    def __init__(self, argv, env, log) -> None:
        self.log = log
        with log.open("ab") as out:
            self._entering = subprocess.Popen(
                argv, env=env, cwd="/", stdin=subprocess.DEVNULL, stdout=out, stderr=out
            )
        while not (below := children(self._entering.pid)):
            assert self._entering.poll() is None, self.said
            time.sleep(0.01)
        self.pid = below[0]

    @property
    def said(self):
        return self.log.read_text("utf-8", "replace")

    def wait(self):
        """Its exit code, once it has ended."""
        return self._entering.wait(_PATIENCE)

    @property
    def runs(self):
        return self._entering.poll() is None

    def end(self, number):
        """Send a signal, wait for the end."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)
        return self.wait()


class Network:
    """A bridge in a network of its own, and the hosts that are joined by it.

    ``folders`` below ``root`` have the names of those hosts that see them: others find them empty.
    ``names`` gives what a host called so has in /etc/hosts.
    """

    def __init__(self, root: Path, hosts, folders, names) -> None:
        self.root = root
        self._folders = {name: (name,) for name in hosts} | folders
        self._first = _held((*_own(), "--net", "--mount"), "")
        self._inside("ip link add lan type bridge && ip link set lan up")
        self.hosts = {}
        for folder in self._folders:
            (root / folder).mkdir()
        for number, name in enumerate(hosts, 2):
            (root / f"{name}.names").write_text(names(name))
            self.hosts[name] = self._join(name, number)

    def _join(self, name, number):
        hidden = (self.root / folder for folder, who in self._folders.items() if name not in who)
        mounts = "".join(f"mount -t tmpfs hidden {folder} && " for folder in hidden)
        mounts += f"mount --bind {self.root}/{name}.names /etc/hosts && "
        own = ("unshare", "--net", "--uts", "--mount", "--pid", "--fork", "--kill-child")
        naming = f"echo {name} > /proc/sys/kernel/hostname && "
        holder = _held((*self._enter(), *own, "--mount-proc"), mounts + naming)
        first = children(holder.pid)[0]
        self._inside(
            f"ip link add {name} type veth peer name eth0 netns {first}"
            f" && ip link set {name} master lan up"
        )
        host = Host(self, name, f"{NETWORK}.{number}", holder, first)
        host.run("ip", "addr", "add", f"{host.address}/24", "dev", "eth0")
        host.run("ip", "link", "set", "eth0", "up")
        return host

    def cable(self, name, state):
        """Pull a host's cable (``down``), or put it in again (``up``)."""
        self._inside(f"ip link set {name} {state}")

    def close(self):
        for holder in (*(host.holder for host in self.hosts.values()), self._first):
            holder.stdin.close()
            holder.wait(_PATIENCE)
            holder.stdout.close()

    def _enter(self):
        return (*entering(self._first.pid), "--net", "--mount")

    def _inside(self, words):
        subprocess.run((*self._enter(), "sh", "-c", words), check=True, cwd="/")


class Host:
    """One machine; ``folder`` is what it has of ours."""

    def __init__(self, network, name, address, holder, first) -> None:
        self.name, self.address, self.holder = name, address, holder
        self.folder = network.root / name
        self._first = first

    def run(self, *argv, env=None, text=None):
        """Run a command to its end; its standard output."""
        done = self.try_to_run(*argv, env=env, text=text)
        assert done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def try_to_run(self, *argv, env=None, text=None):
        """Run a command to its end, however that is."""
        words = (*self._enter(), *map(str, argv))
        pipe = subprocess.PIPE
        given = text or ""
        return subprocess.run(
            words, env=env, cwd="/", input=given, stdout=pipe, stderr=pipe, text=True, check=False
        )

    def start(self, *argv, env, log):
        """Start a command that stays."""
        return Process((*self._enter(), *map(str, argv)), env, self.folder / log)

    def processes(self):
        """Names of all that runs here, by number, but for what keeps the host itself."""
        found, ask = {}, [self._first]
        while ask:
            for pid in children(ask.pop()):
                ask.append(pid)
                with suppress(OSError):
                    found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
        return found

    def _enter(self):
        return (*entering(self._first), "--net", "--uts", "--mount", "--pid")


def entering(pid):
    """What goes before a command to have it run where ``pid`` does."""
    user = () if os.geteuid() == 0 else ("--user", "--preserve-credentials")
    return ("nsenter", "--target", str(pid), *user)


def children(parent):
    """Numbers of the living processes that ``parent`` started, or inherited."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError, IndexError):
            state, owner = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(owner) == parent and state != "Z":
                found.append(int(entry.name))
    return found


def _held(argv, more):
    script = ("sh", "-c", _FIRST.format(more=more))
    pipe = subprocess.PIPE
    holder = subprocess.Popen((*argv, *script), stdin=pipe, stdout=pipe, text=True, cwd="/")
    assert holder.stdout.readline() == "ready\n"
    return holder
