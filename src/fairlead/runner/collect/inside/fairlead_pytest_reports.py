"""From pytest's reports to one line for each test, named as in pytest's own JUnit file."""

import os
import re

import fairlead_collect as collect

# What XML cannot hold, and DEL. Surrogates come in pairs in Python 2, and are fine there.
_CONTROL = b"\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f\\ufffe\\uffff".decode("unicode_escape")
_UNPRINTABLE = "[%s]" % (_CONTROL + ("" if str is bytes else "\\ud800-\\udfff"))
_modules = {}


def names(nodeid):
    """(suite, name) of a node id: ``a/b.py::C::d[x]`` is ``a.b.C`` and ``d[x]``."""
    path, colons, rest = nodeid.partition("::")
    module = _modules.get(path)
    if module is None:
        plain = collect.text(path[:-3] if path.endswith(".py") else path)
        module = _modules[path] = printable(plain.replace("/", "."))
    if not colons:
        return "", module
    rest, bracket, params = printable(collect.text(rest)).partition("[")
    parts = [module] + [part for part in rest.split("::") if part != "()"]
    return ".".join(parts[:-1]), parts[-1] + bracket + params


def printable(text):
    """``text`` as pytest writes it to XML: what XML cannot hold as ``#x1B``."""
    if str is not bytes and text.isprintable():
        return text
    return re.sub(_UNPRINTABLE, lambda found: "#x%02X" % ord(found.group()), text)


class Session(object):
    """The tests under way. With pytest-xdist, reports of several of them come interleaved."""

    def __init__(self, config):
        self.root = str(getattr(config, "rootpath", None) or config.rootdir)
        self.here = os.getcwd()
        self.prefix = getattr(config.option, "junitprefix", None)
        self.distributed = config.pluginmanager.hasplugin("dsession")
        self.tests = {}
        self.known = {}
        self.files = {}

    def case(self, nodeid, location):
        suite, name = names(nodeid)
        if self.prefix:
            suite = "%s.%s" % (self.prefix, suite) if suite else self.prefix
        path, line = location[0], location[1]
        if path not in self.files:
            self.files[path] = collect.relative(os.path.join(self.root, path))
        return collect.case(
            suite=suite,
            name=name,
            id=self.runnable(nodeid),
            file=self.files[path],
            line=line + 1 if isinstance(line, int) and line >= 0 else 0,
        )

    def runnable(self, nodeid):
        """The node id from where pytest was started, which need not be its root."""
        if self.root == self.here:
            return nodeid
        path, colons, rest = nodeid.partition("::")
        return os.path.relpath(os.path.join(self.root, path), self.here) + colons + rest

    def started(self, nodeid, location):
        which = self.known[nodeid] = self.case(nodeid, location)
        collect.started(which)

    def uncollected(self, report):
        """A file that could not be collected, or that skipped itself."""
        outcome = "errored" if report.failed else "skipped"
        which = self.case(report.nodeid, (report.nodeid.partition("::")[0], None))
        collect.finished(which, outcome=outcome, message=why(report), details=details(report))

    def reported(self, report):
        key = (report.nodeid, getattr(report, "node", None))
        test = self.tests.get(key)
        if test is None:
            test = self.tests[key] = Test()
        test.take(report)
        # Another "when" is that of pytest-xdist's report of a worker that died.
        if report.when not in ("setup", "call") and not test.again:
            del self.tests[key]
            which = self.known.pop(report.nodeid, None)
            which = which or self.case(report.nodeid, report.location)
            # The next test starts at once, if it does so in this process.
            hold = test.outcome == "passed" and not self.distributed
            collect.finished(which, hold, **test.line())


class Test(object):
    """One test from its setup to its teardown, over all its reruns."""

    outcome = "passed"
    message = ""
    seconds = 0.0
    texts = ()
    reruns = ()
    subtests = ()
    last = None
    again = False  # until the next setup; some versions tear down in between

    def take(self, report):
        if report.outcome == "rerun":
            reruns = self.reruns + (details(report),)
            self.__dict__.clear()
            self.reruns, self.again = reruns, True
        elif self.again and report.when != "setup":
            pass
        elif hasattr(report, "context") and type(report).__name__.lower() == "subtestreport":
            if report.failed:
                self.subtests += (report,)
        else:
            self.seconds += getattr(report, "duration", 0.0)
            self.last = report
            self.again = False
            if report.outcome != "passed" or hasattr(report, "wasxfail"):
                self.judge(report)

    def judge(self, report):
        outcome = outcome_of(report)
        if outcome == "passed" or (self.outcome == "failed" and outcome != "errored"):
            return
        if report.failed:
            self.texts += (details(report),)
        if self.outcome != "failed":
            self.outcome = outcome
            self.message = why(report)

    def line(self):
        for report in self.subtests:
            self.texts += (described(report) + "\n" + details(report),)
        if self.subtests and self.outcome in ("passed", "failed"):
            failed = ", ".join(described(report) for report in self.subtests)
            self.outcome, self.message = "failed", "failed subtests: " + failed
        elif self.reruns and self.outcome == "passed":
            self.message = "passed after %d failed attempts" % len(self.reruns)
            if len(self.reruns) == 1:
                self.message = "passed after 1 failed attempt"
            self.texts = self.reruns
        told = {"outcome": self.outcome, "seconds": round(self.seconds, 6)}
        if self.message:
            told["message"] = self.message
        if self.texts:
            told["details"] = "\n\n".join(self.texts)
        if self.outcome in ("failed", "errored"):
            told["output"] = output(self.last)
        return told


def outcome_of(report):
    expected = hasattr(report, "wasxfail")
    if report.failed:
        return "failed" if report.when == "call" else "errored"
    if report.skipped:
        return "xfailed" if expected else "skipped"
    return "xpassed" if expected and report.when == "call" else "passed"


def why(report):
    """One sentence: what failed, or why it was not run."""
    if hasattr(report, "wasxfail"):
        return re.sub("^reason: ", "", collect.text(report.wasxfail))
    longrepr = report.longrepr
    if report.skipped and isinstance(longrepr, tuple):
        return re.sub("^Skipped:? ?", "", collect.text(longrepr[2]))
    crash = getattr(longrepr, "reprcrash", None)
    if crash is not None:
        return collect.text(crash.message)
    lines = [line for line in collect.text(longrepr).splitlines() if line.strip()]
    errors = [line[1:].strip() for line in lines if line.startswith("E  ")]
    return (errors or lines or [""])[-1]


def details(report):
    if not report.failed and report.outcome != "rerun":
        return ""
    return collect.text(getattr(report, "longreprtext", None) or report.longrepr or "")


def described(report):
    describe = getattr(report, "sub_test_description", None)
    return collect.text((describe or report._sub_test_description)())


def output(report):
    parts = ["%s\n%s" % (collect.text(k), collect.text(v)) for k, v in report.sections if v]
    return "\n".join(parts)
