"""Run as a script by an interpreter: leave the hooks compiled for it, beside their sources."""

import marshal
import os
import sys

# The import leaves the boot compiled too, except by Python 2, which would put it among the sources.
sys.dont_write_bytecode = sys.version_info[0] < 3

import fairlead_boot


def prepare(folder):
    path, made_from = fairlead_boot.prepared(folder)
    codes = {"made from": made_from}
    for name in fairlead_boot.NAMES:
        with open(os.path.join(folder, name + ".py"), "rb") as source:
            shown = "<fairlead>/%s.py" % name
            codes[name] = marshal.dumps(compile(source.read(), shown, "exec", 0, True))
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    aside = "%s.%d" % (path, os.getpid())
    with open(aside, "wb") as file:
        file.write(marshal.dumps(codes))
    os.rename(aside, path)


prepare(os.path.dirname(os.path.abspath(__file__)))
