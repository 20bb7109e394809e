"""Ruby's regular expressions, as far as branch filters and conditions use them."""

import re

_TRANSLATED = {
    r"\z": r"\Z",
    r"\Z": r"(?=\n?\Z)",
    r"\h": "[0-9a-fA-F]",
    r"\H": "[^0-9a-fA-F]",
    "(?<": "(?P<",
    "[[:alpha:]]": "[a-zA-Z]",
    "[[:digit:]]": "[0-9]",
    "[[:alnum:]]": "[a-zA-Z0-9]",
    "[[:space:]]": r"\s",
}
_TOKENS = re.compile(r"\\.|\(\?<(?![=!])|\[\[:(?:alpha|digit|alnum|space):\]\]", re.DOTALL)


def compile_ruby(source: str, *, ignore_case: bool = False) -> re.Pattern[str]:
    """Compile a Ruby expression; ``^`` and ``$`` stand at every line, as they do there.

    Raises ``re.error`` for what is no expression.
    """
    text = _TOKENS.sub(lambda match: _TRANSLATED.get(match[0], match[0]), source)
    flags = re.MULTILINE | (re.IGNORECASE if ignore_case else 0)
    return re.compile(text, flags)


def delimited(text: str) -> re.Pattern[str] | None:
    """The expression in ``/text/`` or ``/text/i``, or ``None`` where ``text`` has not that form."""
    match = re.fullmatch(r"/(.*)/(i?)", text.strip(), re.DOTALL)
    return compile_ruby(match[1], ignore_case=bool(match[2])) if match else None
