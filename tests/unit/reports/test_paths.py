import pytest

from fairlead.reports.paths import relative


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/ws/src/a.py", "src/a.py"),
        ("/ws/./src//a.py", "src/a.py"),
        ("/ws/deep/a.py", "a.py"),
        ("/wsx/a.py", "/wsx/a.py"),
        ("./src/../a.py", "a.py"),
        ("../a.py", "../a.py"),
        ("file:///ws/my%20file.py", "my file.py"),
        ("file://host/ws/a.py", "a.py"),
        ("src\\pkg\\a.py", "src/pkg/a.py"),
        ("C:\\ws\\a.py", "C:/ws/a.py"),
        ("src/a\\b.py", "src/a\\b.py"),
        ("", ""),
    ],
)
def test_relative(path, expected):
    assert relative(path, ["/ws", "/ws/deep/", ""]) == expected
