"""Leave to read one stream, for a while: signed, so that a stream asks no database who it is."""

from django.core import signing

_SALT = "fairlead.server.streams"
_SECONDS = 12 * 3600


def stream_token(kind: str, number: int = 0) -> str:
    """Leave for a stream of ``kind`` (``log``, ``build``, ``all``) about the row ``number``.

    Given by pages and the API, to those who may read it; it holds for twelve hours.
    """
    return signing.dumps([kind, number], salt=_SALT)


def read_token(token: str, kind: str, number: int = 0) -> bool:
    """Whether ``token`` is leave for this stream, and not too old."""
    try:
        return bool(signing.loads(token, salt=_SALT, max_age=_SECONDS) == [kind, number])
    except signing.BadSignature:
        return False


def stream_path(kind: str, number: int = 0) -> str:
    """The address of a stream, with its token: ``/stream/build/7?token=...``."""
    place = f"{kind}/{number}" if kind != "all" else kind
    return f"/stream/{place}?token={stream_token(kind, number)}"
