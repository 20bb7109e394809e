"""pytest, from 3.0 on: a plugin that joins each configuration that pytest makes.

No entry point leads to it, so nothing lists it: neither pytest's header nor ``pip freeze``. A run
inside a test of another run goes by unseen.
"""

import os

import fairlead_collect as collect
from fairlead_hook import load


def on_config(module):
    """Join the configurations that ``_pytest.config`` makes from now on."""
    make = module.get_config
    hooks = Plugin.__dict__
    module.hookimpl(tryfirst=True)(hooks["pytest_sessionfinish"])
    module.hookimpl(trylast=True)(hooks["pytest_unconfigure"])
    module.hookimpl(optionalhook=True)(hooks["pytest_xdist_node_collection_finished"])

    def get_config(*args, **kwargs):
        config = make(*args, **kwargs)
        quietly(join, config)
        return config

    module.get_config = get_config


def join(config):
    if not collect.active() and (is_worker() or not collect.inherited()):
        config.pluginmanager.register(Plugin(), "fairlead_collect")


def is_worker():
    """Whether this is a worker of pytest-xdist, made by the process that reports."""
    return "PYTEST_XDIST_WORKER" in os.environ and os.getppid() == collect.inherited()


def quietly(function, *args):
    try:
        function(*args)
    except Exception:
        pass


class Plugin(object):
    """Hands everything on to a ``Session``, which exists only where tests are to be reported."""

    session = None
    counted = False

    def pytest_load_initial_conftests(self, early_config):
        if collect.folder:
            quietly(self.measure, early_config)

    def measure(self, config):
        # pytest-cov comes before us.
        disabled = getattr(config.known_args_namespace, "no_cov", False)
        if config.pluginmanager.hasplugin("_cov") and not disabled:
            load("fairlead_coverage").adopt(lambda: of_pytest_cov(config))
        else:
            load("fairlead_coverage").start()

    def pytest_configure(self, config):
        quietly(self.begin, config)

    def begin(self, config):
        if not is_worker() and not config.getoption("collectonly") and collect.enter("pytest"):
            self.session = load("fairlead_pytest_reports").Session(config)

    def pytest_collection_finish(self, session):
        if self.session and session.items:
            self.count(session.items)

    def pytest_xdist_node_collection_finished(self, ids):
        self.count(ids)

    def count(self, items):
        if self.session and not self.counted:
            self.counted = True
            collect.collected(len(items))

    def pytest_collectreport(self, report):
        if self.session and not report.passed:
            quietly(self.session.uncollected, report)

    def pytest_runtest_logstart(self, nodeid, location):
        if self.session:
            try:
                self.session.started(nodeid, location)
            except Exception:
                pass

    def pytest_runtest_logreport(self, report):
        if self.session:
            try:
                self.session.reported(report)
            except Exception:
                pass

    def pytest_sessionfinish(self):
        if self.session:
            collect.flush()
        # A worker is waited for until this point, and may be killed after it.
        if collect.folder and is_worker():
            quietly(load("fairlead_coverage").finish)

    def pytest_unconfigure(self):
        if self.session:
            collect.leave()
        if collect.folder and not is_worker():
            quietly(load("fairlead_coverage").finish)


def of_pytest_cov(config):
    """The measurement of pytest-cov, combined over its workers."""
    controller = config.pluginmanager.getplugin("_cov").cov_controller
    return getattr(controller, "combining_cov", None) or controller.cov
