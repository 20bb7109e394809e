"""Results test by test: what runs inside a job's own interpreter, and what reads it outside.

A layer's ``.pth`` file puts ``INSIDE`` on that interpreter's path and imports ``fairlead_boot``
from it. Where ``FAIRLEAD_EVENTS`` names a file, test runners then append a line for each test to
it; where ``FAIRLEAD_COVERAGE`` names a folder, they leave coverage there as JSON.
``FAIRLEAD_WORKSPACE`` is the folder that paths are given from (else the folder a command runs in).
"""

from pathlib import Path

INSIDE = Path(__file__).parent / "inside"
"""The folder for ``sys.path`` of a job's interpreter; its files run on Python 2.7 too."""

PTH = "import fairlead_boot\n"
"""The line of a ``.pth`` file that starts the hooks, after the line that names ``INSIDE``."""
