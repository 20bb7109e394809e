from pathlib import Path

import fairlead.server
from fairlead.server.logs.style import stylesheet


def test_the_stylesheet_that_pages_load_is_the_one_that_rendering_needs():
    folder = Path(fairlead.server.__file__).parent / "web/static/fairlead"
    assert (folder / "ansi.css").read_text() == stylesheet()
