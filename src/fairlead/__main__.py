"""``python -m fairlead``."""

from fairlead.cli.start import entry

entry()
