import pytest

pytest.importorskip("django", reason="the server's dependencies are not installed")

from fairlead.server.web.phases import WIDTH, phase_bars


def test_phases_follow_one_another_over_the_whole_width():
    bars = phase_bars([["checkout", 1.0, ""], ["steps", 3.0, "cold"]])
    assert [(bar.name, bar.x, bar.width) for bar in bars] == [
        ("checkout", 0, WIDTH // 4),
        ("steps", WIDTH // 4, WIDTH * 3 // 4),
    ]
    assert bars[1].title.endswith(": cold")


def test_a_short_phase_is_still_seen():
    assert phase_bars([["a", 0.0, ""], ["b", 100.0, ""]])[0].width == 2


def test_there_may_be_none():
    assert phase_bars([]) == []
