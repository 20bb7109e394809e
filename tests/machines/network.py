"""Machines and what joins them: a network that is nobody else's, and is gone when we are.

Nothing here has a name outside: namespaces are held by processes that end when our end of a pipe
closes, whatever becomes of us. So any number of test sessions have the same addresses at once.
"""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from machines import debian

SUBNET = "10.78.0"
DESK = f"{SUBNET}.2"  # whoever deploys: this machine's files, the network's addresses
_HERE = Path(__file__).parent
_CLONE_NEWNET = 0x40000000  # sched.h
_PATIENCE = 60.0

_FIRST = (
    "mount --make-rprivate / && mount -t tmpfs -o mode=755 tmpfs {stage} && mkdir {stage}/groups"
    " && mount -t cgroup2 cgroup2 {stage}/groups && ip link set lo up"
    " && ip link add lan type bridge && ip link set lan up && ip addr add {desk}/24 dev lan"
    " && echo ready && cat"
)


def why_not():
    """Why there can be no machines here; empty where there can."""
    if os.geteuid():
        return "only root may make machines"
    trial = f"/mnt/c/trial-{os.getpid()}"
    inside = (
        "mount -t tmpfs tmpfs /mnt && mkdir /mnt/u /mnt/w /mnt/r /mnt/c"
        " && mount -t overlay overlay -o lowerdir=/usr,upperdir=/mnt/u,workdir=/mnt/w /mnt/r"
        f" && mount -t cgroup2 cgroup2 /mnt/c && mkdir {trial} && rmdir {trial}"
        " && ip link add one type veth peer name two && ip link add lan type bridge"
    )
    argv = ("unshare", "--net", "--mount", "--uts", "--pid", "--fork", "sh", "-c", inside)
    try:
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        return str(error)
    return done.stderr.strip() if done.returncode else debian.why_not()


