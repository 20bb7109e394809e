"""Status marks, icons, times: ``{% load fairlead %}``."""

from datetime import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fairlead.server.web import words

register = template.Library()


@register.simple_tag
def icon(name: str) -> SafeString:
    """A picture of the sprite in the base template; words beside it say the same."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#i-{}"/></svg>', name)


@register.simple_tag
def mark(state: str, word: str = "") -> SafeString:
    """A state: picture, word and colour."""
    return format_html(
        '<span class="status {0}">{1}<span>{2}</span></span>', state, icon(state), word or state
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


register.filter("size", words.size)
register.filter("plain", words.plain)
register.filter("one_line", words.one_line)
register.filter("percent", words.percent)
