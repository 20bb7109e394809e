"""The language of ``if:``: comparisons, lists, predicates, AND/OR/NOT; it is never bash.

The grammar is that of Travis' own parser (travis-conditions, version 1)::

    expr = expr OR expr | expr AND expr | NOT expr | ( expr ) | term
    term = operand IS [NOT] (present | blank | true | false)
         | operand [NOT] IN ( list )
         | operand (=~ | ~= | !~) regex
         | operand (= | == | !=) operand
         | operand
    operand = attribute | env(name) | concat(list) | word | quoted
"""

import re
from collections.abc import Callable, Mapping

import msgspec

from fairlead.pipeline.travis.regex import compile_ruby

Word = str | bool | None
"""What an operand stands for; ``true`` and ``false`` in any case are booleans."""

ATTRIBUTES = [
    *("type", "repo", "head_repo", "os", "dist", "group", "sudo", "language", "sender"),
    *("fork", "draft", "branch", "head_branch", "tag", "commit_message"),
]


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What conditions can ask: attributes of the build and job, and its public variables."""

    attributes: Mapping[str, Word] = {}
    env: Mapping[str, str] = {}


Term = Callable[[Facts], Word]


class ConditionError(ValueError):
    """A condition that is not of the language; the message says where it breaks."""


def parse(text: str) -> Callable[[Facts], bool]:
    """Turn a condition into a function of the facts. Raises ``ConditionError``."""
    parser = _Parser(re.sub(r"\\\s*[\r\n]", " ", text))
    term = parser.expression()
    parser.end()
    return lambda facts: bool(term(facts))


_DEEPEST = 60
_SPACE = re.compile(r"\s*")
_WORD = re.compile(r"[^\s()\"',=!]+")
_COMPARE = re.compile(r"=~|~=|!~|==|=|!=")
_PREDICATE = re.compile(r"(present|blank|true|false)\b", re.IGNORECASE)
_ATTRIBUTE = re.compile(rf"({'|'.join(ATTRIBUTES)})(?=[\s,=)!|~]|$)", re.IGNORECASE)
_FUNCTION = re.compile(r"(env|concat)\s*\(", re.IGNORECASE)
_OR = re.compile(r"or\b|\|\|", re.IGNORECASE)
_AND = re.compile(r"and\b|&&", re.IGNORECASE)
_NOT = re.compile(r"not\b|!(?![=~])", re.IGNORECASE)
_IS = re.compile(r"is(\s+not)?\b", re.IGNORECASE)
_IN = re.compile(r"(not\s+)?in\b", re.IGNORECASE)
_OPEN, _CLOSE, _COMMA = re.compile(r"\("), re.compile(r"\)"), re.compile(",")


class _Parser:
    """Recursive descent over one condition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.skip()
        if match := pattern.match(self.text, self.at):
            self.at = match.end()
        return match

    def skip(self) -> None:
        if match := _SPACE.match(self.text, self.at):
            self.at = match.end()

    def need(self, pattern: re.Pattern[str], what: str) -> re.Match[str]:
        return self.take(pattern) or self.fail(f"{what} is expected")

    def fail(self, why: str) -> "re.Match[str]":
        rest = self.text[self.at :].strip()
        where = f"before {rest[:30]!r}" if rest else "at the end"
        raise ConditionError(f"{why} {where}")

    def end(self) -> None:
        self.skip()
        if self.at < len(self.text):
            self.fail("an operator (AND, OR) is expected")

    def expression(self) -> Term:
        self.depth += 1
        if self.depth > _DEEPEST:
            self.fail("too many parentheses")
        left = self.conjunction()
        while self.take(_OR):
            left = _either(left, self.conjunction())
        self.depth -= 1
        return left

    def conjunction(self) -> Term:
        left = self.negation()
        while self.take(_AND):
            left = _both(left, self.negation())
        return left

    def negation(self) -> Term:
        negated = False
        while self.take(_NOT):
            negated = not negated
        if self.take(_OPEN):
            term = self.expression()
            self.need(_CLOSE, "a closing parenthesis")
        else:
            term = self.term()
        return _negate(term) if negated else term

    def term(self) -> Term:
        left = self.operand()
        if match := self.take(_IN):
            return self.membership(left, negated=bool(match[1]))
        if match := self.take(_IS):
            word = self.need(_PREDICATE, "present, blank, true or false")
            term = _predicate(left, word[0].lower())
            return _negate(term) if match[1] else term
        if match := self.take(_COMPARE):
            return self.comparison(left, match[0])
        return left

    def comparison(self, left: Term, operator: str) -> Term:
        if operator in ("=~", "~=", "!~"):
            term = self.match(left)
        else:
            right = self.operand()
            term = _equal(left, right)
        return _negate(term) if operator.startswith("!") else term

    def membership(self, left: Term, *, negated: bool) -> Term:
        self.need(_OPEN, "a list in parentheses")
        items = self.items()
        if not items:
            self.fail("a list of values is expected")
        term: Term = lambda facts: left(facts) in [item(facts) for item in items]  # noqa: E731
        return _negate(term) if negated else term

    def items(self) -> list[Term]:
        items: list[Term] = []
        while not self.take(_CLOSE):
            items.append(self.operand())
            if not self.take(_COMMA):
                self.need(_CLOSE, "a comma or a closing parenthesis")
                break
        return items

    def operand(self) -> Term:
        if match := self.take(_FUNCTION):
            return self.call(match[1].lower())
        if match := self.take(_ATTRIBUTE):
            name = match[1].lower()
            return lambda facts: _cast(facts.attributes.get(name))
        return self.constant()

    def call(self, name: str) -> Term:
        items = self.items()
        if name == "concat":
            return lambda facts: _cast("".join(_text(item(facts)) for item in items))
        if len(items) != 1:
            self.fail("env() takes one name")
        return lambda facts: _cast(facts.env.get(_text(items[0](facts))))

    def constant(self) -> Term:
        self.skip()
        quote = self.text[self.at : self.at + 1]
        if quote in ("'", '"'):
            end = self.text.find(quote, self.at + 1)
            if end < 0:
                self.fail("a closing quote is missing")
            text = self.text[self.at + 1 : end]
            self.at = end + 1
        else:
            text = self.need(_WORD, "a value")[0]
            if text.startswith("$"):
                self.fail(f'{text} is shell code; use env("{text.strip("${}")}")')
        value = _cast(text)
        return lambda _facts: value

    def match(self, left: Term) -> Term:
        if match := self.take(_FUNCTION):
            source = self.call(match[1].lower())
            return lambda facts: _search(_text(source(facts)), left(facts))
        text = self.expression_source()
        try:
            pattern = compile_ruby(text)
        except re.error as error:
            raise ConditionError(f"not a regular expression: /{text}/ ({error})") from None
        return lambda facts: _found(pattern, left(facts))

    def expression_source(self) -> str:
        if match := self.take(re.compile(r"/((?:\\.|[^/\\])*)/", re.DOTALL)):
            return match[1]
        text = self.need(re.compile(r"\S+"), "a regular expression")[0]
        while text.endswith(")") and text.count(")") > text.count("("):
            text = text[:-1]
            self.at -= 1
        if not text:
            self.fail("a regular expression is expected")
        return text


def _either(left: Term, right: Term) -> Term:
    return lambda facts: left(facts) or right(facts)


def _both(left: Term, right: Term) -> Term:
    return lambda facts: left(facts) and right(facts)


def _negate(term: Term) -> Term:
    return lambda facts: not term(facts)


def _equal(left: Term, right: Term) -> Term:
    return lambda facts: left(facts) == right(facts)


def _predicate(left: Term, name: str) -> Term:
    """``present`` is not empty (so ``false`` is blank); ``true`` is anything but false or null."""
    if name in ("present", "blank"):
        return lambda facts: bool(left(facts)) is (name == "present")
    return lambda facts: (left(facts) not in (None, False)) is (name == "true")


def _search(source: str, value: Word) -> bool:
    try:
        return _found(compile_ruby(source), value)
    except re.error:
        return False


def _found(pattern: re.Pattern[str], value: Word) -> bool:
    return value is not None and pattern.search(_text(value)) is not None


def _cast(value: Word) -> Word:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return value


def _text(value: Word) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value or ""
