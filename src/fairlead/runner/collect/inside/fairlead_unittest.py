"""unittest, and what stands on it (Django's ``manage.py test`` first of all).

Every result class is wrapped when its first instance is made, so that classes which do not call
their parents are seen too. A test runs from ``startTest`` to ``stopTest``; what is called between
the two decides. Django's parallel runner replays those calls in the parent, where they count; its
workers are other processes and silent.
"""

import functools
import sys
import threading
import time
import traceback

import fairlead_collect as collect
from fairlead_hook import load

WATCHED = (
    "startTest", "stopTest", "addSuccess", "addError", "addFailure", "addSkip",
    "addExpectedFailure", "addUnexpectedSuccess", "addSubTest", "addDuration",
)
ORDER = ("", "passed", "skipped", "xfailed", "xpassed", "failed", "errored")
# unittest itself fails a run for it, except in Python 2.
UNEXPECTED = "failed" if sys.version_info[0] > 2 else "xpassed"

_local = threading.local()


def on_result(module):
    """Watch all results; ``module`` is ``unittest.result``."""
    base = module.TestResult
    make = base.__init__

    @functools.wraps(make)
    def __init__(self, *args, **kwargs):
        wrap(type(self))
        make(self, *args, **kwargs)

    base.__init__ = __init__
    wrap(base)


def on_runner(module):
    """Count the tests before they run; ``module`` is ``unittest.runner``."""
    runner = module.TextTestRunner
    runner.run = before(runner.run, announce)


def on_main(module):
    module.TestProgram.__init__ = before(module.TestProgram.__init__, measure)


def on_loader(module):
    module.TestLoader.discover = before(module.TestLoader.discover, measure)


def before(function, act):
    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        try:
            act(*args)
        except Exception:
            pass
        return function(*args, **kwargs)

    return wrapper


def announce(runner, suite, *_args):
    if watching() and collect.claim():
        count = suite.countTestCases()
        if count:  # Django's first parallel suites did not know
            collect.collected(count)
    measure()


def measure(*_args):
    if collect.folder and watching() and collect.claim():
        load("fairlead_coverage").start()


def watching():
    """Whether a test would be ours: not one inside of a test, or of another runner."""
    return not collect.active()


def wrap(cls):
    if "_fairlead_wrapped" in cls.__dict__:
        return
    try:
        cls._fairlead_wrapped = True
        for name in WATCHED:
            if hasattr(cls, name):
                setattr(cls, name, wrapped(cls, name))
    except Exception:
        pass


def wrapped(cls, name):
    note = getattr(Notes, name)
    own = cls.__dict__.get(name)

    def method(self, *args, **kwargs):
        function = getattr(super(cls, self), name) if own is None else own.__get__(self)
        if getattr(_local, "inside", False):
            return function(*args, **kwargs)
        _local.inside = True
        try:
            return function(*args, **kwargs)
        finally:
            _local.inside = False
            try:
                if collect.claim():
                    note(self, *args, **kwargs)
            except Exception:
                pass

    return functools.wraps(own)(method) if callable(own) else method


class Running(object):
    """The test between ``startTest`` and ``stopTest``."""

    def __init__(self, result, test, clock=getattr(time, "perf_counter", time.time)):
        self.result = result
        self.case = case(test)
        self.clock = clock
        self.start = clock()
        self.seconds = None
        self.outcome = ""
        self.message = ""
        self.texts = []

    def take(self, outcome, message="", details=""):
        if details:
            self.texts.append(details)
        if ORDER.index(outcome) > ORDER.index(self.outcome):
            self.outcome, self.message = outcome, message

    def finish(self):
        seconds = self.clock() - self.start if self.seconds is None else self.seconds
        report(self.case, self.outcome, self.message, "\n\n".join(self.texts), seconds)


class Notes(object):
    """What each call on a result says about the test it names; called after the result's own."""

    @staticmethod
    def startTest(result, test):
        running = current()
        if running is not None and running.result is not result:
            return
        if running is not None:
            collect.leave()
        if collect.enter("unittest"):
            _local.running = Running(result, test)
            collect.started(_local.running.case)

    @staticmethod
    def stopTest(result, test):
        running = current()
        if running is not None and running.result is result:
            _local.running = None
            collect.leave()
            if running.outcome:
                running.finish()

    @staticmethod
    def addSuccess(result, test):
        add(result, test, "passed")

    @staticmethod
    def addError(result, test, err):
        add(result, test, "errored", said(err), traced(result.errors, test, err))

    @staticmethod
    def addFailure(result, test, err):
        add(result, test, "failed", said(err), traced(result.failures, test, err))

    @staticmethod
    def addSkip(result, test, reason):
        add(result, test, "skipped", collect.text(reason))

    @staticmethod
    def addExpectedFailure(result, test, err):
        add(result, test, "xfailed", said(err))

    @staticmethod
    def addUnexpectedSuccess(result, test):
        add(result, test, UNEXPECTED, "Unexpected success")

    @staticmethod
    def addSubTest(result, test, subtest, err):
        if err is None:
            return
        failed = issubclass(err[0], test.failureException)
        entries = result.failures if failed else result.errors
        name = collect.text(subtest._subDescription())
        details = name + "\n" + traced(entries, subtest, err)
        add(result, test, "failed" if failed else "errored", name + " " + said(err), details)

    @staticmethod
    def addDuration(result, test, elapsed):
        running = current()
        if running is not None and running.result is result:
            running.seconds = elapsed


def current():
    return getattr(_local, "running", None)


def add(result, test, outcome, message="", details=""):
    running = current()
    if running is not None:
        if running.result is result:
            running.take(outcome, message, details)
    elif watching():
        # Without a test under way: setUpClass and its like, or a test skipped before its start.
        report(case(getattr(test, "test_case", test)), outcome, message, details, 0.0)


def report(which, outcome, message, details, seconds):
    fields = {"outcome": outcome, "seconds": round(max(0.0, seconds), 6)}
    if message:
        fields["message"] = message
    if details:
        fields["details"] = details
    collect.finished(which, **fields)


def case(test):
    """The name of a test, and where it is written."""
    method = getattr(test, "_testMethodName", None)
    cls = type(test)
    if method is None:
        name = collect.text(test.id())
        suite, _, short = name.rpartition(".") if " " not in name else ("", "", name)
        return collect.case(suite=suite, name=short, id=name)
    suite = "" if cls.__module__ == "unittest.loader" else qualified(cls)
    path, line = located(cls, method)
    name = "%s.%s" % (suite, method) if suite else method
    return collect.case(suite=suite, name=method, id=name, file=path, line=line)


def qualified(cls):
    return "%s.%s" % (cls.__module__, getattr(cls, "__qualname__", cls.__name__))


def located(cls, method):
    function = getattr(cls, method, None)
    function = getattr(function, "__func__", function)
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    code = getattr(function, "__code__", None)
    return (collect.relative(code.co_filename), code.co_firstlineno) if code else ("", 0)


def said(err):
    return collect.text("".join(traceback.format_exception_only(err[0], err[1])).strip())


def traced(entries, test, err):
    """The traceback as the result itself wrote it, or else as Python does."""
    if entries and entries[-1][0] is test:
        return collect.text(entries[-1][1])
    return collect.text("".join(traceback.format_exception(*err)))
