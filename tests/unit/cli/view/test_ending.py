import re

import pytest
from msgspec.structs import replace

from fairlead.cli.view import Look
from fairlead.cli.view.ending import ending

PASSED = """\
Jobs ───────────────────────────────────────────────────────────────────────────
✓ lint-3.12  passed       0.1 s  reused
✓ unit-3.11  passed       3.6 s  240 tests, 6 skipped
✓ unit-3.12  passed       3.6 s  240 tests, 6 skipped
✓ unit-3.13  passed       3.6 s  240 tests, 6 skipped

coverage       74.4 % (+0.4, previous 74 %)
ruff           0 violations
docstrings     90 % of 20 definitions

✓ passed: all 720 tests passed in 4 jobs; coverage 74.4 % (+0.4) — 7.4 s
  run 12: fairlead report 12 --open
"""

FAILED = """\
2 failing tests ────────────────────────────────────────────────────────────────

✗ tests/test_balance.py::test_statement_of_a_foreign_account (new)
  in unit-3.12, unit-3.13, tests/test_balance.py:42
      def test_statement_of_a_foreign_account(bank):
          account = bank.account("NL02", currency="USD")

          before, after = statement(account, first=date(2025, 1, 1), last=date(2025, 1, 31))

  >       assert after == Decimal("1250.00")
  E       AssertionError: assert Decimal('1150.00') == Decimal('1250.00')
  E         +1250.00
  E         -1150.00

  tests/test_balance.py:48: AssertionError
  captured output:
    rates: using the bundled table of 2025-01-01
  $ fairlead run unit --python 3.12 -k test_statement_of_a_foreign_account

✗ tests/test_client.py::TestPages::test_pages_are_followed[two pages, slow]
  in unit-3.12, unit-3.13, web-3.12-django4.2, tests/test_client.py:31
  Traceback (most recent call last):
    File "tests/test_client.py", line 31, in test_pages_are_followed
      assert [m.id for m in client.mutations("NL01")] == [1, 2, 3]
    File "ledger/client.py", line 19, in pages
      answer = self.get(url, account)
  ConnectionError: https://bank.example/accounts/NL01: connection refused
  $ fairlead run unit --python 3.12 -k 'TestPages and test_pages_are_followed'

2 other failures ───────────────────────────────────────────────────────────────

✗ lint: ruff check
  failed after 0.5 s: exit code 1
  Found 4 errors.
  $ fairlead run lint

✗ lint: pylint
  failed after 0.5 s: exit code 1
  Found 4 errors.
  $ fairlead run lint

2 new violations ───────────────────────────────────────────────────────────────

ledger/balance.py:21:5: Undefined name `FrozenAccount` (ruff F821)
ledger/client.py:27:5: Undefined name `time` (ruff F821)

Jobs ───────────────────────────────────────────────────────────────────────────
✗ lint                failed       0.6 s  2 new violations (none allowed)
✓ unit-3.9            passed       3.6 s  240 tests, 6 skipped
✓ unit-3.11           passed       3.6 s  240 tests, 6 skipped
✗ unit-3.12           failed       3.6 s  2 of 240 tests failed, 6 skipped
✗ unit-3.13           failed       3.6 s  2 of 240 tests failed, 6 skipped
✗ web-3.12-django4.2  failed       3.6 s  allowed to fail, 1 of 32 tests failed…
✓ web-3.12-django5.2  passed       3.6 s  32 tests, 1 skipped, not isolated
✓ web-3.13-django5.2  passed       6.2 s  32 tests, 1 skipped, 2nd attempt
✓ docs-3.12           passed       0.1 s  reused
- deploy              skipped             branch is statement-currency, not main

coverage       74.4 % (-1.8, previous 76.2 %)
changed lines  66.6 % covered, missing: ledger/balance.py:30-31
ruff           4 violations
pylint         1 violation, score 8.75/10, previous 8.50, +0.25
docstrings     90 % of 20 definitions
fixed          1 test: tests/test_balance.py::test_two_pages_9

note: web-3.12-django5.2 ran not isolated: bubblewrap is not installed
note: requirements.txt has no hashes; resolved to 10 packages as of 2025-10-09
note: fairlead.yml:14:3: warning: key 'tmeout' is ignored (did you mean
      'timeout'?)

✗ failed: 2 new test failures in unit (3.12, 3.13), 2 new violations; coverage
  of the changed lines 66 % (minimum 90 %) — 12 s
  run 12: fairlead report 12 --open
"""

