"""``provider: heroku``: the release's files are built and released by the platform.

Options: ``app`` is the app, ``method`` is ``build`` (the build API) or ``git`` (a push), ``api``
and ``git`` are addresses of other platforms that speak the same, ``timeout`` is the longest a build
and its release phase may take. The token is the secret or variable ``HEROKU_API_KEY``.

Variables and secrets become config vars where they differ, which restarts the app. A build or a
release phase that fails leaves the former release live, so that is a refusal; the variables are
put back. A release that is not well afterwards is gone back over.
"""

import asyncio
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from typing import Any

from fairlead.deploy.base import Tell
from fairlead.deploy.order import DeployOrder, Order
from fairlead.deploy.providers import TOKEN
from fairlead.deploy.providers.asking import ask_until_well
from fairlead.deploy.providers.platform import BASE, Platform
from fairlead.deploy.providers.pushing import push
from fairlead.deploy.providers.sources import archive
from fairlead.deploy.telling import Teller
from fairlead.errors import DeploymentRefused, HostFailed, HostRefused
from fairlead.model.deployment import DeployPhase
from fairlead.model.environment import Health
from fairlead.pipeline.durations import parse_duration

_TIMEOUT = 1800.0
_PAUSE = 1.0
_VERSION = 12
PENDING = "pending"
SUCCEEDED = "succeeded"


