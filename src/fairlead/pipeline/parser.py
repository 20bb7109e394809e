"""How YAML is read: from the events of a parser to nodes, with limits.

The file is read as a stream of parser events, so that hostile input (deep nesting, aliases of
aliases) is refused while it is read.
"""

import re
from typing import Any, NoReturn

import yaml

from fairlead.errors import PipelineError
from fairlead.model import Location, Problem
from fairlead.pipeline.document import (
    MAX_BYTES,
    MAX_DEPTH,
    MAX_NODES,
    Mapping,
    Node,
    Scalar,
    Sequence,
)

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_QUOTE = "quote a text that begins with !"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_TEXT_TAGS = frozenset({"!", "tag:yaml.org,2002:str"})
# The characters a YAML stream must not hold (YAML 1.1, section 5.1, c-printable).
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def parse(data: bytes, file: str) -> Node:
    """Read one document; see ``document.load``."""
    builder = _Builder(file)
    text = _decode(data, builder)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.YAMLError as error:
        builder.fail(*_explain(error, text))
    if builder.problems:
        raise PipelineError(sorted(builder.problems, key=_by_place))
    root = builder.root
    if root is None or (isinstance(root, Scalar) and root.null):
        return Mapping(entries=(), location=Location(file=file, line=1, column=1))
    return root


class _Open:
    """A list or mapping that has begun: ``first`` is the node count before it."""

    __slots__ = ("anchor", "children", "first", "height", "location", "mapping")

    def __init__(
        self, location: Location, anchor: str | None, first: int, *, mapping: bool
    ) -> None:
        self.location = location
        self.anchor = anchor
        self.first = first
        self.mapping = mapping
        self.children: list[Node] = []
        self.height = 0


