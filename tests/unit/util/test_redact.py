from hypothesis import given
from hypothesis import strategies as st

from fairlead.util.redact import MASK, Redactor


@given(st.binary(max_size=40), st.binary(max_size=40), st.integers(1, 12))
def test_a_secret_is_masked_however_the_stream_is_cut(before, after, size):
    secret = b"correct-horse"
    stream = before + secret + after
    redactor = Redactor([secret.decode()])
    pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
    shown = b"".join(redactor.feed(piece) for piece in pieces) + redactor.flush()
    assert secret not in shown
    assert shown == stream.replace(secret, MASK)


def test_each_line_of_a_secret_is_a_secret_and_short_ones_are_not():
    redactor = Redactor(["first\nsecond", "ab"])
    assert redactor.text("ab second first") == "ab [secret] [secret]"


def test_without_secrets_nothing_is_held_back():
    assert Redactor([]).feed(b"as it is") == b"as it is"


@given(st.sampled_from((b"", b"x ", b"hunter")), st.binary(max_size=9), st.integers(1, 40))
def test_a_secret_that_holds_another_is_masked_however_the_stream_is_cut(before, after, size):
    inner, longer, outer = b"hunter22", b"hunter22-more", b"postgres://u:hunter22@host/data"
    for secret in (inner, longer, outer):
        stream = before + secret + after
        redactor = Redactor([one.decode() for one in (inner, longer, outer)])
        pieces = [stream[i : i + size] for i in range(0, len(stream), size)]
        shown = b"".join(redactor.feed(piece) for piece in pieces) + redactor.flush()
        assert shown == stream.replace(secret, MASK)


def test_what_may_go_on_is_held_back_and_masked_at_the_end():
    redactor = Redactor(["abc123", "abc123def456"])
    assert (redactor.feed(b"x abc123"), redactor.flush()) == (b"x ", MASK)
