"""What installers say when they fail, made readable."""

import pytest

from fairlead.errors import EnvironmentFailed, StoreError
from fairlead.runner.environments.command import Unreachable, demand, reason, warnings
from fairlead.util.proc import Completed

OLD = """\
Using Python 3.12.1 environment at: /x
  \u00d7 No solution found when resolving dependencies:
  \u2570\u2500\u25b6 Because there is no version of fastapi==99 and you require fastapi==99,
      we can conclude that your requirements are unsatisfiable.
"""
NEW = """\
warning: something about uv
error: No solution found when resolving dependencies
  cause: Because there is no version of fastapi==99 and you require fastapi==99,
         we can conclude that your requirements are unsatisfiable.
"""


@pytest.mark.parametrize("text", [OLD, NEW])
def test_the_resolvers_own_reason_is_what_remains(text):
    found = reason(text)
    assert found.startswith("No solution found when resolving dependencies")
    assert "Because there is no version of fastapi==99" in found
    assert found.endswith("requirements are unsatisfiable.")
    assert not set("\u00d7\u2570\u2500\u25b6") & set(found)
    assert "Using Python" not in found
    assert "warning" not in found


def test_pips_reason_without_its_chatter():
    text = (
        "DEPRECATION: Python 2.7 reached the end of its life\n"
        "ERROR: Could not find a version that satisfies the requirement x==9\n"
        "ERROR: No matching distribution found for x==9\n"
    )
    assert reason(text) == (
        "Could not find a version that satisfies the requirement x==9\n"
        "No matching distribution found for x==9"
    )


def test_credentials_and_colours_are_gone():
    assert reason("\x1b[31merror: failed https://me:pw@host/x\x1b[0m") == (
        "failed https://[secret]@host/x"
    )


@pytest.mark.parametrize(
    ("stderr", "kind"),
    [
        (b"error: No solution found", EnvironmentFailed),
        (b"cause: No space left on device (os error 28)", StoreError),
        (b"OSError: [Errno 30] Read-only file system: '/x'", StoreError),
        (b"cause: dns error", Unreachable),
        (b"ERROR: Max retries exceeded with url", Unreachable),
        (b"", EnvironmentFailed),
    ],
)
def test_kinds_of_failure(stderr, kind):
    with pytest.raises(kind) as caught:
        demand(Completed(2, b"", stderr), "cannot resolve")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("cannot resolve: ")


def test_a_killed_installer_says_so():
    with pytest.raises(EnvironmentFailed, match="killed by signal 9"):
        demand(Completed(-9, b"", b""), "cannot install")


def test_success_is_passed_on_with_its_warnings():
    text = b"warning: extra `x` not found\nwarning: `--pylock` is experimental\nResolved 1\n"
    done = Completed(0, b"out", text)
    assert demand(done, "x") is done
    assert warnings(text) == ("extra `x` not found",)
