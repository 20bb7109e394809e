"""A real sshd on a free loopback port, with keys of its own; signs in whoever runs the tests."""

import getpass
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from fairlead.model.environment import Host
from fairlead.settings import Settings

PROGRAM = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")


def make_key(path: Path, kind: str = "ed25519", passphrase: str = "") -> Path:
    """A new pair of keys; the public one lies beside with .pub."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "test", "-f", str(path)]
    subprocess.run(command, check=True)
    return path


class Sshd:
    """The server and one way in to it; `client` is what would be ~/.ssh."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = folder / "client"
        self.client.mkdir(mode=0o700)
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.host_key = make_key(folder / "host")
        self.key = make_key(self.client / "id_ed25519")
        self.authorized = folder / "authorized"
        shutil.copy(self.key.with_suffix(".pub"), self.authorized)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None
        self.trust()

    def trust(self, key: Path | None = None) -> None:
        public = (key or self.host_key).with_suffix(".pub").read_text()
        (self.client / "known_hosts").write_text(f"[127.0.0.1]:{self.port} {public}")

    @property
    def host(self) -> Host:
        return Host(address="127.0.0.1", port=self.port, user=getpass.getuser())

    @property
    def settings(self) -> Settings:
        return Settings(
            home=self.folder / "cache", config=self.folder / "config", ssh=str(self.client)
        )

    def start(self, *more: str) -> None:
        lines = (
            f"Port {self.port}",
            "ListenAddress 127.0.0.1",
            f"HostKey {self.host_key}",
            "PidFile none",
            f"AuthorizedKeysFile {self.authorized}",
            "StrictModes no",
            "UsePAM no",
            "PermitRootLogin yes",
            # bash leaves the person's own start-up files alone then.
            f"SetEnv SHLVL=3 PATH={self.bin}:/usr/local/bin:/usr/bin:/bin",
            *more,
        )
        config = self.folder / "sshd_config"
        config.write_text("\n".join(lines) + "\n")
        if os.getuid() == 0:
            os.makedirs("/run/sshd", exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen([str(PROGRAM), "-D", "-e", "-f", config], stderr=log)
        self._wait()

    def _wait(self) -> None:
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
        raise AssertionError("sshd does not listen")

    def sessions(self) -> list[int]:
        """The processes that serve connections, oldest first."""
        found, waiting = [], [self.process.pid]
        while waiting:
            pid = waiting.pop()
            try:
                below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            children = [
                int(one)
                for one in below
                if Path(f"/proc/{one}/comm").read_text().startswith("sshd")
            ]
            found += children
            waiting += children
        return found

    def signal_sessions(self, number: signal.Signals) -> None:
        for pid in self.sessions():
            os.kill(pid, number)

    def stop(self) -> None:
        if self.process is None:
            return
        for pid in self.sessions():
            os.kill(pid, signal.SIGKILL)
        self.process.kill()
        self.process.wait()
        self.process = None

    @staticmethod
    def running(words: str) -> bool:
        """Whether there is a process with these words as its arguments."""
        wanted = b"".join(word.encode() + b"\0" for word in words.split())
        for folder in Path("/proc").iterdir():
            if folder.name.isdecimal():
                try:
                    found = (folder / "cmdline").read_bytes()
                except OSError:
                    continue
                if found == wanted:
                    return True
        return False

    def gone(self, words: str) -> bool:
        """Whether no such process is left, a little while from now."""
        return self.until(lambda: not self.running(words))

    @staticmethod
    def until(true) -> bool:
        """Whether something becomes true before long."""
        for _ in range(600):
            if true():
                return True
            time.sleep(0.05)
        return False
