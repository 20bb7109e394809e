import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import ReportUnreadable
from fairlead.model import TestCase, TestOutcome, TestReport
from fairlead.reports import junit

PYTEST = b"""<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest" errors="1" failures="2" tests="7">
<testcase classname="tests.test_a.TestX" name="test_ok" file="tests/test_a.py" line="2" time="0.010" />
<testcase classname="tests.test_a.TestX" name="test_bad[a-b]" file="tests/test_a.py" line="3" time="0.1">
  <failure message="assert 0">long &lt;text&gt;</failure><system-out>out</system-out><system-err>err</system-err></testcase>
<testcase classname="tests.test_a" name="test_xfail" time="0"><skipped type="pytest.xfail" message="later" /></testcase>
<testcase classname="tests.test_a" name="test_strict" time="0"><failure message="[XPASS(strict)] r">x</failure></testcase>
<testcase classname="tests.test_a" name="test_skip" time="0"><skipped type="pytest.skip" message="no">tests/test_a.py:9: no</skipped></testcase>
<testcase classname="tests.test_a" name="test_down" time="0"><error message="failed on teardown">E</error></testcase>
<testcase classname="" name="tests.test_b" time="0"><error message="collection failure">ImportError</error></testcase>
</testsuite></testsuites>"""

XMLRUNNER = b"""<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="test_u.T-20261121104958" tests="4" file="test_u.py" failures="1" errors="1" skipped="1">
  <testcase classname="test_u.T" name="test_sub (i=0)" time="0.001" file="test_u.py" line="12">
    <failure type="AssertionError" message="0 != 1"><![CDATA[Traceback]]></failure></testcase>
  <testcase classname="test_u.T" name="test_xf" time="0.000" file="test_u.py" line="8">
    <skipped type="XFAIL" message="expected failure"/></testcase>
  <testcase classname="test_u.T" name="test_xp" time="0.000" file="test_u.py" line="10">
    <error type="UnexpectedSuccess" message="Unexpected success"/></testcase>
  <testcase name="test_plain" time="0.000"/>
</testsuite>"""

BEHAVE = """<testsuite name="x.Things é" tests="4" errors="1" failures="1" skipped="1" time="0.0">
<testcase classname="x.Things é" name="good" status="passed" time="0.000124"><system-out><![CDATA[hi]]></system-out></testcase>
<testcase classname="x.Things é" name="bad" status="failed" time="0.1"><failure type="AssertionError" message="nope &lt;&amp;&gt;">
<![CDATA[Failing step: Given bad]]></failure></testcase>
<testcase classname="x.Things é" name="undefined" status="error" time="0"><error type="NoneType" message="None">
<![CDATA[
Failing step: Given nothing known ... undefined in 0.000s
None]]></error></testcase>
<testcase classname="x.Things é" name="untested" status="untested" time="0"/>
</testsuite>""".encode()

SUREFIRE = b"""<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="com.example.ATest" time="1,234.5" tests="3">
  <properties><property name="java.version" value="17"/></properties>
  <testcase name="fails" classname="com.example.ATest" time="1,234.5">
    <failure message="no" type="java.lang.AssertionError"><![CDATA[stack 1]]></failure>
    <rerunFailure message="still no" type="java.lang.AssertionError"><stackTrace>stack 2</stackTrace></rerunFailure>
  </testcase>
  <testcase name="flaky" classname="com.example.ATest" time="0,5">
    <flakyFailure message="once" type="x"><stackTrace>stack 3</stackTrace><system-out>o</system-out></flakyFailure>
  </testcase>
  <testcase name="broken" classname="com.example.ATest" time="2">
    <error type="java.lang.IllegalStateException">first line
 second</error></testcase>
</testsuite>"""

NESTED = b"""<testsuites><testsuite name="All"><testsuite name="Sub">
<testcase name="Good" time="0.001"></testcase>
</testsuite><testcase name="Top"><failure message="m"/></testcase>
<error message="set up failed">boom</error></testsuite></testsuites>"""

ROBOT = b"""<?xml version="1.0" encoding="UTF-8"?>
<robot generator="Robot 7.5"><suite id="s1" name="Shop" source="/ws/shop.robot"><suite name="Cart">
<test id="s1-t1" name="Good" line="2"><kw name="Log"><status status="FAIL" elapsed="9"/></kw>
<status status="PASS" start="2026-11-21T10:49:58.934020" elapsed="0.25"/></test>
<test id="s1-t2" name="Bad" line="4"><status status="FAIL" starttime="20240101 12:00:00.000"
 endtime="20240101 12:00:01.500">no way</status></test>
<test id="s1-t3" name="Skipped" line="6"><status status="SKIP" elapsed="nan">because</status></test>
</suite></suite></robot>"""


def outcomes(data):
    return {case.name: str(case.outcome) for case in junit.read(data, "r.xml").cases}


