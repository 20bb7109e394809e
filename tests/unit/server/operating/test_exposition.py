import asyncio
import re

from fairlead.server.operating.exposition import Metric, Sample, buckets, written
from fairlead.server.operating.requests import BOUNDS, Tally, part_of


def test_the_text_is_as_documented():
    sample = Sample(3.0, {"name": 'a "b"\\\n'})
    metric = Metric(name="things", kind="gauge", words="Some.", samples=[sample])
    assert written([metric]) == (
        b"# HELP fairlead_things Some.\n# TYPE fairlead_things gauge\n"
        b'fairlead_things{name="a \\"b\\"\\\\\\n"} 3\n'
    )


def test_large_numbers_keep_their_digits():
    metric = Metric(name="bytes", kind="gauge", words="B.", samples=[Sample(123456789012.0)])
    assert b"fairlead_bytes 123456789012\n" in written([metric])


def test_buckets_add_up():
    found = [(s.labels["le"], s.value) for s in buckets((0.5, 10.0), [1, 2, 3], {"a": "b"})]
    assert found == [("0.5", 1.0), ("10", 3.0), ("+Inf", 6.0)]


def answer(tally, path, seconds, *, status=200, fails=False, kind="http"):
    """Have the tally see a request that takes so long."""

    async def app(scope, receive, send):
        if kind == "http":
            await send({"type": "http.response.start", "status": status, "headers": []})
        clock.now += seconds
        if fails:
            raise RuntimeError

    async def send(message):
        pass

    clock = tally._clock
    scope = {"type": kind, "path": path, "method": "GET", "headers": []}
    asyncio.run(tally.counted(app)(scope, None, send))


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def lines(tally):
    text = written(tally.metrics()).decode()
    return dict(re.findall(r"^fairlead_(\S+) (\S+)$", text, re.MULTILINE))


def test_requests_are_counted_and_timed():
    tally = Tally(Clock())
    answer(tally, "/api/v1/me", 0.004)
    answer(tally, "/api/v1/builds", 0.3, status=404)
    answer(tally, "/p/sample/", 100.0)
    found = lines(tally)
    assert found['http_requests_total{part="api",status="2xx"}'] == "1"
    assert found['http_requests_total{part="api",status="4xx"}'] == "1"
    assert found['http_request_seconds_bucket{part="api",le="0.005"}'] == "1"
    assert found['http_request_seconds_bucket{part="api",le="0.5"}'] == "2"
    assert found['http_request_seconds_sum{part="api"}'] == "0.304"
    assert found['http_request_seconds_bucket{part="pages",le="10"}'] == "0"
    assert found['http_request_seconds_count{part="pages"}'] == "1"


def test_what_lasts_is_counted_but_not_timed():
    tally = Tally(Clock())
    answer(tally, "/stream/log/1", 4000.0)
    found = lines(tally)
    assert found == {'http_requests_total{part="stream",status="2xx"}': "1"}


def test_a_request_that_breaks_is_counted():
    tally = Tally(Clock())
    try:
        answer(tally, "/x", 0.1, fails=True)
    except RuntimeError:
        assert lines(tally)['http_requests_total{part="pages",status="2xx"}'] == "1"
    else:
        raise AssertionError


def test_the_start_of_the_server_is_no_request():
    tally = Tally(Clock())
    answer(tally, "", 1.0, kind="lifespan")
    assert lines(tally) == {}


def test_parts_are_few_whatever_is_asked_for():
    assert {part_of(f"/{word}/x") for word in ("p", "wp-admin", "..", "")} == {"pages"}
    assert [part_of(path) for path in ("/git/a.git/info", "/metrics", "/hooks/github/a")] == [
        "git",
        "operating",
        "hooks",
    ]
    assert len(BOUNDS) == 11
