"""``python -m fairlead``."""

from fairlead.cli.main import entry

entry()
