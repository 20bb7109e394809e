"""What to measure, and the lines of it: the project's own settings, or sensible ones."""

import json
import os
import sys

import fairlead_collect as collect

# Left out where the project does not say what to measure; below the folder, at any depth.
OMITTED = (
    "tests/*", "test/*", "testing/tests/*", "test_*.py", "*_test.py", "tests.py", "conftest.py",
    "features/steps/*", "features/environment.py",
)
# The same, but only at the top.
OMITTED_HERE = (
    "docs/*", "doc/*", "build/*", "setup.py", "manage.py", "noxfile.py", "tasks.py", "fabfile.py",
)
QUIET = {
    "run:patch": [], "run:sigterm": False, "run:debug": [], "run:context": None,
    "run:dynamic_context": None, "run:parallel": False,
}


def make(coverage, state):
    """A measurement that is not yet started, keeps its data in memory and says nothing."""
    here = os.path.realpath(os.getcwd())
    modern = getattr(coverage, "version_info", (0,)) >= (5,)
    cov = coverage.Coverage(data_file=None if modern else spare_file())
    cov._warn = lambda *args, **kwargs: None
    for name, value in QUIET.items():
        option(cov, name, value)
    config = cov.config
    concurrency = [kind for kind in config.concurrency or [] if kind != "multiprocessing"]
    option(cov, "run:concurrency", concurrency or ["thread"])
    if not chosen(config):
        found = installed(here)
        state["installed"] = found
        cov.set_option("run:source", sources(here) + [there for there, _ in found])
        cov.set_option("run:omit", list(config.run_omit or []) + omitted(here))
    if sysmon(coverage, config):
        option(cov, "run:core", "sysmon")
    return cov


def spare_file():
    """A name for versions that want a file; never written."""
    return os.path.join(collect.folder, "unused.data")


def option(cov, name, value):
    try:
        cov.set_option(name, value)
    except Exception:
        pass  # a version without this option


def chosen(config):
    """Whether the project says itself what to measure."""
    names = ("source", "source_pkgs", "source_dirs", "run_include")
    return any(getattr(config, name, None) for name in names)


def sysmon(coverage, config):
    """Whether the cheap way to measure can be asked for."""
    fit = sys.version_info >= (3, 12) and getattr(coverage, "version_info", (0,)) >= (7, 4)
    plain = (config.concurrency or ["thread"]) == ["thread"] and not config.branch
    asked = os.environ.get("COVERAGE_CORE") or getattr(config, "core", None)
    return fit and plain and not asked and not config.plugins


def sources(here):
    """The folder, and those below it that hold packages without being one (``src``)."""
    found = [here]
    for name in ("src", "lib", "python"):
        path = os.path.join(here, name)
        if os.path.isdir(path) and not os.path.exists(os.path.join(path, "__init__.py")):
            found.append(path)
    return found


def omitted(here):
    patterns = [os.path.join(here, name) for name in OMITTED + OMITTED_HERE]
    patterns += [os.path.join(here, "**", name) for name in OMITTED]
    for name in os.listdir(here):
        hidden = name.startswith(".") and os.path.isdir(os.path.join(here, name))
        if hidden or os.path.exists(os.path.join(here, name, "pyvenv.cfg")):
            patterns.append(os.path.join(here, name, "*"))
    return patterns


def installed(here):
    """(installed, source) folders of the project's packages that are imported from elsewhere."""
    found = []
    for base in sources(here):
        for name in sorted(os.listdir(base)):
            source = os.path.join(base, name)
            if name in ("tests", "test", "docs") or not is_package(source):
                continue
            for entry in sys.path:
                there = os.path.realpath(os.path.join(entry or here, name))
                if is_package(there):
                    if not there.startswith(here + os.sep) or "site-packages" in there:
                        found.append((there, source))
                    break
    return found


def is_package(path):
    return os.path.exists(os.path.join(path, "__init__.py"))


def lines(cov, installed):
    """``{path: {"executed_lines": [...], "missing_lines": [...]}}``, paths from the workspace."""
    found = reported(cov) if hasattr(cov, "json_report") else analysed(cov)
    files = {}
    for path, content in found.items():
        name = mapped(os.path.join(os.getcwd(), path), installed)
        before = files.get(name)
        files[name] = joined(before, content) if before else content
    return files


def reported(cov):
    """The lines as coverage's own JSON report has them."""
    path = os.path.join(collect.folder, "report-%d.tmp" % os.getpid())
    cov._message = lambda *args: None
    try:
        cov.json_report(outfile=path, ignore_errors=True)
        with open(path) as file:
            files = json.load(file)["files"]
    finally:
        if os.path.exists(path):
            os.unlink(path)
    names = ("executed_lines", "missing_lines")
    return dict((path, dict((n, content[n]) for n in names)) for path, content in files.items())


def analysed(cov):
    """The same from versions before 5, which have no such report."""
    files = {}
    for path in cov.get_data().measured_files():
        try:
            _, statements, _, missing, _ = cov.analysis2(path)
        except Exception:
            continue  # no source, or not Python
        executed = sorted(set(statements) - set(missing))
        files[path] = {"executed_lines": executed, "missing_lines": sorted(missing)}
    return files


def mapped(path, installed):
    for there, source in installed:
        if path.startswith(there + os.sep):
            path = source + path[len(there) :]
    return collect.relative(path)


def joined(one, other):
    executed = set(one["executed_lines"]) | set(other["executed_lines"])
    missing = (set(one["missing_lines"]) | set(other["missing_lines"])) - executed
    return {"executed_lines": sorted(executed), "missing_lines": sorted(missing)}
