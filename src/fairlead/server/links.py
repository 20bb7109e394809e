"""Addresses of pages, for whoever tells people where to look."""

from urllib.parse import quote

from fairlead.server.configuration import Configuration


def base_url(told: Configuration) -> str:
    """How people reach us, without a slash at the end."""
    return (told.url or f"http://{told.listen}").rstrip("/")


def build_path(project: str, number: int) -> str:
    """The page of a build."""
    return f"/p/{quote(project, safe='')}/{number}/"


def job_path(project: str, number: int, place: int) -> str:
    """The page of a job; ``place`` is its position in the plan, from 0."""
    return f"{build_path(project, number)}{place + 1}/"
