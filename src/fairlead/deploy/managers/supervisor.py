"""supervisor: one program for each process and slot, asked over its socket."""

from fairlead.deploy.commands.base import quote
from fairlead.deploy.inside import program

_FUNCTIONS = r"""
supervisor() {
python3 -I -S - "$@" <<'FAIRLEAD'
__PROGRAM__
FAIRLEAD
}
begin() { supervisor begin __WHOSE__ "$@"; }
finish() { supervisor finish __WHOSE__ "$@"; }
state() { supervisor state __WHOSE__ "$@"; }
"""


class Supervisor:
    """Programs ``<app>-<process>-<slot>``."""

    kind = "supervisor"

    def functions(self, app: str, root: str) -> str:
        """See ``managers.base``."""
        whose = f"{quote(app)} {quote(root)}"
        text = _FUNCTIONS.replace("__WHOSE__", whose)
        return text.replace("__PROGRAM__", program("supervisor").rstrip())

    def name(self, app: str, process: str, slot: str) -> str:
        """``bank-web-blue``."""
        return f"{app}-{process}-{slot}"