class Network:
    """A bridge, the machines on it by name, and the desk that they are deployed from.

    ``folder`` is ours to write logs to; machines have all of theirs in memory, ``size`` bytes each
    at most.
    """

    def __init__(self, folder: Path, systems: debian.Systems) -> None:
        self.folder, self.systems = folder, systems
        self.machines = {}
        self._stage = Path(tempfile.mkdtemp(prefix="fairlead-machines-"))
        argv = ("unshare", "--net", "--mount")
        self._first = _held(argv, _FIRST.format(stage=self._stage, desk=DESK))

    def machine(self, name, number, *, kind="plain", system=(), size="1g"):
        """Start a machine at ``SUBNET.number``, and wait until one can sign in.

        ``kind`` is ``systemd`` or ``plain`` (System V's way of starting what is installed);
        ``system`` are folders that lie above the bare system, as ``Machine.keep`` makes them.
        """
        machine = Machine(self, name, number, kind, (*system, *self.systems.bare()), size)
        self.machines[name] = machine
        machine.start()
        machine.wait()
        return machine

    @contextmanager
    def inside(self):
        """Have the sockets that this thread makes be on the desk of this network."""
        setns = ctypes.CDLL(None, use_errno=True).setns
        with open("/proc/thread-self/ns/net") as home, open(f"/proc/{self.pid}/ns/net") as there:
            for file in (there, home):
                if setns(file.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
                if file is there:
                    try:
                        yield
                    except BaseException:
                        setns(home.fileno(), _CLONE_NEWNET)
                        raise

    def answers(self, address, port, words=b""):
        """Wait until somebody listens there, and begins with these words."""
        end = time.monotonic() + _PATIENCE
        with self.inside():
            while True:
                with suppress(OSError), socket.create_connection((address, port), 1) as line:
                    if line.recv(len(words)) == words:
                        return
                assert time.monotonic() < end, f"nobody answers at {address}:{port}"
                time.sleep(0.02)

    def argv(self, *words):
        """A command as it is run on the desk: in this network, with this machine's files."""
        return ("nsenter", "--target", str(self.pid), "--net", *map(str, words))

    def cable(self, name, state):
        """Pull a machine's cable (``down``), or put it in again (``up``)."""
        self.sh(f"ip link set to-{name} {state}")

    def sh(self, words):
        """Run shell words where the bridge is."""
        argv = ("nsenter", "--target", str(self.pid), "--net", "--mount", "sh", "-euc", words)
        subprocess.run(argv, check=True, cwd="/")

    @property
    def pid(self):
        return self._first.pid

    @property
    def stage(self):
        """What machines have in memory, as it is seen from here and from where they are made."""
        return Path(f"/proc/{self.pid}/root{self._stage}"), self._stage

    def close(self):
        """End everything; nothing is left."""
        for machine in self.machines.values():
            machine.kill()
        _release(self._first)
        shutil.rmtree(self._stage)


class Machine:
    """A computer as far as the kernel makes one: ``address`` is where it is reached."""

    def __init__(self, network, name, number, kind, system, size) -> None:
        self.network, self.name, self.kind = network, name, kind
        self.address = f"{SUBNET}.{number}"
        self._card = f"02:00:00:00:00:{number:02x}"  # the same after a reboot: neighbours remember
        self.log = network.folder / f"{name}.log"
        self._system = system
        self._holder = None
        outside, self._stage = (stage / name for stage in network.stage)
        self._outside = outside
        network.sh(
            f"mkdir {self._stage} && mount -t tmpfs -o size={size},mode=755 tmpfs {self._stage}"
            f" && cd {self._stage} && mkdir upper work root"
        )
        self._prepare()

    def start(self):
        """Switch it on."""
        lower = ":".join(map(str, self._system))
        group = (
            self.network.stage[1]
            / "groups"
            / f"fairlead-{os.getpid()}-{self.network.pid}-{self.name}"
        )
        boot = ("sh", _HERE / "boot.sh", self._stage, lower, self.network.systems.debs)
        words = (_HERE / "holder.sh", group, *boot, self.name, self.kind)
        argv = ("nsenter", "--target", str(self.network.pid), "--net", "--mount", "sh", *words)
        with self.log.open("ab") as out:
            self._holder = subprocess.Popen(
                [*map(str, argv)], stdin=subprocess.PIPE, stdout=out, stderr=out, cwd="/",
                start_new_session=True,  # what ends our group must not end it before its machine
            )  # fmt: skip
        self.network.sh(
            f"ip link add to-{self.name} type veth"
            f" peer name eth0 address {self._card} netns {self._named('net')}"
            f" && ip link set to-{self.name} master lan up"
        )
        wire = f"ip addr add {self.address}/24 dev eth0 && ip link set eth0 up"
        into = ("nsenter", "--target", str(self.pid), "--net", "sh", "-c", wire)
        subprocess.run(into, check=True, cwd="/")

    def wait(self):
        """Until one can sign in."""
        self.network.answers(self.address, 22, b"SSH-")

    def kill(self):
        """Pull the plug: all its processes are gone at once; what it wrote stays."""
        if self._holder:
            first = [Path(f"/proc/{self.pid}")] if self._holder.poll() is None else []
            _release(self._holder)
            self._holder = None
            while any(path.exists() for path in first):
                time.sleep(0.005)

    def run_again(self):
        """Start, and wait until one can sign in."""
        self.start()
        self.wait()

    def reboot(self):
        """Pull the plug and start again."""
        self.kill()
        self.run_again()

    def run(self, script, *, user="root", text="", check=True):
        """Run a shell script as one who sits at the machine; what it wrote, errors included."""
        argv = ("runuser", "-u", user, "--", "sh", "-euc", script)
        env = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8", "HOME": "/root"}
        done = subprocess.run(
            (*self._enter(), *argv), env=env, cwd="/", input=text, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, check=False, errors="replace",
        )  # fmt: skip
        assert not check or done.returncode == 0, f"{self.name}: {script}: {done.stdout}"
        return done.stdout

    def path(self, name):
        """A file of the running machine as a path of ours (absolute links lead astray)."""
        return Path(f"/proc/{self.pid}/root/{str(name).lstrip('/')}")

    def processes(self):
        """Words of all that runs there, by its number out here."""
        found, ask = {}, [self.pid]
        while ask:
            for pid in _children(ask.pop()):
                ask.append(pid)
                with suppress(OSError):
                    words = Path(f"/proc/{pid}/cmdline").read_bytes()
                    found[pid] = words.replace(b"\0", b" ").decode("utf-8", "replace").strip()
        return found

    def end(self, part, number=signal.SIGKILL):
        """Send a signal to each process with ``part`` among its words; how many there were."""
        chosen = [pid for pid, words in self.processes().items() if part in words]
        for pid in chosen:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        return len(chosen)

    def fill(self, leave=0):
        """Fill its disk but for ``leave`` bytes; ``run("rm /full")`` makes room again."""
        free = self.run("df --output=avail -B1 / | tail -n 1")
        self.run(f"fallocate -l {int(free) - leave} /full")

    def keep(self, place):
        """Switch it off and keep its disk in a folder; what ``Network.machine`` takes."""
        self.kill()
        subprocess.run(("cp", "-a", self._outside / "upper", place), check=True)
        return (place, *self._system[:-1])

    @property
    def pid(self):
        """The number out here of its first process."""
        return self._named("pid")

    def _named(self, kind):
        """The first process below the holder that is in a namespace of its own."""
        home, end = os.readlink(f"/proc/{self.network.pid}/ns/{kind}"), time.monotonic() + _PATIENCE
        while time.monotonic() < end and self._holder.poll() is None:
            ask = [self._holder.pid]
            while ask:
                pid = ask.pop()
                with suppress(OSError):
                    if os.readlink(f"/proc/{pid}/ns/{kind}") != home and _inner(pid):
                        return pid
                ask += _children(pid)
            time.sleep(0.01)
        raise AssertionError(f"{self.name} does not start: {self.log.read_text()}")

    def _enter(self):
        spaces = ("--net", "--uts", "--ipc", "--mount", "--pid", "--cgroup", "--root")
        return ("nsenter", "--target", str(self.pid), *spaces)

    def _prepare(self):
        """What is this machine's own: its keys, and who may sign in."""
        upper = self._outside / "upper"
        keys = self.network.systems.key(self.name).parent
        script = (
            f"mkdir -p {upper}/etc/ssh {upper}/home/deploy/.ssh {upper}/root/.ssh"
            f" && cp {keys}/id_ed25519 {upper}/etc/ssh/ssh_host_ed25519_key"
            f" && cp {keys}/id_ed25519.pub {upper}/etc/ssh/ssh_host_ed25519_key.pub"
            f" && cp {_HERE}/first.sh {upper}/etc/first"
        )
        person = self.network.systems.key("person").parent
        for home in ("home/deploy", "root"):
            script += f" && cp {person}/id_ed25519.pub {upper}/{home}/.ssh/authorized_keys"
        bare = self._system[-1]
        script += f" && chown -R --reference={bare}/home/deploy {upper}/home/deploy"
        script += f" && chmod 700 {upper}/home/deploy/.ssh {upper}/root/.ssh {upper}/root"
        subprocess.run(("sh", "-euc", script), check=True)

    @property
    def key(self):
        """Its public host key, as ``known_hosts`` has it."""
        public = self.network.systems.key(self.name).with_suffix(".pub")
        return " ".join(public.read_text().split()[:2])


def _inner(pid):
    """Whether it is the process that others in its process namespace know as 1."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("NSpid:"):
            return line.split()[-1] == "1" and len(line.split()) > 2
    return False


def _children(parent):
    """Numbers of the living processes that ``parent`` started, or inherited."""
    try:
        told = Path(f"/proc/{parent}/task/{parent}/children").read_text()
        return [int(word) for word in told.split()]
    except OSError:
        return []


def _held(argv, script):
    pipe = subprocess.PIPE
    holder = subprocess.Popen((*argv, "sh", "-c", script), stdin=pipe, stdout=pipe, cwd="/")
    assert holder.stdout.readline() == b"ready\n"
    return holder


def _release(holder):
    holder.stdin.close()
    holder.wait(_PATIENCE)
    if holder.stdout:
        holder.stdout.close()
