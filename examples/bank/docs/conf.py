from bank import __version__

project = "Bank"
author = "The bank's authors"
release = version = __version__
extensions = ["sphinx.ext.autodoc", "sphinx.ext.doctest"]
exclude_patterns = ["_build"]
autodoc_member_order = "bysource"
html_theme = "alabaster"
html_theme_options = {"description": "Mutations on a bank's accounts", "font_family": "sans-serif"}
