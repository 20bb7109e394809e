"""Prometheus' text format, version 0.0.4 (its documentation, "Exposition formats")."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


class Sample(msgspec.Struct, frozen=True):
    """A figure; ``suffix`` is what a histogram appends to its name."""

    value: float
    labels: Mapping[str, str] = {}
    suffix: str = ""


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """Samples of one ``kind`` (counter, gauge, histogram) under ``fairlead_`` and ``name``."""

    name: str
    kind: str
    words: str
    samples: Sequence[Sample]


def buckets(
    bounds: Sequence[float], counts: Sequence[int], labels: Mapping[str, str] | None = None
) -> list[Sample]:
    """How many values were at most each bound; ``counts`` are between them, and one above all."""
    names = [*(f"{bound:g}" for bound in bounds), "+Inf"]
    sums = accumulate(counts)
    return [
        Sample(float(count), {**(labels or {}), "le": name})
        for name, count in zip(names, sums, strict=True)
    ]


def written(metrics: Iterable[Metric]) -> bytes:
    """All of them as a scraper reads them."""
    return "".join(line for metric in metrics for line in _lines(metric)).encode()


def _lines(metric: Metric) -> Iterable[str]:
    name = f"fairlead_{metric.name}"
    yield f"# HELP {name} {metric.words}\n# TYPE {name} {metric.kind}\n"
    for sample in metric.samples:
        pairs = (f'{key}="{value.translate(_ESCAPES)}"' for key, value in sample.labels.items())
        labels = ",".join(pairs)
        value = f"{sample.value:.12g}"
        yield f"{name}{sample.suffix}{{{labels}}} {value}\n" if labels else f"{name} {value}\n"
