from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Violation
from fairlead.reports.violations.fingerprint import fingerprinted


def violation(line, message="unused variable", path="a.py", rule="F841", column=1):
    return Violation(tool="flake8", rule=rule, path=path, message=message, line=line, column=column)


def prints(items, text):
    found = fingerprinted(items, {"a.py": text.encode()}.get)
    return [item.fingerprint for item in found]


TEXT = "import os\nx = 1\ny = 2\nx = 1\n"


def test_everything_that_tells_violations_apart_counts():
    items = [
        violation(1),
        violation(1, message="other"),
        violation(1, rule="F1"),
        violation(1, path="b.py"),
        violation(2),
        violation(4),
    ]
    assert len(set(prints(items, TEXT))) == len(items)


def test_the_same_finding_twice_is_one():
    assert len(prints([violation(1), violation(1)], TEXT)) == 1


def test_indentation_and_line_numbers_in_messages_do_not_count():
    def message(one, two):
        return f"redefinition from line {one}, lines {two}-9, ==m:[{one}:{two}], see a.py:{one}"

    before = prints([violation(2, message=message(1, 3))], "a\nx =  1\n")
    after = prints([violation(2, message=message(11, 13))], "a\n    x = 1  \n")
    assert before == after
    assert before != prints([violation(2, message="line too long (95 > 79)")], "a\nx = 1\n")
    assert prints([violation(2, message="too long (95)")], TEXT) != prints(
        [violation(2, message="too long (96)")], TEXT
    )


def test_a_fingerprint_that_was_given_is_kept():
    given = Violation(tool="t", rule="r", path="a.py", message="m", fingerprint="theirs")
    assert fingerprinted([given], {}.get)[0].fingerprint == "theirs"


@given(
    st.lists(st.sampled_from(["x = 1", "y = 2", "  x = 1", ""]), min_size=1, max_size=8),
    st.data(),
)
def test_fingerprints_survive_inserted_lines(lines, data):
    numbers = data.draw(st.lists(st.integers(1, len(lines)), unique=True))
    places = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=5)), reverse=True)
    moved = list(lines)
    for place in places:
        moved.insert(place, "# something new")

    def now(number):
        return number + sum(place < number for place in places)

    before = prints([violation(n) for n in numbers], "\n".join(lines))
    after = prints([violation(now(n)) for n in numbers], "\n".join(moved))
    assert before == after
    assert len(set(before)) == len(before)


def test_lines_that_are_not_there_and_odd_paths():
    def refuse(path):
        raise AssertionError(path)

    items = [violation(0), violation(3, path=""), violation(3, path="."), violation(1, path="\0")]
    assert all(item.fingerprint for item in fingerprinted(items, refuse))
    assert prints([violation(99)], TEXT) == prints([violation(77)], TEXT)
