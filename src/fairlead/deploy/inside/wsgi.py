# Stands between a slot's web server and the application, and says in each answer who answered.
# Runs with the release's Python, from 2.7 on. fairlead writes it again at each deployment.
import importlib
import os

_HEADER = ("X-Fairlead-Release", os.environ["RELEASE_VERSION"])


def _found(target):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    call = name.endswith("()")
    for part in (name[:-2] if call else name or "application").split("."):
        found = getattr(found, part)
    return found() if call else found


_application = _found(os.environ["FAIRLEAD_TARGET"])


def application(environ, start_response):
    def start(status, headers, exc_info=None):
        return start_response(status, list(headers) + [_HEADER], exc_info)

    return _application(environ, start)
