"""``python -m bench.server [--quick] [--only NAME]...``."""

import sys

from bench.server.main import main

sys.exit(main(sys.argv[1:]))