class _Builder:
    """Puts parser events together to nodes."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.root: Node | None = None
        self._open: list[_Open] = []
        # anchor -> its node, how many nodes that is and how deep; None while it is still open.
        self._anchors: dict[str, tuple[Node, int, int] | None] = {}
        self._count = 0
        self._documents = 0

    def fail(self, message: str, line: int, column: int, hint: str = "") -> NoReturn:
        """Give up: this and all problems so far."""
        self._problem(message, Location(file=self.file, line=line, column=column), hint)
        raise PipelineError(self.problems)

    def _problem(self, message: str, location: Location, hint: str = "") -> None:
        self.problems.append(Problem(location=location, message=message, hint=hint))

    def take(self, event: Any) -> None:
        """Take the next event of the parser."""
        mark = event.start_mark
        location = Location(file=self.file, line=mark.line + 1, column=mark.column + 1)
        match event:
            case yaml.ScalarEvent():
                self._scalar(event, location)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._begin(event, location)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._end()
            case yaml.AliasEvent():
                self._alias(event, location)
            case yaml.DocumentStartEvent():
                self._document(location)
            case _:
                pass

    def _document(self, location: Location) -> None:
        self._documents += 1
        if self._documents > 1:
            self.fail(
                "a second document begins here; only one is allowed",
                location.line,
                location.column,
                "remove the line ---",
            )

    def _scalar(self, event: Any, location: Location) -> None:
        self._counted(1, 0, location)
        if event.tag not in {None, *_TEXT_TAGS}:
            self._refuse_tag(event.tag, location)
        plain = not event.style and event.tag is None
        text = event.value
        null = plain and text in _NULLS
        node = Scalar(text=text, location=location, null=null, plain=plain)
        self._place(node, event.anchor, 1, 0)

    def _begin(self, event: Any, location: Location) -> None:
        self._counted(1, 1, location)
        if event.tag not in {None, "!"}:
            self._refuse_tag(event.tag, location)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        mapping = isinstance(event, yaml.MappingStartEvent)
        self._open.append(_Open(location, event.anchor, self._count - 1, mapping=mapping))

    def _end(self) -> None:
        done = self._open.pop()
        node: Node
        if done.mapping:
            node = Mapping(entries=self._entries(done.children), location=done.location)
        else:
            node = Sequence(items=tuple(done.children), location=done.location)
        self._place(node, done.anchor, self._count - done.first, done.height + 1)

    def _alias(self, event: Any, location: Location) -> None:
        anchor = event.anchor
        place = (location.line, location.column)
        if anchor not in self._anchors:
            self.fail(f"*{anchor} has no anchor &{anchor} before it", *place)
        known = self._anchors[anchor]
        if known is None:
            self.fail(f"*{anchor} stands inside its own anchor &{anchor}", *place)
        node, size, height = known
        self._counted(size, height, location)
        self._place(node, None, size, height)

    def _place(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self._anchors[anchor] = (node, size, height)
        if self._open:
            parent = self._open[-1]
            parent.children.append(node)
            parent.height = max(parent.height, height)
        else:
            self.root = node

    def _counted(self, size: int, height: int, location: Location) -> None:
        place = (location.line, location.column)
        self._count += size
        if self._count > MAX_NODES:
            hint = "each alias counts as often as what it stands for"
            self.fail(f"the file holds more than {MAX_NODES:,} values", *place, hint)
        if len(self._open) + height > MAX_DEPTH:
            self.fail(f"values are nested more than {MAX_DEPTH} deep", *place)

    def _refuse_tag(self, tag: str, location: Location) -> None:
        shown = tag.replace("tag:yaml.org,2002:", "!!")
        hint = "write the value without it" if shown.startswith("!!") else _QUOTE
        self._problem(f"the tag {shown} is not allowed here", location, hint)

    def _entries(self, children: list[Node]) -> tuple[tuple[Scalar, Node], ...]:
        found: dict[str, tuple[Scalar, Node]] = {}
        merged: list[Mapping] = []
        for key, value in zip(children[::2], children[1::2], strict=True):
            if not isinstance(key, Scalar):
                hint = "quote it, if braces or brackets are meant as text"
                self._problem("a key must be a text", key.location, hint)
            elif key.plain and key.text == "<<":
                merged += self._merged(value)
            elif key.text in found:
                first = found[key.text][0].location
                self._problem(f"the key {key.text!r} is here twice", key.location, f"first {first}")
            else:
                found[key.text] = (key, value)
        for source in merged:
            for entry in source.entries:
                found.setdefault(entry[0].text, entry)
        return tuple(found.values())

    def _merged(self, value: Node) -> list[Mapping]:
        if isinstance(value, Mapping):
            return [value]
        if isinstance(value, Sequence):
            mappings = [item for item in value.items if isinstance(item, Mapping)]
            if len(mappings) == len(value.items):
                return mappings
        self._problem("<< takes a mapping or a list of mappings", value.location)
        return []


def _decode(data: bytes, builder: _Builder) -> str:
    """The text of the file without its byte order mark, or a problem with its place."""
    if len(data) > MAX_BYTES:
        size = f"{len(data) / 1e6:.1f} MB"
        builder.fail(f"the file is {size} large; at most {MAX_BYTES >> 20} MiB is read", 0, 0)
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line, column = _place(data[: error.start].decode("utf-8"))
        builder.fail(
            f"the file is not UTF-8: byte 0x{data[error.start]:02x}",
            line,
            column,
            "save it as UTF-8",
        )
    if found := _CONTROL.search(text):
        code = f"U+{ord(found[0]):04X}"
        builder.fail(f"the control character {code} is not allowed", *_place(text[: found.start()]))
    return text


def _by_place(problem: Problem) -> tuple[int, int]:
    return problem.location.line, problem.location.column


def _place(before: str) -> tuple[int, int]:
    return before.count("\n") + 1, len(before) - before.rfind("\n")


def _explain(error: yaml.YAMLError, text: str) -> tuple[str, int, int, str]:
    """The parser's complaint in words for people: message, line, column, hint."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return f"not YAML: {error}", 0, 0, ""
    lines = text.splitlines()
    shown = lines[mark.line] if mark.line < len(lines) else ""
    indent = shown[: len(shown) - len(shown.lstrip())]
    if "\t" in indent:
        column = indent.index("\t") + 1
        return "a tab is used for indentation", mark.line + 1, column, "use spaces"
    problem = getattr(error, "problem", "") or "it cannot be read"
    context = getattr(error, "context", "") or ""
    words = f"not YAML: {problem}" + (f" {context}" if context else "")
    return words, mark.line + 1, mark.column + 1, _advice(problem, error, mark.line)


def _advice(problem: str, error: yaml.YAMLError, line: int) -> str:
    if "a tag" in (getattr(error, "context", "") or ""):
        return _QUOTE
    begun = getattr(error, "context_mark", None)
    if begun is not None and begun.line < line and "expected ':'" not in problem:
        return f"it begins in line {begun.line + 1}"
    if "cannot start any token" in problem:
        return "quote a text that begins with one of @ ` % or a tab"
    if "mapping values are not allowed" in problem:
        return "quote a text that holds a colon and a space"
    if "could not find expected ':'" in problem:
        return "look at the indentation of this line and the one before"
    return ""
