"""An import hook: when a test runner is first imported, the sibling made for it is called.

Nothing is imported early, so a process that runs no tests pays for one dictionary look-up an
import. ``WATCHED`` says which sibling and which of its functions is given the new module.
``FOLDER``, where they lie, and ``CODES``, those compiled before, are set by ``fairlead_boot``.
"""

import marshal
import os
import sys

WATCHED = {
    "_pytest.config": ("fairlead_pytest", "on_config"),
    "unittest.result": ("fairlead_unittest", "on_result"),
    "unittest.runner": ("fairlead_unittest", "on_runner"),
    "behave.model": ("fairlead_behave", "on_model"),
    "behave.runner": ("fairlead_behave", "on_runner"),
}
MEASURED = {
    "unittest.loader": ("fairlead_unittest", "on_loader"),
    "unittest.main": ("fairlead_unittest", "on_main"),
    "django.core.management": ("fairlead_coverage", "on_django"),
    "multiprocessing.util": ("fairlead_coverage", "on_multiprocessing"),
}


def load(name):
    """The sibling ``name``, under a file name that coverage and debuggers pass over."""
    if name not in sys.modules:
        if name != "fairlead_collect":
            load("fairlead_collect")
        module = type(sys)(name)
        sys.modules[name] = module
        exec(code_of(name), module.__dict__)
    return sys.modules[name]


def code_of(name):
    if name in CODES:  # noqa: F821
        return marshal.loads(CODES[name])  # noqa: F821
    with open(os.path.join(FOLDER, name + ".py"), "rb") as source:  # noqa: F821
        return compile(source.read(), "<fairlead>/%s.py" % name, "exec", 0, True)


def call(target, module):
    try:
        getattr(load(target[0]), target[1])(module)
    except Exception:
        pass


class Finder(object):
    """Lets the other finders find, and calls back once the module has run."""

    def __init__(self, waiting):
        self.waiting = waiting

    def find_spec(self, name, path=None, target=None):
        if name not in self.waiting:
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec = find(name, path, target) if find and finder is not self else None
            if spec is not None:
                self.arrange(spec.loader, name)
                return spec
        return None

    def arrange(self, loader, name):
        run = getattr(loader, "exec_module", None)

        def exec_module(module):
            loader.__dict__.pop("exec_module", None)
            run(module)
            if module.__name__ == name and name in self.waiting:
                call(self.waiting.pop(name), module)

        try:
            loader.exec_module = exec_module
        except Exception:
            pass

    def find_module(self, name, path=None):
        """Python 2: claim the module, and import it again without us."""
        return self if name in self.waiting else None

    def load_module(self, name):
        wanted = self.waiting.pop(name)
        __import__(name)
        call(wanted, sys.modules[name])
        return sys.modules[name]


def install():
    waiting = dict(WATCHED)
    if os.environ.get("FAIRLEAD_COVERAGE"):
        waiting.update(MEASURED)
    for name in list(waiting):
        if name in sys.modules:
            call(waiting.pop(name), sys.modules[name])
    sys.meta_path.insert(0, Finder(waiting))


install()
