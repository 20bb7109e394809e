"""``python -m bench.deploy [--quick] [--only NAME]...``."""

import sys

from bench.deploy.main import main

sys.exit(main(sys.argv[1:]))
