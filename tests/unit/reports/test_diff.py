from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Coverage, FileCoverage
from fairlead.reports.diff import changed_coverage, changed_lines

DIFF = rb"""diff --git a/src/a.py b/src/a.py
index 111..222 100644
--- a/src/a.py
+++ b/src/a.py
@@ -3 +3,2 @@ def f():
-old
+new
+newer
@@ -10,2 +10,0 @@
-gone
--- gone = b/other.py
@@ -20,0 +19 @@
+++ plus
\ No newline at end of file
diff --git a/old name.py b/new name.py
similarity index 90%
rename from old name.py
rename to new name.py
--- a/old name.py{tab}
+++ b/new name.py{tab}
@@ -1 +1 @@
-x
+y
diff --git a/gone.py b/gone.py
deleted file mode 100644
--- a/gone.py
+++ /dev/null
@@ -1,2 +0,0 @@
-x
-y
diff --git a/logo.png b/logo.png
index 1..2 100644
Binary files a/logo.png and b/logo.png differ
diff --git a/moved.py b/elsewhere.py
similarity index 100%
rename from moved.py
rename to elsewhere.py
diff --git "a/n\303\244me\t\"x\".py" "b/n\303\244me\t\"x\".py"
new file mode 100755
--- /dev/null
+++ "b/n\303\244me\t\"x\".py"
@@ -0,0 +1,3 @@
+a
+b
+c
\ No newline at end of file
diff --git "a/\377.py" "b/\377.py"
--- "a/\377.py"
+++ "b/\377.py"
@@ -1 +1 @@
-a
\ No newline at end of file
+b
\ No newline at end of file
""".replace(b"{tab}", b"\t")  # with which git ends names with blanks


def test_changed_lines():
    assert changed_lines(DIFF) == {
        "src/a.py": frozenset({3, 4, 19}),
        "new name.py": frozenset({1}),
        'näme\t"x".py': frozenset({1, 2, 3}),
        "\\xff.py": frozenset({1}),
    }


def test_context_lines_are_counted_off():
    diff = b"""--- a/x.py
+++ b/x.py
@@ -1,4 +1,5 @@
 one

-two
+zwei
+drei
 four
"""
    assert changed_lines(diff) == {"x.py": frozenset({3, 4})}


def test_what_is_no_diff_has_no_changed_lines():
    assert changed_lines(b"") == {}
    assert changed_lines(b"@@ -1 +1 @@\n+x\n") == {}
    assert changed_lines(b"+++ b/x\n@@ -1 +" + b"9" * 5000 + b" @@\n+x\n") == {}


@given(st.binary(max_size=200))
def test_any_bytes_can_be_read(data):
    head = b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,9 +1,9 @@\n"
    found = changed_lines(head + data)
    assert all(line > 0 for lines in found.values() for line in lines)


COVERAGE = Coverage(
    files=(
        FileCoverage(path="a.py", executed=(1, 2, 5), missing=(3, 7)),
        FileCoverage(path="b.py", executed=(1,)),
    )
)


def test_coverage_of_changed_lines():
    changed = {"a.py": frozenset({2, 3, 4, 5}), "gone.py": frozenset({1})}
    share, missing = changed_coverage(COVERAGE, changed)
    assert round(share) == 67
    assert missing == ("a.py:3",)


def test_no_executable_line_changed():
    assert changed_coverage(COVERAGE, {"a.py": frozenset({4})}) == (None, ())
    assert changed_coverage(Coverage(), {"a.py": frozenset({1})}) == (None, ())
