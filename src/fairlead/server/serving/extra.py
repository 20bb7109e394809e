"""Whether this installation can serve at all."""

from importlib.util import find_spec

from fairlead.errors import FairleadError

_NEEDED = (
    "django",
    "procrastinate",
    "psycopg",
    "uvicorn",
    "servestatic",
    "ninja",
    "storages",
    "cryptography",
)


def need_server() -> None:
    """Raise ``FairleadError`` where the packages that only the server needs are not installed."""
    absent = [name for name in _NEEDED if find_spec(name) is None]
    if absent:
        raise FairleadError(
            f"the server's packages are not installed ({', '.join(absent)} cannot be found)",
            hint="pip install 'fairlead[server]', in a checkout of it pip install '.[server]'",
        )
