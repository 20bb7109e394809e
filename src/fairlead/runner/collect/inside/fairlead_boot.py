"""Start-up of the collecting hooks in a job's own interpreter, from a line of a .pth file.

Does nothing unless the runner asked for it. The rest is compiled under names in angle brackets:
what measures the project (coverage run, a debugger) leaves such code out, as it should. Compiling
takes longer than all else here, so ``fairlead_prepare`` does it once for each interpreter.
"""

import marshal
import os
import sys

NAMES = (
    "fairlead_hook", "fairlead_collect", "fairlead_pytest", "fairlead_pytest_reports",
    "fairlead_unittest", "fairlead_behave", "fairlead_coverage", "fairlead_coverage_setup",
)


def prepared(folder):
    """Where this interpreter's compiled code lies, and what it has to be made from."""
    name = "fairlead-%x-%s.code" % (sys.hexversion, sys.platform)
    made_from = [sys.version]
    for sibling in NAMES:
        known = os.stat(os.path.join(folder, sibling + ".py"))
        made_from.append("%s %d" % (known.st_mtime, known.st_size))
    return os.path.join(folder, "__pycache__", name), made_from


def read(folder):
    """``{name: marshalled code}`` as prepared, where that was done for these very files."""
    path, made_from = prepared(folder)
    try:
        with open(path, "rb") as file:
            codes = marshal.loads(file.read())
        return codes if codes.pop("made from") == made_from else {}
    except Exception:
        return {}


def start(folder):
    codes = read(folder)
    hook = sys.modules["fairlead_hook"] = type(sys)("fairlead_hook")
    hook.FOLDER, hook.CODES = folder, codes
    if "fairlead_hook" in codes:
        exec(marshal.loads(codes["fairlead_hook"]), hook.__dict__)
        return
    with open(os.path.join(folder, "fairlead_hook.py"), "rb") as source:
        code = compile(source.read(), "<fairlead>/fairlead_hook.py", "exec", 0, True)
    exec(code, hook.__dict__)


if os.environ.get("FAIRLEAD_EVENTS") or os.environ.get("FAIRLEAD_COVERAGE"):
    try:
        start(os.path.dirname(os.path.abspath(__file__)))
    except Exception:
        pass
