"""``python -m bench [NAME]...``; ``server`` and ``deploy`` are modules with tables of their own."""

import importlib
import os
import sys

from bench.harness import others_busy, table

_QUIET = 0.2  # cores
NAMES = ("noop", "output", "planning", "reuse", "matrix")


def main(wanted: list[str]) -> int:
    """Measure, print the table, and fail where a goal is missed."""
    if wanted[:1] in (["server"], ["deploy"]):
        return importlib.import_module(f"bench.{wanted[0]}.main").main(wanted[1:])
    if {"-h", "--help"}.intersection(wanted):
        print(f"python -m bench [{' | '.join(NAMES)}]...\n{(__doc__ or '').partition('; ')[2]}")
        return 0
    unknown = sorted(set(wanted) - set(NAMES))
    if unknown:
        print(f"no benchmark {unknown[0]!r}; there are: {', '.join(NAMES)}", file=sys.stderr)
        return 2
    rows = []
    others = others_busy()
    for name in wanted or NAMES:
        print(f"measuring {name} …", file=sys.stderr, flush=True)
        found = importlib.import_module(f"bench.{name}").measure()
        for row in found:  # shown at once: a long measurement may be cut off
            print(f"  {row.name}: {row.figure} (goal {row.goal}) {row.detail}", file=sys.stderr)
        rows += found
    print(table(rows))
    if others > _QUIET:
        print(
            f"\nOther programs kept {others:.1f} of {os.cpu_count()} cores busy before this began."
        )
        print("At rest all of it takes less time, and what runs side by side gains most.")
    return 1 if any(row.met is False for row in rows) else 0


sys.exit(main(sys.argv[1:]))
