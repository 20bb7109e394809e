"""Addresses of pages, for whoever tells people where to look."""

from urllib.parse import quote, urlsplit, urlunsplit

from fairlead.server.configuration import Configuration

_TO_ITSELF = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 — read, not bound


def base_url(told: Configuration) -> str:
    """How people reach us, without a slash at the end.

    Where we listen at every address of this machine, its own to itself.
    """
    host, _, port = told.listen.rpartition(":")
    return (told.url or f"http://{_TO_ITSELF.get(host, host)}:{port}").rstrip("/")


def without_password(url: str) -> str:
    """A remote's address as others may see it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    if not parts.scheme or "@" not in parts.netloc:
        return url
    user, _, host = parts.netloc.rpartition("@")
    # Over ssh the name is part of the address; elsewhere it may be a token itself.
    kept = f"{user.partition(':')[0]}@{host}" if parts.scheme == "ssh" else host
    return urlunsplit(parts._replace(netloc=kept))


def build_path(project: str, number: int) -> str:
    """The page of a build."""
    return f"/p/{quote(project, safe='')}/{number}/"


def job_path(project: str, number: int, place: int) -> str:
    """The page of a job; ``place`` is its position in the plan, from 0."""
    return f"{build_path(project, number)}{place + 1}/"


def environments_path(project: str) -> str:
    """The page of a project's environments."""
    return f"/p/{quote(project, safe='')}/environments/"


def environment_path(project: str, name: str) -> str:
    """The page of an environment."""
    return f"{environments_path(project)}{quote(name, safe='')}/"


def deployment_path(project: str, number: int) -> str:
    """The page of a deployment."""
    return f"/p/{quote(project, safe='')}/deployments/{number}/"
