"""What went wrong on the way to a host, in words: which host, what it was, what to do."""

import asyncio
import errno
import socket

from fairlead.deploy.keys import Way
from fairlead.deploy.loading import asyncssh
from fairlead.errors import HostError, HostKeyChanged, HostRefused, HostUnreachable
from fairlead.model.environment import Host


def key_changed(host: Host, shown: asyncssh.SSHKey, way: Way) -> HostKeyChanged:
    """A host that is known under another key than the one it shows."""
    return HostKeyChanged(
        f"{host} shows another key than the one it is known by: {fingerprint(shown)}",
        hint=f"somebody may be in between, or the host was set up anew. Ask whoever runs it for its"
        f" fingerprint; only then remove its line from {way.known[0]} (ssh-keygen -R) and let"
        f" `fairlead hosts trust` store the new one",
    )


def key_unknown(host: Host, shown: asyncssh.SSHKey) -> HostError:
    """A host that nobody ever vouched for."""
    return HostError(
        f"{host} is not known yet; it shows the key {fingerprint(shown)}",
        hint="compare that with the host's own (ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub"
        " there), then: fairlead hosts trust ENVIRONMENT",
    )


def key_revoked(host: Host, shown: asyncssh.SSHKey) -> HostKeyChanged:
    """A host with a key that was revoked."""
    return HostKeyChanged(f"{host} shows a key that was revoked: {fingerprint(shown)}")


def fingerprint(key: asyncssh.SSHKey) -> str:
    """A key's kind and fingerprint, as ``ssh-keygen -l`` writes the second."""
    kind = key.get_algorithm().removeprefix("ssh-")
    return f"{kind} {key.get_fingerprint()}"


def unreachable(host: Host, error: Exception, seconds: float) -> HostError:
    """The error for a connection that did not come about."""
    if isinstance(error, socket.gaierror):
        return HostUnreachable(
            f"{host}: no machine of that name is known ({error.strerror})",
            hint="check the address in the pipeline file, and that this machine resolves it",
        )
    if isinstance(error, (TimeoutError, asyncio.TimeoutError)):
        return HostUnreachable(
            f"{host}: no answer within {seconds:g} s", hint="is it on, and does a firewall let us?"
        )
    if isinstance(error, ConnectionRefusedError) or _number(error) == errno.ECONNREFUSED:
        return HostUnreachable(
            f"{host}: nobody listens there", hint="is sshd running, on that port?"
        )
    if isinstance(error, OSError):
        return HostUnreachable(f"{host}: {error.strerror or error}")
    return HostUnreachable(
        f"{host}: what answers there does not speak SSH as we do ({error})",
        hint="is that the port of sshd?",
    )


def refused(host: Host, way: Way) -> HostRefused:
    """The error for a host that lets none of our keys in."""
    offered = ", ".join(key.name for key in way.keys)
    what = f"offered: {offered}" if offered else "there was no key to offer"
    tell = "".join(f"\n  {problem}" for problem in way.passed)
    return HostRefused(
        f"{host} does not let {way.login} sign in ({what}){tell}",
        hint=f"the public key has to be a line of {way.login}'s ~/.ssh/authorized_keys there; file"
        " and folder must belong to that user and be writable by nobody else",
    )


def _number(error: Exception) -> int | None:
    """The number of an error, also where several addresses of a host failed alike."""
    text = str(error)
    if isinstance(error, OSError) and error.errno is None and text.startswith("Multiple"):
        return errno.ECONNREFUSED if f"[Errno {errno.ECONNREFUSED}]" in text else None
    return getattr(error, "errno", None)
