"""Where somebody sits who deploys: a home with keys, and programs of this machine."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

FAIRLEAD = Path(sys.executable).with_name("fairlead")
_KEPT = ("PATH", "LANG", "TZ", "SSL_CERT_FILE")


class Desk:
    """Commands run with ``home`` as home, and reach the machines of a network.

    The home has an SSH key that machines know as ``deploy``'s and root's, and their host keys.
    """

    def __init__(self, network, home: Path) -> None:
        self.network, self.home = network, home
        self.env = {name: os.environ[name] for name in _KEPT if name in os.environ}
        self.env |= {"HOME": str(home), "FAIRLEAD_HOME": str(home / "fairlead"), "NO_COLOR": "1"}
        self.env["FAIRLEAD_SSH"] = str(home / ".ssh")
        key = network.systems.key("person")
        folder = home / ".ssh"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (key, key.with_suffix(".pub")):
            shutil.copy(path, folder)
        self.knows(*network.machines.values())

    def knows(self, *machines):
        """Believe the host keys that these machines have."""
        lines = "".join(f"{machine.address} {machine.key}\n" for machine in machines)
        (self.home / ".ssh/known_hosts").write_text(lines)

    def ssh(self, machine, script, user="deploy"):
        """Run a script as OpenSSH does it."""
        folder = self.home / ".ssh"  # OpenSSH asks the system for a home, not the environment
        own = (
            "-F/dev/null",
            f"-i{folder}/id_ed25519",
            f"-oUserKnownHostsFile={folder}/known_hosts",
        )
        quick = ("-oBatchMode=yes", "-oConnectTimeout=2")
        return self.run("ssh", *own, *quick, f"{user}@{machine.address}", script)

    def start(self, *argv, cwd=None, env=None, given=None, online=False):
        """Start a command that stays; its standard error is with its output, ``given`` its input.

        ``online``: in this machine's own network, where no machine is but the internet.
        """
        words = [*map(str, argv)] if online else self.network.argv(*argv)
        return subprocess.Popen(
            words, cwd=cwd or self.home, env=self.env | (env or {}), stdin=given or subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
        )  # fmt: skip

    def run(self, *argv, **more):
        """Run a command to its end, however that is: ``returncode`` and ``stdout``."""
        with self.start(*argv, **more) as process:
            told, _ = process.communicate()
        return subprocess.CompletedProcess(argv, process.returncode, told)

    def fairlead(self, *words, **more):
        """Run our program to its end, however that is."""
        return self.run(FAIRLEAD, *words, **more)