ERRORED = """\
3 failures ─────────────────────────────────────────────────────────────────────

! functional-3.12: pytest
  errored after 9 min 03 s: wrote nothing for 10 min
  Found 4 errors.
  $ fairlead run functional --python 3.12

! unit-3.4 errored
  Python 3.4 not found (looked in PATH, pyenv)
  $ fairlead run unit --python 3.4

! unit-3.12 errored
  no versions of these requirements fit together
    Because only flask<=3.1.2 is available and you require flask>=4,
    we can conclude that your requirements are unsatisfiable.
  $ fairlead run unit --python 3.12

Jobs ───────────────────────────────────────────────────────────────────────────
! unit-3.4         errored             Python 3.4 not found (looked in PATH, py…
! unit-3.12        errored             no versions of these requirements fit to…
! functional-3.12  errored   10 min 03 s  step pytest wrote nothing for 10 min

! errored: 3 of 3 jobs could not be completed — 10 min 03 s
  run 12: fairlead report 12 --open
"""

CANCELLED = """\
Jobs ---------------------------------------------------------------------------
+ unit-3.11  passed       3.6 s  240 tests, 6 skipped
# unit-3.12  cancelled    3.6 s  51 tests, 2 skipped, interrupted
# unit-3.13  cancelled           interrupted

# cancelled: interrupted after 4.1 s; 1 of 3 jobs passed
  run 12: fairlead report 12 --open
"""


def _found(_failure):
    return ["Found 4 errors."]


@pytest.mark.parametrize(
    ("name", "text", "unicode"),
    [
        ("passed", PASSED, True),
        ("failed", FAILED, True),
        ("errored", ERRORED, True),
        ("cancelled", CANCELLED, False),
    ],
)
def test_how_runs_end(runs, name, text, unicode):
    assert ending(getattr(runs, name)(), Look(unicode=unicode), output=_found) == text


def test_colours_change_nothing_but_colours(runs):
    coloured = ending(runs.failed(), Look(colour=True), output=_found)
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == FAILED
    assert "\x1b[1;31mtests/test_balance.py::" in coloured


def test_a_huge_run_ends_in_a_readable_text(runs):
    text = ending(runs.huge(), Look(), output=_found)
    assert "… 262 lines more: fairlead show 12 --job unit-3.12-django4.9" in text
    assert "… 199,500 characters more" in text
    assert "… 110 more failing tests: fairlead report 12 --open" in text
    assert "✓ 198 jobs passed, 19,800 tests\n  unit-3.9-django0.0, " in text
    assert len(text.splitlines()) < 700


def test_nothing_of_a_project_reaches_the_terminal_as_a_command(runs):
    text = ending(runs.hostile(), Look())
    assert not set(text) & {"\x1b", "\x07", "\x00", "\u202e"}
    assert "title" not in text


def test_a_run_without_a_verdict_is_summed_up(runs):
    for name, sentence in (
        ("passed", "passed: 720 tests, 18 skipped — 7.4 s"),
        ("failed", "failed: 2 failing tests — 12 s"),
        ("errored", "errored: 3 jobs of 3 did not pass — 10 min 03 s"),
    ):
        run = replace(getattr(runs, name)(), verdict=None)
        lines = ending(run, Look()).splitlines()
        assert sentence in lines[-2], name


def test_a_narrow_terminal_keeps_tables_in_its_width(runs):
    lines = ending(runs.failed(), Look(width=50)).splitlines()
    table = lines[lines.index(next(line for line in lines if line.startswith("Jobs "))) :]
    assert max(map(len, table[: table.index("")])) <= 50
