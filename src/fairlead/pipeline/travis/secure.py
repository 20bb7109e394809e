"""Encrypted variables: only Travis can read them, so their values are looked up on this machine."""

from collections.abc import Iterable, Mapping

from fairlead.model import Pairs
from fairlead.pipeline.travis.env import Entry, Var
from fairlead.pipeline.travis.nodes import Problems


class Secure:
    """What stands for the ``secure:`` values of one file.

    ``secrets`` maps ``cipher_key`` to ``NAME=value``. A plan holds names only: a job's
    ``secrets`` are ``NAME``, or ``NAME@key`` where a file has several values of one name.
    """

    def __init__(
        self, secrets: Mapping[str, str] | None, *, trusted: bool, problems: Problems
    ) -> None:
        self._secrets = secrets or {}
        self._trusted = trusted
        self._problems = problems
        self._ambiguous: set[str] = set()

    def learn(self, variables: Iterable[Var]) -> None:
        """Find the names that stand for more than one encrypted value."""
        keys: dict[str, set[str]] = {}
        for var in variables:
            if var.cipher and (name := self._name(var)):
                keys.setdefault(name, set()).add(var.cipher)
        self._ambiguous = {name for name, found in keys.items() if len(found) > 1}

    def resolve(self, entry: Entry) -> tuple[Pairs, tuple[str, ...]]:
        """The public variables as bash texts, and the secrets to be set before them.

        A public variable is dropped where an encrypted one of the same name comes after it.
        """
        public: dict[int, tuple[str, str]] = {}
        secret: dict[str, str] = {}
        for index, var in enumerate(entry):
            if not var.cipher:
                public[index] = (var.name, var.value)
                secret.pop(var.name, None)
            elif name := self._available(var):
                public = {i: pair for i, pair in public.items() if pair[0] != name}
                short = f"{name}@{var.cipher}" if name in self._ambiguous else name
                secret[name] = short
        return tuple(public.values()), tuple(secret.values())

    def _name(self, var: Var) -> str:
        name, _, _value = self._secrets.get(var.cipher, "").partition("=")
        return var.name or name

    def _available(self, var: Var) -> str:
        if not self._trusted:
            message = "encrypted values are withheld from the pull request of a fork"
            self._problems.warn(var.location, message)
            return ""
        if var.cipher not in self._secrets:
            name = var.name or "NAME"
            self._problems.warn(
                var.location,
                f"the encrypted value of {var.name or 'a variable'} is missing: "
                "only Travis can decrypt it",
                f"store it here: fairlead secrets set {name} --cipher sha256:{var.cipher}",
            )
            return ""
        return self._name(var)