def test_pytest():
    report = junit.read(PYTEST, "junit.xml")
    ok, bad, xfail, strict, skip, down, collection = report.cases
    assert (ok.suite, ok.name, ok.outcome, ok.seconds) == (
        "tests.test_a.TestX",
        "test_ok",
        TestOutcome.PASSED,
        0.01,
    )
    assert bad.id == "tests/test_a.py::TestX::test_bad[a-b]"
    assert (bad.file, bad.line) == ("tests/test_a.py", 3)
    assert (bad.outcome, bad.message, bad.details) == (
        TestOutcome.FAILED,
        "assert 0",
        "long <text>",
    )
    assert bad.output == "out\nerr"
    assert (xfail.outcome, xfail.message) == (TestOutcome.XFAILED, "later")
    assert strict.outcome is TestOutcome.FAILED
    assert (skip.outcome, skip.details) == (TestOutcome.SKIPPED, "tests/test_a.py:9: no")
    assert down.outcome is TestOutcome.ERRORED
    assert (collection.suite, collection.outcome) == ("pytest", TestOutcome.ERRORED)
    assert report.count(TestOutcome.PASSED) == 1


def test_unittest_xml_reporting():
    sub, expected, unexpected, plain = junit.read(XMLRUNNER, "x.xml").cases
    assert (sub.name, sub.id) == ("test_sub (i=0)", "test_u.T.test_sub")
    assert expected.outcome is TestOutcome.XFAILED
    assert unexpected.outcome is TestOutcome.FAILED
    assert plain.suite == "test_u.T"


def test_behave():
    good, bad, undefined, untested = junit.read(BEHAVE, "TESTS-x.xml").cases
    assert (good.key, good.outcome, good.output) == ("x.Things é::good", TestOutcome.PASSED, "hi")
    assert (bad.outcome, bad.message) == (TestOutcome.FAILED, "nope <&>")
    assert undefined.outcome is TestOutcome.ERRORED
    assert undefined.message == "Failing step: Given nothing known ... undefined in 0.000s"
    assert untested.outcome is TestOutcome.SKIPPED


def test_surefire_with_reruns_and_grouped_seconds():
    fails, flaky, broken = junit.read(SUREFIRE, "x.xml").cases
    assert (fails.outcome, fails.seconds) == (TestOutcome.FAILED, 1234.5)
    assert fails.details == "stack 1\nstack 2"
    assert (flaky.outcome, flaky.seconds) == (TestOutcome.PASSED, 0.5)
    assert flaky.message == "passed after failing: once"
    assert (broken.outcome, broken.message) == (TestOutcome.ERRORED, "first line")


def test_a_test_that_fails_only_in_its_reruns_element_is_failed():
    data = b"<testsuite><testcase name='a'><rerunFailure message='x'/></testcase></testsuite>"
    assert outcomes(data) == {"a": "failed"}


def test_nested_suites_and_a_suite_that_broke():
    good, top, broken = junit.read(NESTED, "x.xml").cases
    assert (good.key, top.key) == ("Sub::Good", "All::Top")
    assert (broken.name, broken.outcome, broken.details) == ("All", TestOutcome.ERRORED, "boom")


def test_robots_own_output():
    good, bad, skipped = junit.read(ROBOT, "output.xml").cases
    assert (good.key, good.outcome, good.seconds) == ("Shop.Cart::Good", TestOutcome.PASSED, 0.25)
    assert (bad.outcome, bad.message, bad.seconds) == (TestOutcome.FAILED, "no way", 1.5)
    assert (bad.file, bad.line) == ("/ws/shop.robot", 4)
    assert (skipped.outcome, skipped.seconds) == (TestOutcome.SKIPPED, 0.0)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0.5", 0.5), ("1,234", 1234.0), ("1,234,567.25", 1234567.25), ("0,25", 0.25), ("12,5", 12.5),
        ("", 0.0), ("soon", 0.0), ("-1", 0.0), ("nan", 0.0), ("inf", 0.0), ("1e-05", 1e-05),
    ],
)  # fmt: skip
def test_seconds(text, seconds):
    data = f"<testsuite><testcase name='a' time='{text}'/></testsuite>".encode()
    assert junit.read(data, "x.xml").cases[0].seconds == seconds


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "cp1252"])
def test_encodings(encoding):
    declared = encoding.removesuffix("-sig")
    text = f"<?xml version='1.0' encoding='{declared}'?><testsuite><testcase name='é'/></testsuite>"
    assert list(outcomes(text.encode(encoding))) == ["é"]


def test_encodings_that_expat_does_not_know():
    text = (
        "<?xml version='1.0' encoding='Shift_JIS'?><testsuite><testcase name='試験'/></testsuite>"
    )
    assert list(outcomes(text.encode("shift_jis"))) == ["試験"]


