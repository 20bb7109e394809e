"""``python -m bank [bank.yml]``: look at a bank on this machine, for trying things out."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from bank.app import create_app
from bank.config import ConfigError, load_config


def main(args: list[str] | None = None) -> int:
    """Serve the application on this machine only; 2 for a configuration that is wrong."""
    parser = argparse.ArgumentParser(prog="bank", description=__doc__)
    parser.add_argument("config", nargs="?", type=Path, default=Path("bank.yml"))
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--check", action="store_true", help="only read the configuration")
    options = parser.parse_args(args)
    try:
        config = load_config(options.config)
    except ConfigError as error:
        print(f"bank: {error}", file=sys.stderr)
        return 2
    if not options.check:
        create_app(config).run(port=options.port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
