import itertools

from hypothesis import given
from hypothesis import strategies as st

from fairlead.client.sse import EventReader, ServerEvent

STREAM = (
    "\ufeffretry: 250\n\n: a comment\nevent: lines\nid: 12\ndata: one\ndata: two\n\n"
    "data: a plain one\r\n\r\nevent: nothing\n\nid: 30\revent: end\rdata:  ☃ {}\r\r"
    "event: cut\nid: 44\ndata: off"
).encode()
EVENTS = [
    ServerEvent("lines", "one\ntwo", "12"),
    ServerEvent("message", "a plain one", "12"),
    ServerEvent("end", " ☃ {}", "30"),
]


@given(st.lists(st.integers(0, len(STREAM)), max_size=12))
def test_a_stream_reads_the_same_wherever_it_is_cut(cuts):
    reader = EventReader()
    places = [0, *sorted(cuts), len(STREAM)]
    found = []
    for begin, end in itertools.pairwise(places):
        found += reader.feed(STREAM[begin:end])
    assert found == EVENTS
    assert (reader.last_id, reader.retry) == ("30", 0.25)


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(data):
    for event in EventReader().feed(data + b"\n\n"):
        assert event.event


def test_an_id_with_a_zero_byte_and_a_retry_that_is_no_number_do_not_count():
    reader = EventReader("5")
    assert reader.feed(b"id: 1\x002\nretry: soon\ndata: x\n\n") == [
        ServerEvent("message", "x", "5")
    ]
    assert reader.retry is None
