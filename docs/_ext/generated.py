"""Tables of the reference that are made from the code, so that they cannot fall behind it."""

import enum
import importlib
import inspect
import typing

import click
import msgspec
from docutils import nodes
from openapi import api
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from fairlead.cli.main import COMMANDS
from fairlead.model import event
from fairlead.pipeline.native.table import reference_table
from fairlead.settings import Settings

_SETTINGS = {
    "home": "Where what can be made again is kept: environments, downloads, workspaces, steps.",
    "config": "Where what cannot be made again is kept: this file and secrets. Only as a variable.",
    "jobs": "Jobs at once; 0 is one more than there are cores.",
    "sandbox": "`auto`, `bubblewrap` or `process`.",
    "keep_runs": "How many runs of a project are kept in its `.fairlead/`.",
    "disk": "Bytes a job's workspace may grow to.",
    "memory": "Bytes of memory a job may use, where the machine lets us limit it.",
    "processes": "Processes a job may have at once.",
    "log": "Bytes of a job's log that are kept.",
    "ssh": "The folder of SSH's keys, `known_hosts` and `config`.",
    "ssh_key": "The one private key that hosts are signed in to with; else those SSH would offer.",
}
_DEFAULTS = {"home": "`~/.cache/fairlead`", "config": "`~/.config/fairlead`", "ssh": "`~/.ssh`"}


class Generated(SphinxDirective):
    """``generated`` with the name of a table: keys, events, settings, api or commands."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse the table's Markdown in place."""
        make = {"keys": reference_table, "events": events, "settings": settings, "api": api}
        text = commands() if self.arguments[0] == "commands" else make[self.arguments[0]]()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def events() -> str:
    """A section an event, then one for each object that their fields hold."""
    kinds = typing.get_args(event.AnyEvent)
    inner: dict[str, type[msgspec.Struct]] = {}
    shown = [_section(kind, kind.__struct_config__.tag, inner) for kind in kinds]
    done: list[str] = []
    while waiting := [name for name in inner if name not in done]:
        done.append(waiting[0])
        shown.append(_section(inner[waiting[0]], waiting[0], inner))
    first = len(kinds)
    return "\n\n".join((*shown[:first], "## Objects", *shown[first:]))


def _section(kind: type[msgspec.Struct], title: str, inner: dict[str, type[msgspec.Struct]]) -> str:
    hints = typing.get_type_hints(kind)
    if kind is event.Output:
        # Bytes inside the process; a JSON line holds text.
        hints = {"text" if name == "data" else name: of for name, of in hints.items()}
        hints["text"] = str
    # ``time`` is in every event and told above; docstrings name fields in double backquotes.
    rows = [f"| `{name}` | {_kind(hints[name], inner)} |" for name in hints if name != "time"]
    words = inspect.cleandoc(kind.__doc__ or "").replace("``", "`")
    return "\n".join((f"### {title}\n\n{words}\n", "| field | value |", "|---|---|", *rows))


def _kind(hint: typing.Any, inner: dict[str, type[msgspec.Struct]]) -> str:
    plain = {str: "text", int: "whole number", float: "number", bool: "true or false"}
    parts = [part for part in typing.get_args(hint) if part not in (type(None), ...)]
    if hint in plain:
        return plain[hint]
    if typing.get_origin(hint) is tuple and ... in typing.get_args(hint):
        return f"list of: {_kind(parts[0], inner)}"
    if typing.get_origin(hint) is tuple:
        return f"[{', '.join(_kind(part, inner) for part in parts)}]"
    if parts:
        return " or ".join(_kind(part, inner) for part in parts)
    if issubclass(hint, enum.Enum):
        return ", ".join(f"`{word}`" for word in hint)
    inner.setdefault(hint.__name__, hint)
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def settings() -> str:
    """A row a setting; one that nobody described breaks the build."""
    rows = ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    for field in msgspec.structs.fields(Settings):
        default = _DEFAULTS.get(field.name) or _shown(field.default)
        words = _SETTINGS[field.name]
        rows.append(f"| `{field.name}` | `FAIRLEAD_{field.name.upper()}` | {default} | {words} |")
    return "\n".join(rows)


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else f"`{value}`"


def commands() -> str:
    """A section a command, with its options, as the command line itself tells them."""
    return "\n\n".join(_command(name) for name in COMMANDS)


def _command(name: str) -> str:
    command: click.Command = importlib.import_module(
        f"fairlead.cli.{name.replace('-', '_')}"
    ).command
    return _described(command, f"fairlead {name}")


def _described(command: click.Command, name: str) -> str:
    context = click.Context(command, info_name=name, max_content_width=92, terminal_width=92)
    text = f"### `{name}`\n\n```text\n{command.get_help(context)}\n```"
    inner = getattr(command, "commands", {})
    return "\n\n".join((text, *(_described(inner[key], f"{name} {key}") for key in inner)))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directive."""
    app.add_directive("generated", Generated)
    return {"parallel_read_safe": True}
