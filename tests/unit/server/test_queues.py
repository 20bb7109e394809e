import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.errors import FairleadError
from fairlead.server.engine.queues import queue_name, queues_of

LABELS = st.frozensets(st.text("abc-._1", min_size=1, max_size=5), max_size=5)


@given(offered=LABELS, wanted=LABELS)
def test_a_worker_serves_exactly_the_builds_whose_labels_it_has(offered, wanted):
    assert (queue_name(wanted) in queues_of(offered)) == (wanted <= offered)


def test_the_order_of_labels_does_not_matter():
    assert queue_name(["b", "a", "b"]) == queue_name(["a", "b"]) == "build:a+b"


@pytest.mark.parametrize("label", ["", "a b", "a+b", "a:b", "a,b", "a\n"])
def test_odd_labels_are_refused(label):
    with pytest.raises(FairleadError, match="no label"):
        queue_name([label])


def test_too_many_and_too_long_ones_are_refused():
    with pytest.raises(FairleadError, match="at most 10"):
        queues_of(map(str, range(11)))
    with pytest.raises(FairleadError, match="too long"):
        queue_name(["a" * 70, "b" * 70])
