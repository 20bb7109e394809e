"""Start-up of the collecting hooks in a job's own interpreter, from a line of a .pth file.

Does nothing unless the runner asked for it. The rest is compiled under a name in angle brackets:
what measures the project (coverage run, a debugger) leaves such code out, as it should.
"""

import os
import sys

if os.environ.get("FAIRLEAD_EVENTS") or os.environ.get("FAIRLEAD_COVERAGE"):
    try:
        folder = os.path.dirname(os.path.abspath(__file__))
        with open(os.path.join(folder, "fairlead_hook.py"), "rb") as source:
            code = compile(source.read(), "<fairlead>/fairlead_hook.py", "exec", 0, True)
        hook = sys.modules["fairlead_hook"] = type(os)("fairlead_hook")
        hook.FOLDER = folder
        exec(code, hook.__dict__)
    except Exception:
        pass
