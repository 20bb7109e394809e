"""Deployments measured: on three hosts of their own, beside Fabric and pyinfra.

Hosts are those of the tests (tests/machines): only root can make them.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))
