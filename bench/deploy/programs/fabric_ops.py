"""Commands by sudo with Fabric: ``fabric_ops.py COUNT HOST...``."""

import os
import sys

from fabric import ThreadingGroup

key = os.path.expanduser("~/.ssh/id_ed25519")
hosts = ThreadingGroup(*sys.argv[2:], user="deploy", connect_kwargs={"key_filename": key})
for _ in range(int(sys.argv[1])):
    hosts.run("sudo -n true", hide=True)
