import sys
from pathlib import Path

from fairlead import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Fairlead"
author = "The Fairlead authors"
release = version = __version__
extensions = ["myst_parser", "generated"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
html_theme = "furo"
html_show_copyright = False
html_title = f"Fairlead {__version__}"
