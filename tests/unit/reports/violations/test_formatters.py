"""black, ruff format, autopep8 and isort: what they would change."""

from fairlead.model import Level
from fairlead.reports.violations import autopep8, black, isort, ruff_format

BLACK_DIFF = b"""--- /ws/pkg/a.py\t2026-11-21 10:49:50.497372+00:00
+++ /ws/pkg/a.py\t2026-11-21 10:49:57.269068+00:00
@@ -1,6 +1,6 @@
 import os

+
 def f(x, y):
-    return  x+z
+    return x + z
-x = 1
---- x
+--- x
@@ -40 +41,0 @@
-\x1b[31mgone\x1b[0m
would reformat pkg/a.py
would reformat /ws/pkg/b.py
error: cannot format /ws/pkg/c.py: Cannot parse: 1:6: def g(:
error: cannot parse: pkg/d.py:3:1
error: cannot format pkg/e.py: INTERNAL ERROR: oh

Oh no! \xf0\x9f\x92\xa5
1 file would be reformatted, 1 file would be left unchanged.
"""


def said(found):
    return [(v.path, v.line) for v in found.items if v.rule == "format"]


def test_black():
    found = black.read(BLACK_DIFF, "log")
    assert said(found) == [("/ws/pkg/a.py", 3), ("/ws/pkg/a.py", 40), ("/ws/pkg/b.py", 0)]
    assert found.items[0].message == "not formatted as black does it"
    assert [(v.path, v.line, v.level) for v in found.items if v.rule != "format"] == [
        ("/ws/pkg/c.py", 1, Level.ERROR),
        ("pkg/d.py", 3, Level.ERROR),
        ("pkg/e.py", 0, Level.ERROR),
    ]


def test_ruff_format():
    diff = b"""error: Failed to parse pkg/b.py:1:7: Expected a parameter
--- pkg/a.py
+++ pkg/a.py
@@ -1,2 +1,3 @@
 import os
+
 x = 1

1 file would be reformatted
"""
    found = ruff_format.read(diff, "log")
    assert found.tool == "ruff-format"
    assert said(found) == [("pkg/a.py", 2)]
    assert (found.items[1].path, found.items[1].rule) == ("pkg/b.py", "invalid-syntax")


def test_ruff_format_check_of_older_and_newer_versions():
    old = b"Would reformat: pkg/a.py\n1 file would be reformatted\n"
    new = b"unformatted: File would be reformatted\n  --> pkg/a.py:4:1\n   |\n"
    assert said(ruff_format.read(old, "log")) == [("pkg/a.py", 0)]
    assert said(ruff_format.read(new, "log")) == [("pkg/a.py", 0)]


def test_autopep8():
    diff = b"--- original/pkg/a.py\n+++ fixed/pkg/a.py\n@@ -6 +6 @@\n-a  = 1\n+a = 1\n"
    assert said(autopep8.read(diff, "log")) == [("pkg/a.py", 6)]


def test_isort():
    log = b"""ERROR: /ws/b.py Imports are incorrectly sorted and/or formatted.
--- /ws/a.py:before\t2026-11-21
+++ /ws/a.py:after\t2026-11-21
@@ -1,2 +1,2 @@
-import b
 import a
+import b
"""
    assert said(isort.read(log, "log")) == [("/ws/a.py", 1), ("/ws/b.py", 0)]


def test_nothing_to_change():
    assert black.read(b"All done!\n1 file would be left unchanged.\n", "log").items == ()
    assert ruff_format.read(b"3 files already formatted\n", "log").items == ()
    assert autopep8.read(b"", "log").items == ()
