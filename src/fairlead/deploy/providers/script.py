"""``provider: script``: commands of the project's own bring it where it goes.

Options: ``deploy`` is the command, ``rollback`` the one that goes back (without it the former
release is deployed again, where it is known), ``status`` writes the version that is live, and
``timeout`` is the longest each may take. They run in an unpacked release, with these variables
beside those of the environment: ``RELEASE_VERSION``, ``RELEASE_COMMIT``, ``RELEASE_NUMBER``,
``RELEASE_FILE``, ``RELEASE_PREVIOUS`` and ``ENVIRONMENT``. For ``rollback`` the version is the one
to go back to, empty where ``status`` did not tell it.
"""

import os
import tempfile
from pathlib import Path

from fairlead.deploy.base import Tell
from fairlead.deploy.order import DeployOrder, Order
from fairlead.deploy.providers.asking import ask_until_well
from fairlead.deploy.providers.running import own_variables, run_lines
from fairlead.deploy.providers.sources import unpack
from fairlead.deploy.telling import Teller
from fairlead.errors import DeploymentRefused, HostFailed
from fairlead.model.deployment import DeployPhase
from fairlead.pipeline.durations import parse_duration

_TIMEOUT = 900.0
_STATUS = 60.0


class Script:
    """One order, carried out by the environment's own commands."""

    def __init__(self, order: Order) -> None:
        environment = order.environment
        self._order = order
        self._options = dict(environment.options)
        self._timeout = parse_duration(self._options.get("timeout", "")) or _TIMEOUT
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._previous = ""
        self.name = environment.name
        self.begun = self.changed = False
        self.secrets: tuple[str, ...] = ()

    async def look(self) -> str:
        """What the command ``status`` writes: its last line."""
        command = self._options.get("status")
        if command:
            lines: list[str] = []
            with tempfile.TemporaryDirectory(prefix="fairlead-") as folder:
                await run_lines(
                    ("sh", "-c", command), cwd=Path(folder), env=self._variables(),
                    timeout=_STATUS, say=lines.append, what="the command `status`",
                )  # fmt: skip
            self._previous = lines[-1].strip() if lines else ""
        return self._previous

    async def prepare(self, teller: Teller) -> None:
        """Unpack the release."""
        if self._order.release is None and "rollback" not in self._options:
            raise DeploymentRefused(
                "which release to go back to is not known",
                hint="name it (--to N), or write `rollback` under `options`",
            )
        with teller.phase(DeployPhase.UPLOAD, self.name) as told:
            self._folder = tempfile.TemporaryDirectory(prefix="fairlead-")
            if self._order.release:
                unpack(Path(self._order.release.file), Path(self._folder.name))
                told.note = f"{len(self._order.release.manifest.members):,} files unpacked"

    async def switch(self, teller: Teller) -> None:
        """Run the command."""
        kind = "deploy" if isinstance(self._order, DeployOrder) else "rollback"
        name = kind if kind in self._options else "deploy"
        with teller.phase(DeployPhase.SWITCH, self.name) as told:
            self.begun = self.changed = True
            await self._run(name, told.say)

    async def probe(self, teller: Teller) -> None:
        """Ask the domain, where there is one."""
        environment, release = self._order.environment, self._order.release
        if not environment.domains:
            return
        scheme = "https" if environment.tls else "http"
        version = release.manifest.version if release else ""
        with teller.phase(DeployPhase.PROBE, self.name) as told:
            url = f"{scheme}://{environment.domains[0]}"
            await ask_until_well(url, environment.health, version, told)

    async def back(self, teller: Teller) -> None:
        """Run the command that goes back."""
        if "rollback" not in self._options:
            raise HostFailed("there is no command `rollback` under `options` to put it back with")
        await self._run("rollback", teller.notice, back=True)

    async def close(self) -> None:
        """Remove what was unpacked."""
        if self._folder:
            self._folder.cleanup()

    async def _run(self, name: str, say: Tell, *, back: bool = False) -> None:
        folder = Path(self._folder.name if self._folder else os.curdir)
        await run_lines(
            ("sh", "-c", self._options[name]), cwd=folder, env=self._variables(back=back),
            timeout=self._timeout, say=say, what=f"the command `{name}`",
        )  # fmt: skip

    def _variables(self, *, back: bool = False) -> dict[str, str]:
        """All that a command is told; ``back`` says that it is to go to the former release."""
        release, environment = self._order.release, self._order.environment
        found = own_variables(os.environ) | dict(environment.env) | dict(self._order.secrets)
        found |= {"ENVIRONMENT": environment.name, "RELEASE_PREVIOUS": self._previous}
        if back or release is None:
            found["RELEASE_VERSION"] = self._previous if back else ""
        else:
            found |= {
                "RELEASE_VERSION": release.manifest.version,
                "RELEASE_COMMIT": release.manifest.commit,
                "RELEASE_NUMBER": str(release.number),
                "RELEASE_FILE": str(Path(release.file).absolute()),
            }
        return found