class Heroku:
    """One order to one app."""

    def __init__(self, order: Order, *, pause: float = _PAUSE) -> None:
        options = dict(order.environment.options)
        known = dict(os.environ) | dict(order.environment.env) | dict(order.secrets)
        token = known.get(TOKEN, "")
        self.name = options["app"]
        self.begun = self.changed = False
        self.secrets = (token,) if token else ()
        self._order = order
        self._token = token
        self._git = options.get("git") or f"https://git.heroku.com/{self.name}.git"
        self._by_git = options.get("method") == "git"
        self._timeout = parse_duration(options.get("timeout", "")) or _TIMEOUT
        self._pause = pause
        self._platform = Platform(self.name, token, options.get("api") or BASE)
        self._before: dict[str, Any] = {}
        self._undo: dict[str, str | None] = {}
        self._build: dict[str, Any] = {}
        self._url = ""
        self._target: dict[str, Any] = {}
        self._address = ""
        self._checksum = ""

    async def look(self) -> str:
        """The version of the release that is current."""
        if not self._token:
            raise HostRefused(
                f"there is no token for {self.name}", hint=f"store it: fairlead secrets set {TOKEN}"
            )
        self._url = str((await self._platform.about()).get("web_url") or "")
        self._before = await self._current()
        return (await self._platform.commit_of(self._before))[:_VERSION]

    async def prepare(self, teller: Teller) -> None:
        """Upload the files, or find the release to go back to."""
        if not isinstance(self._order, DeployOrder):
            self._target = await self._release_before()
            return
        if self._by_git:
            return
        with teller.phase(DeployPhase.UPLOAD, self.name) as told:
            with tempfile.TemporaryFile() as file:
                release = self._order.release
                line = f"export RELEASE_VERSION={release.manifest.version}\n".encode()
                archive(Path(release.file), file, ((".profile", line),))
                size = file.tell()
                file.seek(0)
                self._checksum = sha256(file.read()).hexdigest()
                file.seek(0)
                self._address = await self._platform.upload(file, size)
            told.note = f"{size / 1e6:.1f} MB"

    async def switch(self, teller: Teller) -> None:
        """Set what variables differ, then have it built and released."""
        if not isinstance(self._order, DeployOrder):
            with teller.phase(DeployPhase.SWITCH, self.name) as told:
                self.begun = self.changed = True
                made = await self._platform.go_back_to(str(self._target["id"]))
                await self._released(made, told.say)
                told.note = f"v{made.get('version')}, as v{self._target.get('version')} was"
            return
        await self._set_variables(teller)
        with teller.phase(DeployPhase.SWITCH, self.name) as told:
            self.begun = True
            try:
                async with asyncio.timeout(self._timeout):
                    made = await (self._pushed if self._by_git else self._built)(told.say)
            except TimeoutError as error:
                raise HostFailed(f"the build took longer than {self._timeout:g} s") from error
            self.changed = True
            told.note = f"v{made.get('version')}"

    async def probe(self, teller: Teller) -> None:
        """Ask the domain, or the platform's own address of the app."""
        environment = self._order.environment
        if environment.domains:
            scheme = "https" if environment.tls else "http"
            self._url = f"{scheme}://{environment.domains[0]}"
        if not self._url or (environment.health == Health() and not environment.domains):
            return  # nobody said what a good answer is
        release = self._order.release
        version = release.manifest.version if release and not self._by_git else ""
        with teller.phase(DeployPhase.PROBE, self.name) as told:
            await ask_until_well(self._url, environment.health, version, told)

    async def back(self, teller: Teller) -> None:
        """Make the former release current again, with its variables.

        A build cannot be called off: one that still runs is waited for, lest it goes live later.
        """
        if self._build.get("status") == PENDING:
            teller.notice("waiting for a build that cannot be called off")
            async with asyncio.timeout(self._timeout):
                await self._ended(self._build)
        current = await self._current()
        was = (self._before.get("slug") or {}).get("id")
        if (current.get("slug") or {}).get("id") != was:
            if not was:
                raise HostFailed(f"{self.name} had no release before that could be gone back to")
            self.changed = True
            made = await self._platform.go_back_to(str(self._before["id"]))
            await self._released(made, teller.notice)
        await self._put_variables_back()

    async def close(self) -> None:
        """Let go of the platform."""
        await self._platform.close()

    async def _current(self) -> dict[str, Any]:
        releases = await self._platform.releases()
        return next((one for one in releases if one.get("current")), {})

    async def _release_before(self) -> dict[str, Any]:
        """The release that is asked for: of that version, else the one before another slug."""
        release, wanted = self._order.release, getattr(self._order, "to", "")
        version = release.manifest.version if release else wanted
        current = (self._before.get("slug") or {}).get("id")
        for one in await self._platform.releases():
            slug = (one.get("slug") or {}).get("id")
            if not slug or slug == current or one.get("status", SUCCEEDED) != SUCCEEDED:
                continue
            if not version or (await self._platform.commit_of(one)).startswith(version):
                return one
        what = f"no release of {version}" if version else "no release before this one"
        raise DeploymentRefused(f"{self.name} has {what} to go back to")

    async def _set_variables(self, teller: Teller) -> None:
        environment = self._order.environment
        wanted = dict(environment.env) | dict(self._order.secrets)
        wanted.pop(TOKEN, None)
        if not wanted:
            return
        known = await self._platform.variables()
        changes: dict[str, str | None] = {k: v for k, v in wanted.items() if known.get(k) != v}
        if changes:
            self.begun = True
            self._undo = {name: known.get(name) for name in changes}
            await self._platform.set_variables(changes)
            teller.notice(f"config vars changed: {', '.join(sorted(changes))}")

    async def _put_variables_back(self) -> None:
        if self._undo:
            known = await self._platform.variables()
            undo = {name: value for name, value in self._undo.items() if known.get(name) != value}
            if undo:  # going back to a release brings its variables back too
                await self._platform.set_variables(undo)

    async def _built(self, say: Tell) -> dict[str, Any]:
        release = self._order.release
        assert release is not None  # noqa: S101 — a deployment has one
        build = await self._platform.build(self._address, release.manifest.commit, self._checksum)
        self._build = {"status": PENDING} | build
        await self._follow(build.get("output_stream_url"), say)
        build = self._build = await self._ended(build)
        if build["status"] != SUCCEEDED:
            raise HostFailed(f"the build of {self.name} {build['status']}")
        made = build.get("release") or {}
        return await self._released(await self._platform.release(str(made["id"])), say)

    async def _ended(self, build: dict[str, Any]) -> dict[str, Any]:
        while build.get("status", PENDING) == PENDING:
            await asyncio.sleep(self._pause)
            build = await self._platform.built(str(build["id"]))
        return build

    async def _pushed(self, say: Tell) -> dict[str, Any]:
        release = self._order.release
        assert release is not None  # noqa: S101 — a deployment has one
        await push(self._git, release.manifest.commit, self._token, self._timeout, say)
        newest = (await self._platform.releases())[0]
        return await self._released(newest, say)

    async def _released(self, release: dict[str, Any], say: Tell) -> dict[str, Any]:
        """Wait for the release phase, whose failure leaves the former release live."""
        await self._follow(release.get("output_stream_url"), say)
        while release.get("status", SUCCEEDED) == PENDING:
            await asyncio.sleep(self._pause)
            release = await self._platform.release(str(release["id"]))
        if release.get("status", SUCCEEDED) != SUCCEEDED:
            raise HostFailed(f"the release phase of {self.name} {release.get('status')}")
        return release

    async def _follow(self, url: object, say: Tell) -> None:
        if isinstance(url, str) and url:
            async for line in self._platform.lines(url):
                say(line)
