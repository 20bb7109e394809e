"""Coverage of a project that configures none: its lines, in the shape of ``coverage json``.

Measures only where $FAIRLEAD_COVERAGE names a folder, the ``coverage`` package is at hand and
nothing else measures; where pytest-cov or ``coverage run`` does, its data is read at the end.
Processes made by multiprocessing and workers of pytest-xdist leave their part for the process
that reports, which joins the parts (all named with its token) and writes one file.
"""

import atexit
import json
import os
import sys

import fairlead_collect as collect
from fairlead_hook import load

_state = {"cov": None, "found": None, "pid": 0, "installed": (), "anchor": None}


class Anchor(object):
    """Something for multiprocessing to hold on to."""


def on_django(module):
    """Measure from before the settings are read; ``module`` is ``django.core.management``."""
    execute = module.ManagementUtility.execute

    def measured(self):
        try:
            if self.argv[1:2] in (["test"], ["behave"]) and not collect.active():
                if collect.claim():
                    start()
        except Exception:
            pass
        return execute(self)

    module.ManagementUtility.execute = measured


def on_multiprocessing(module):
    """Measure in the children of a measured process; ``module`` is ``multiprocessing.util``."""
    _state["anchor"] = Anchor()
    module.register_after_fork(_state["anchor"], lambda _: in_child(module))
    if "--multiprocessing-fork" in getattr(sys, "argv", ()):
        in_child(module)  # a spawned process, where nothing is called after a fork


def in_child(util):
    if not os.environ.get("FAIRLEAD_MEASURED"):
        return
    try:
        if _state["cov"] is None:
            start()
        if _state["cov"] is not None:
            _state["pid"] = os.getpid()
            util.Finalize(None, finish, exitpriority=-100)
    except Exception:
        pass


def start():
    """Measure this process, unless something else does."""
    if _state["cov"] or _state["found"] or not collect.folder:
        return
    _state["pid"] = os.getpid()
    if not claimed():
        return
    try:
        import coverage
    except ImportError:
        return
    current = getattr(coverage.Coverage, "current", lambda: None)()
    if current is not None:
        adopt(lambda: current)
    elif sys.gettrace() is None and not monitored():
        begin(load("fairlead_coverage_setup").make(coverage, _state))


def claimed():
    """Whether this process measures for itself, or leaves a part for the one above it."""
    if collect.inherited():
        return bool(os.environ.get("FAIRLEAD_MEASURED"))
    return collect.claim()


def begin(cov):
    if not collect.inherited():
        os.environ["FAIRLEAD_MEASURED"] = "%d-%s" % (os.getpid(), token())
    cov.start()
    _state["cov"] = cov
    atexit.register(finish)


def monitored():
    """Whether a coverage tool holds its place in ``sys.monitoring``."""
    monitoring = getattr(sys, "monitoring", None)
    return monitoring is not None and monitoring.get_tool(monitoring.COVERAGE_ID) is not None


def adopt(find):
    """Read the data of somebody else's measurement, which ``find`` gives, at the end."""
    if collect.claim() and not _state["found"]:
        _state["pid"] = os.getpid()
        _state["found"] = find
        atexit.register(finish)


def finish():
    """Stop, and leave what was measured; does nothing the second time, or in a forked child."""
    if _state["pid"] != os.getpid():
        return
    cov, found = _state["cov"], _state["found"]
    _state["cov"] = _state["found"] = None
    try:
        os.makedirs(collect.folder)
    except OSError:
        pass  # it is there, or writing will fail below
    try:
        if cov is not None:
            leave(cov)
        elif found is not None:
            write(found(), ())
    except Exception:
        pass


def leave(cov):
    cov.stop()
    data = cov.get_data()
    if hasattr(data, "dumps") and collect.inherited():
        write_whole("%s.%s.part" % (os.environ["FAIRLEAD_MEASURED"], token()), data.dumps())
        return
    if hasattr(data, "loads"):
        join(data)
    write(cov, _state["installed"])


def join(data):
    """Take in what the children left."""
    mine = os.environ.pop("FAIRLEAD_MEASURED", None)
    for name in sorted(os.listdir(collect.folder)):
        if mine and name.startswith(mine) and name.endswith(".part"):
            path = os.path.join(collect.folder, name)
            with open(path, "rb") as file:
                part = type(data)(no_disk=True)
                part.loads(file.read())
            os.unlink(path)
            add(data, part)


def add(data, part):
    """Like ``data.update(part)``, which empties data held in memory before coverage 7."""
    for path in part.measured_files():
        if part.has_arcs():
            data.add_arcs({path: part.arcs(path)})
        else:
            data.add_lines({path: part.lines(path)})
        if part.file_tracer(path):
            data.add_file_tracers({path: part.file_tracer(path)})


def write(cov, installed):
    files = load("fairlead_coverage_setup").lines(cov, installed)
    if files:
        content = json.dumps({"meta": {"format": 2, "branch_coverage": False}, "files": files})
        write_whole("%d-%s.json" % (os.getpid(), token()), content.encode("ascii"))


def write_whole(name, data):
    path = os.path.join(collect.folder, name)
    with open(path + ".tmp", "wb") as file:
        file.write(data)
    os.rename(path + ".tmp", path)


def token():
    return "".join("%02x" % byte for byte in bytearray(os.urandom(4)))
