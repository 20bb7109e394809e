"""Signing in to a host: through whom, with which key, and that it is the host we know.

Known hosts are strict, whatever SSH's settings say: a host must be known by the key it shows. One
that vanishes is noticed within ten seconds.
"""

import asyncio
import contextlib
import logging

from fairlead.deploy import keys, refusals
from fairlead.deploy.loading import asyncssh
from fairlead.errors import HostError, HostRefused
from fairlead.model.environment import Host
from fairlead.settings import Settings

_PATIENCE = 15.0
"""Seconds until a connection is there, signed in."""


async def sign_in(host: Host, settings: Settings) -> tuple[asyncssh.SSHClientConnection, str]:
    """A connection, and who signed in. Raises ``HostError`` as ``deploy.ssh.connect`` does."""
    logging.getLogger("asyncssh").addHandler(logging.NullHandler())
    way = keys.way_to(host, settings)
    through = await _through(way, settings)
    check = _Check(way, through)
    try:
        async with asyncio.timeout(_PATIENCE):
            connection, _ = await asyncssh.create_connection(
                lambda: check, host.address, options=way.options, known_hosts=check.match,
                tunnel=through,
            )  # fmt: skip
    except BaseException as error:
        problem = await _why_not(host, check, error)
        if through is not None:
            through.abort()
        if problem is error:
            raise
        raise problem from error
    connection.set_tunnel(through)
    return connection, way.login


async def shown_key(host: Host, settings: Settings) -> asyncssh.SSHKey:
    """The key a host shows, believed by nobody yet; raises ``HostUnreachable``."""
    way = keys.way_to(host, settings)
    through = await _through(way, settings)
    try:
        key = await _shown(host, way, through)
    except (OSError, asyncssh.Error, ValueError) as error:
        raise refusals.unreachable(host, error, _PATIENCE) from error
    finally:
        if through is not None:
            through.abort()
    if key is None:
        raise HostError(f"{host} shows no key")
    return key


async def _through(way: keys.Way, settings: Settings) -> asyncssh.SSHClientConnection | None:
    """A connection to the last of the hosts that have to be jumped over, as strict as any."""
    if way.jump is None:
        return None
    connection, _ = await sign_in(way.jump, settings)
    return connection


async def _shown(
    host: Host, way: keys.Way, through: asyncssh.SSHClientConnection | None
) -> asyncssh.SSHKey | None:
    async with asyncio.timeout(_PATIENCE):
        return await asyncssh.get_server_host_key(host.address, options=way.options, tunnel=through)


class _Check(asyncssh.SSHClient):
    """Keeps what is known of a host and what it shows, to say afterwards what did not fit."""

    def __init__(self, way: keys.Way, through: asyncssh.SSHClientConnection | None) -> None:
        self.way = way
        self.through = through
        self.known: keys.KnownKeys = ((), (), (), (), (), (), ())
        self.shown: asyncssh.SSHKey | None = None

    def match(self, host: str, address: str, port: int | None) -> keys.KnownKeys:
        """The keys under which the host is known."""
        self.known = keys.known_keys(self.way, host, address, port)
        return self.known

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        """Never: a key that is not among those that are known."""
        del host, addr, port
        self.shown = key
        return False

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        """Never: an authority that is not among those that are known."""
        return self.validate_host_public_key(host, addr, port, key)

    def problem(self, host: Host) -> HostError:
        """Why the key was not believed."""
        if self.shown is None:
            return HostRefused(f"{host} shows a key that was revoked, or a bad certificate")
        if self.shown in self.known[2]:
            return refusals.key_revoked(host, self.shown)
        if self.known[0] or self.known[1]:
            return refusals.key_changed(host, self.shown, self.way)
        return refusals.key_unknown(host, self.shown)


async def _why_not(host: Host, check: _Check, error: BaseException) -> BaseException:
    """The error for what kept us from signing in; what is no such thing stays what it is."""
    if isinstance(error, asyncssh.HostKeyNotVerifiable):
        return check.problem(host)
    if isinstance(error, asyncssh.PermissionDenied):
        return refusals.refused(host, check.way)
    if isinstance(error, HostError) or not isinstance(error, (OSError, asyncssh.Error, ValueError)):
        return error
    if check.known[0] and not isinstance(error, TimeoutError):
        # One that has no key any more of the kinds it is known by hangs up without a word.
        with contextlib.suppress(OSError, asyncssh.Error):
            check.shown = await _shown(host, check.way, check.through)
        if check.shown is not None and check.shown not in check.known[0]:
            return check.problem(host)
    return refusals.unreachable(host, error, _PATIENCE)
