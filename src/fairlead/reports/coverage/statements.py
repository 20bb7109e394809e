"""Which lines of a Python source are statements, as coverage.py counts them.

A statement counts at its first line. Docstrings do not count, nor do lines marked
``# pragma: no cover`` with the blocks they open, ``if TYPE_CHECKING:`` and bodies of ``...``;
see https://coverage.readthedocs.io/en/latest/excluding.html for these defaults.
"""

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator
from types import CodeType

_EXCLUDED = re.compile(
    r"#\s*(?:pragma|PRAGMA)[:\s]?\s*(?:no|NO)\s*(?:cover|COVER)"
    r"|^\s*(?:(?:(?:async )?def .*?)?\)(?:\s*->.*?)?:\s*)?\.\.\.\s*(?:#|$)"
    r"|^\s*if (?:typing\.)?TYPE_CHECKING:"
)
_BETWEEN = frozenset(
    {tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}
)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_DECORATED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def split(source: bytes, ran: frozenset[int]) -> tuple[set[int], set[int]] | None:
    """Executed and missing statements of a file of which the lines in ``ran`` ran.

    ``None`` for what is not Python as this interpreter knows it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(source)
            code = compile(source, "<source>", "exec", dont_inherit=True)
        first = _first_lines(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError, tokenize.TokenError):
        return None
    text = [b"", *source.splitlines()]
    left_out = set(_docstrings(tree)) | set(_excluded(tree, text, first))
    statements = {first.get(line, line) for line in _lines(code)} - left_out
    executed = {first.get(line, line) for line in ran} & statements
    return executed, statements - executed


def _first_lines(source: bytes) -> dict[int, int]:
    """The first line of each statement that goes over several, by each of its lines."""
    first: dict[int, int] = {}
    start = 0
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type == tokenize.NEWLINE:
            if token.end[0] > start > 0:
                first |= dict.fromkeys(range(start, token.end[0] + 1), start)
            start = 0
        elif not start and token.type not in _BETWEEN:
            start = token.start[0]
    return first


def _lines(code: CodeType) -> Iterator[int]:
    todo = [code]
    while todo:
        one = todo.pop()
        yield from (line for _, _, line in one.co_lines() if line)
        todo += [const for const in one.co_consts if isinstance(const, CodeType)]


def _docstrings(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and node.body and ast.get_docstring(node, clean=False):
            yield from _range(node.body[0])


def _excluded(tree: ast.Module, text: list[bytes], first: dict[int, int]) -> Iterator[int]:
    """Lines that match an exclusion; the whole of a block whose first statement does."""
    marked = {
        first.get(number, number)
        for number, line in enumerate(text)
        if _EXCLUDED.search(line.decode("utf-8", "replace"))
    }
    yield from marked
    if not marked:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _excluded_part(node, marked)


def _excluded_part(node: ast.AST, marked: set[int]) -> Iterator[int]:
    body = getattr(node, "body", None)
    if not isinstance(body, list) or not body:
        return
    heads = {_head(node, body[0])}
    if isinstance(node, _DECORATED):
        heads |= {decorator.lineno for decorator in node.decorator_list}
    if heads & marked:
        yield from range(min(heads), (body[-1].end_lineno or 0) + 1)


def _head(node: ast.AST, inside: ast.stmt) -> int:
    """The line that opens a block; a ``case`` has it in its pattern."""
    place = node.pattern if isinstance(node, ast.match_case) else node
    return getattr(place, "lineno", inside.lineno)


def _range(node: ast.stmt) -> Iterator[int]:
    return iter(range(node.lineno, (node.end_lineno or node.lineno) + 1))
