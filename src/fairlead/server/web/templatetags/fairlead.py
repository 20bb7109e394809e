"""Status marks, icons, times: ``{% load fairlead %}``."""

import re
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from fairlead.server.links import without_password
from fairlead.server.store.models import Build
from fairlead.server.web import words

register = template.Library()


@register.simple_tag
@lru_cache(256)
def icon(name: str) -> SafeString:
    """A picture; words beside it say the same.

    Drawn where it stands: a browser makes a tree and styles of its own for each use of a sprite,
    which took a third of what the list of builds does before it is shown.
    """
    shapes = _shapes().get(name, SafeString())
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', shapes)


@cache
def _shapes() -> dict[str, SafeString]:
    """What is in each picture of the sprite, by its name."""
    path = Path(__file__).parents[1] / "templates/web/icons.html"
    found = re.findall(r'<symbol id="i-(\w+)"[^>]*>(.*?)</symbol>', path.read_text("utf-8"))
    return {name: mark_safe(shapes) for name, shapes in found}  # noqa: S308 — a file of ours


@register.simple_tag
@lru_cache(256)
def mark(state: str, word: str = "") -> SafeString:
    """A state: picture, word and colour."""
    return format_html(
        '<span class="status {0}">{1}<span>{2}</span></span>', state, icon(state), word or state
    )


_DEPLOYED = {"live": "passed", "rolled back": "back", "lost": "errored"}


@register.simple_tag
def deployed(state: str, word: str = "") -> SafeString:
    """How a deployment stands, as ``mark`` shows builds."""
    return mark(_DEPLOYED.get(state, state), word or state)


@register.filter
def tone(state: str) -> str:
    """The class of a deployment's state."""
    return _DEPLOYED.get(state, state)


@register.simple_tag
def ref(build: Build) -> str | SafeString:
    """The tag or branch of a build."""
    name = words.one_line(build.tag or build.branch)
    kind = "tag" if build.tag else "branch"
    if not name:
        return ""
    return format_html(
        '<span class="ref" title="{0} {1}">{2}<span>{1}</span></span>', kind, name, icon(kind)
    )


@register.filter
def ago(moment: datetime | None) -> str | SafeString:
    """How long ago, with the exact time behind it."""
    if moment is None:
        return ""
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(timespec="seconds"),
        words.utc(moment),
        words.ago(moment),
    )


@register.filter
def took(seconds: float | None) -> str:
    """A duration in words; nothing where there is none."""
    return words.duration(seconds) if seconds else ""


@register.filter
def counted(number: int) -> str:
    """A number as people write it."""
    return f"{number:,}"


register.filter("size", words.size)
register.filter("shown_url", without_password)
register.filter("plain", words.plain)
register.filter("one_line", words.one_line)
register.filter("percent", words.percent)
