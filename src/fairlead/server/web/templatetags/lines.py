"""A line of the list of builds: ``{% load lines %}``. The list is mostly lines, and asked for most.

Made at once from one text: the template language took five times as long over the same.
"""

from typing import TYPE_CHECKING

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from fairlead.server.web import words
from fairlead.server.web.templatetags.fairlead import ago, mark, ref, took

if TYPE_CHECKING:
    from fairlead.server.store.models import Build
    from fairlead.server.web.pages.builds import Row

register = template.Library()

_LINE = """<li>
<div class="state">{}<br class="wide-only"><span class="soft small">#{}</span></div>
<div class="what"><a href="/p/{}/{}/">{}</a>{}</div>
<div class="from">{}<span>{}{}{}</span></div>
<div class="when">{}<span>{}</span></div>
</li>
"""
_USUAL = ("push", "tag")


@register.simple_tag
def build_line(project: str, row: "Row") -> SafeString:
    """One build of a list: how it is, of what, by whom and when."""
    build = row.build
    return format_html(
        _LINE,
        mark(build.state),
        build.number,
        project,
        build.number,
        row.sentence,
        format_html('<span class="message">{}</span>', row.subject) if row.subject else "",
        ref(build),
        _origin(build),
        format_html("<code>{}</code>", row.commit) if row.commit else "",
        f" {row.author}" if row.author else "",
        ago(build.created),
        took(build.seconds),
    )


def _origin(build: "Build") -> str:
    """What began it, where that is not what begins most."""
    if build.pull_request:
        return f"pull request {words.one_line(build.pull_request)} · "
    return "" if build.event in _USUAL else f"{build.event} · "
