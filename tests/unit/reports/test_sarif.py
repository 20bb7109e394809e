import json

from hypothesis import given
from hypothesis import strategies as st

from fairlead.model import Level, Violation, Violations
from fairlead.reports.sarif import export
from fairlead.reports.violations.sarif import read_runs

text = st.text(st.characters(codec="utf-8"), max_size=8)
numbers = st.integers(0, 9999)


@st.composite
def violations(draw, tool):
    line = draw(numbers)
    return Violation(
        tool=tool,
        rule=draw(text),
        path=draw(st.sampled_from(["a.py", "src/my file.py", "ä%20#?.py"])),
        message=draw(text),
        level=draw(st.sampled_from(Level)),
        line=line,
        column=draw(numbers) if line else 0,
        end_line=draw(numbers) if line else 0,
        end_column=draw(numbers) if line else 0,
        fingerprint=draw(st.sampled_from(["", "abc"])),
    )


@st.composite
def parts(draw):
    tool = draw(st.sampled_from(["ruff", "pylint"]))
    items = draw(st.lists(violations(tool), max_size=4))
    score = draw(st.none() | st.floats(-10, 10))
    return Violations(tool=tool, items=tuple(items), score=score)


@given(st.lists(parts(), max_size=3).map(tuple))
def test_what_is_exported_is_read_back(found):
    assert read_runs(export(found), "x.sarif") == found


def test_form():
    item = Violation(tool="ruff", rule="F401", path="a b.py", message="m", line=3, fingerprint="f")
    log = json.loads(export((Violations(tool="ruff", items=(item, item)),)))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert run["tool"]["driver"] == {"name": "ruff", "rules": [{"id": "F401"}]}
    assert run["results"][0] == run["results"][1]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b.py", "uriBaseId": "%SRCROOT%"}
    assert place["region"] == {"startLine": 3}
    assert run["results"][0]["partialFingerprints"] == {"fairlead/v1": "f"}
    assert run["results"][0]["ruleIndex"] == 0
