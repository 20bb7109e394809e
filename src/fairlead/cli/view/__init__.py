"""How a run is shown while it goes on and at its end: one sink a kind of reader."""

from collections.abc import Mapping
from typing import IO, Literal

from fairlead.cli.view.base import Picture, Sink
from fairlead.cli.view.look import Look, is_terminal, look_of

__all__ = ["Look", "Mode", "Picture", "Sink", "choose_picture", "choose_view", "look_of"]

Mode = Literal["auto", "live", "plain", "events"]


def choose_view(
    stream: IO[str],
    environ: Mapping[str, str],
    mode: Mode = "auto",
    *,
    expected: Mapping[str, float] | None = None,
) -> Sink:
    """The sink for a stream: ``auto`` is live on a terminal, and else plain.

    Where a CI service runs us, ``auto`` writes plain lines with that service's folds, also on a
    terminal (Travis gives one). ``expected`` is what each job took last, in seconds by id.
    """
    if mode == "events":
        from fairlead.cli.view.jsonl import JsonLinesView

        return JsonLinesView(stream)
    return choose_picture(stream, environ, mode, expected=expected)


def choose_picture(
    stream: IO[str],
    environ: Mapping[str, str],
    mode: Mode = "auto",
    *,
    expected: Mapping[str, float] | None = None,
    word: str = "run",
) -> Picture:
    """As ``choose_view`` does, for people; ``word`` says what is shown: a run, or a build."""
    look = look_of(stream, environ)
    folding = None
    if mode == "auto":
        from fairlead.cli.view.folding import folding_for

        folding = folding_for(environ)
    capable = is_terminal(stream) and environ.get("TERM", "dumb") != "dumb"
    if mode == "live" or (mode == "auto" and capable and not folding):
        from fairlead.cli.view.live import LiveView

        return LiveView(stream, look, expected or {}, word)
    from fairlead.cli.view.plain import PlainView

    return PlainView(stream, look, folding, word)
