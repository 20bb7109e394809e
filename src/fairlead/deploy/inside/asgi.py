# Stands between a slot's web server and the application, and says in each answer who answered.
# Runs with the release's Python, from 3.6 on. fairlead writes it again at each deployment.
import importlib
import os

_HEADER = (b"x-fairlead-release", os.environ["RELEASE_VERSION"].encode())


def _found(target):
    module, _, name = target.partition(":")
    found = importlib.import_module(module)
    call = name.endswith("()")
    for part in (name[:-2] if call else name or "application").split("."):
        found = getattr(found, part)
    return found() if call else found


_application = _found(os.environ["FAIRLEAD_TARGET"])


async def application(scope, receive, send):
    async def say(message):
        if message["type"] == "http.response.start":
            message = dict(message, headers=list(message.get("headers") or ()) + [_HEADER])
        await send(message)

    await _application(scope, receive, say)