def test_an_empty_line_before_the_declaration_is_forgiven():
    assert outcomes(b"\n\n" + PYTEST) == outcomes(PYTEST)


def test_namespaces_are_passed_over():
    data = b"<testsuite xmlns='urn:x'><testcase name='a'><failure/></testcase></testsuite>"
    assert outcomes(data) == {"a": "failed"}


BOMB = b"""<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>
<testsuite><testcase name="&b;"/></testsuite>"""
EXTERNAL = b"""<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><testsuite name="&a;"/>"""


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (PYTEST[:700], "broken XML"),
        (b"collected 3 items", "broken XML"),
        (b"<testsuite>\x00</testsuite>", "broken XML"),
        (b"<html><body/></html>", "not a JUnit report: it begins with <html>"),
        (BOMB, "entities or external references"),
        (BOMB.decode().encode("utf-16"), "entities or external references"),
        (b"<?xml version='1.0' encoding='cp037'?>" + BOMB.decode().encode("cp037"), "XML"),
        (EXTERNAL, "entities or external references"),
        (b"<?xml version='1.0' encoding='nonsense'?><testsuite/>", "broken XML"),
        (b"<?xml version='1.0' encoding='gb2312'?><testsuite name='\xff\xff'/>", "broken XML"),
    ],
)
def test_bad_files_say_what_is_wrong_and_where(data, words):
    with pytest.raises(ReportUnreadable, match=words) as caught:
        junit.read(data, "reports/junit.xml")
    assert str(caught.value).startswith("reports/junit.xml")
    assert "\n  File" not in str(caught.value)


def test_a_broken_file_names_line_and_column():
    with pytest.raises(ReportUnreadable) as caught:
        junit.read(b"\n<testsuite>\n  <testcase name=/>\n</testsuite>", "j.xml")
    assert caught.value.location.line == 3
    assert caught.value.location.column > 1


def test_too_large():
    with pytest.raises(ReportUnreadable, match="more than 100 bytes"):
        junit.read(b"<testsuite>" + b" " * 100 + b"</testsuite>", "j.xml", limit=100)


def test_nesting_without_end_is_read():
    data = b"<testsuite>" * 20_000 + b"<testcase name='a'/>" + b"</testsuite>" * 20_000
    assert outcomes(data) == {"a": "passed"}


# Only what XML can hold comes back as it was; the rest is escaped on the way out.
legal = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]) | st.sampled_from("\t\n\r")
)
anything = st.text(st.characters())
plain = st.just("") | legal.filter(lambda text: not text.isspace())


def cases(text):
    return st.builds(
        lambda outcome, name, suite, said, seconds: TestCase(
            outcome=outcome,
            name=name or "n",
            suite=suite or "s",
            id=said[0],
            file=said[1],
            line=len(name),
            seconds=seconds,
            message=said[2],
            details=said[3],
            output=said[4],
        ),
        st.sampled_from(TestOutcome),
        text,
        text,
        st.tuples(text, text, text, text, text),
        st.integers(0, 10**9).map(lambda n: n / 1000),
    )


@given(st.lists(cases(plain), max_size=4), plain)
@settings(deadline=None)
def test_what_is_written_is_read_back(found, suite):
    report = TestReport(cases=tuple(found))
    read = junit.read(junit.write(report, suite=suite), "x.xml")
    assert list(read.cases) == found


@given(st.lists(cases(anything), max_size=3), anything)
@settings(deadline=None)
def test_any_text_can_be_written_and_is_stable_from_then_on(found, suite):
    once = junit.read(junit.write(TestReport(cases=tuple(found)), suite=suite), "x.xml")
    assert [case.outcome for case in once.cases] == [case.outcome for case in found]
    assert junit.read(junit.write(once, suite=suite), "x.xml") == once


def test_control_characters_are_escaped():
    case = TestCase(name="a", outcome=TestOutcome.FAILED, details="\x1b[31mred\x00 \ud800")
    data = junit.write(TestReport(cases=(case,)), suite="s")
    assert b"#x1B[31mred#x00 #xD800" in data


@given(st.binary(max_size=300))
@settings(deadline=None)
def test_arbitrary_bytes_are_unreadable_or_read(data):
    with contextlib.suppress(ReportUnreadable):
        junit.read(data, "x.xml")


@given(
    st.sampled_from([PYTEST, XMLRUNNER, BEHAVE, SUREFIRE, NESTED, ROBOT, BOMB]),
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(0, 30), st.binary(max_size=8)), max_size=4
    ),
)
@settings(deadline=None)
def test_mutated_files_are_unreadable_or_read(data, cuts):
    for start, length, put in cuts:
        data = data[:start] + put + data[start + length :]
    with contextlib.suppress(ReportUnreadable):
        junit.read(data, "x.xml")
