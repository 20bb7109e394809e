"""Figures about the whole installation, by queries that stay cheap however much is stored.

Counting all builds would read them all; so what has ended is counted for the last hour only,
and the number of all builds is the sum of the projects' own counts.
"""

import os
from collections.abc import Sequence
from typing import Any

from django.db import connection

import fairlead
from fairlead.server.configuration import Configuration
from fairlead.server.operating.exposition import Metric, Sample, buckets
from fairlead.server.storage.opening import folder_of
from fairlead.server.storage.place import SCHEME
from fairlead.server.store.models import ENDED, OPEN
from fairlead.server.store.waiting import SILENT

BOUNDS = (1.0, 2.0, 5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 3600.0)

_OPEN = """
SELECT state, count(*),
  coalesce(max(extract(epoch FROM now() - coalesce(due, created)))
           FILTER (WHERE state = 'queued' AND (due IS NULL OR due <= now())), 0)
FROM store_build WHERE state IN ('held', 'queued', 'running') GROUP BY state
"""
_LAST_HOUR = """
SELECT state, width_bucket(seconds, %s::float8[]), count(*), 0
FROM store_build WHERE finished > now() - interval '1 hour' GROUP BY 1, 2
UNION ALL
SELECT '', width_bucket(extract(epoch FROM started - greatest(created, due))::float8,
                        %s::float8[]), count(*), 1
FROM store_build WHERE finished > now() - interval '1 hour' AND started IS NOT NULL GROUP BY 2
"""
_REST = """
WITH there AS (SELECT slots FROM store_worker
               WHERE seen > now() - make_interval(secs => %s) AND NOT stopping)
SELECT (SELECT count(*) FROM store_project),
  (SELECT coalesce(sum(counted), 0) FROM store_project),
  (SELECT count(*) FROM there), (SELECT coalesce(sum(slots), 0) FROM there),
  (SELECT count(*) FROM (SELECT 1 FROM store_logchunk LIMIT 100000) AS counted),
  (SELECT count(*) FROM store_logchunk c JOIN store_attempt a ON a.id = c.attempt_id
   WHERE c.start = 0 AND a.finished < now() - interval '1 minute'),
  pg_database_size(current_database())
"""
_NAMES = (
    ("projects", "gauge", "Projects there are."),
    ("builds_total", "counter", "Builds ever accepted, of projects that are still there."),
    ("workers", "gauge", "Workers that were heard of lately and take builds."),
    ("slots", "gauge", "Builds that these workers can run at once."),
    ("log_chunks", "gauge", "Pieces of logs in the database; counted up to 100,000."),
    ("logs_left", "gauge", "Logs of jobs that ended a minute ago, and are not in storage yet."),
    ("database_bytes", "gauge", "Size of the database."),
)


def measure(told: Configuration) -> list[Metric]:
    """Ask the database, and the disk that storage is on. Raises what the database raises."""
    with connection.cursor() as cursor:
        cursor.execute(_OPEN)
        waiting = cursor.fetchall()
        bounds = list(BOUNDS)
        cursor.execute(_LAST_HOUR, (bounds, bounds))
        ended = cursor.fetchall()
        cursor.execute(_REST, (SILENT.total_seconds(),))
        rest = cursor.fetchone() or ()
    info = Sample(1.0, {"version": fairlead.__version__})
    return [
        _one("info", "gauge", "The version in a label.", [info]),
        *_of_open(waiting),
        *_of_ended(ended),
        *(
            _one(name, kind, words, [Sample(float(value))])
            for (name, kind, words), value in zip(_NAMES, rest, strict=True)
        ),
        *_of_disk(told),
    ]


def _of_open(rows: Sequence[Sequence[Any]]) -> list[Metric]:
    counts = {state: count for state, count, _ in rows}
    oldest = next((float(age) for state, _, age in rows if state == "queued"), 0.0)
    samples = [Sample(float(counts.get(state, 0)), {"state": str(state)}) for state in OPEN]
    words = "Builds without a verdict, by state."
    return [
        _one("builds", "gauge", words, samples),
        _one(
            "queue_oldest_seconds",
            "gauge",
            "For how long the first build in the queue has waited.",
            [Sample(oldest)],
        ),
    ]


def _of_ended(rows: Sequence[Sequence[Any]]) -> list[Metric]:
    """Gauges with ``le``: a window that slides is no histogram, whose counts only grow."""
    states = dict.fromkeys(map(str, ENDED), 0)
    seconds, waits = ([0] * (len(BOUNDS) + 1) for _ in range(2))
    for state, place, count, waited in rows:
        (waits if waited else seconds)[place] += count
        if not waited and state in states:
            states[state] += count
    samples = [Sample(float(count), {"state": state}) for state, count in states.items()]
    hour = "of builds that ended within the last hour"
    return [
        _one("builds_ended_last_hour", "gauge", f"Verdicts {hour}, by state.", samples),
        _one("build_seconds_last_hour", "gauge", f"Duration {hour}.", buckets(BOUNDS, seconds)),
        _one(
            "queue_seconds_last_hour", "gauge", f"Time in the queue {hour}.", buckets(BOUNDS, waits)
        ),
    ]


def _of_disk(told: Configuration) -> list[Metric]:
    if told.storage.startswith(SCHEME):
        return []
    try:
        disk = os.statvfs(folder_of(told))
    except OSError:
        return []
    free, size = disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize
    return [
        _one("storage_free_bytes", "gauge", "Free on the disk of storage.", [Sample(float(free))]),
        _one("storage_size_bytes", "gauge", "Size of the disk of storage.", [Sample(float(size))]),
    ]


def _one(name: str, kind: str, words: str, samples: list[Sample]) -> Metric:
    return Metric(name=name, kind=kind, words=words, samples=samples)
