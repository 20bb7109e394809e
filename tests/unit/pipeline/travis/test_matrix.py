import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.errors import PipelineError
from fairlead.model import Trigger
from fairlead.pipeline.travis import plan
from fairlead.pipeline.tree import MemoryTree


def test_no_axes_make_one_job(cells):
    assert cells("language: python\nscript: x") == [("3.10", "")]


def test_versions_stay_texts(cells):
    assert cells("language: python\npython: [3.1, 3.10, '3.10.0', 3]") == [
        ("3.1", ""),
        ("3.10", ""),
        ("3.10.0", ""),
        ("3", ""),
    ]


def test_axes_multiply_and_env_varies_fastest(cells):
    assert cells("language: python\npython: [3.8, 3.9]\nenv: [A=1, A=2]") == [
        ("3.8", "A=1"),
        ("3.8", "A=2"),
        ("3.9", "A=1"),
        ("3.9", "A=2"),
    ]


@pytest.mark.parametrize("key", ["env: {jobs: [A=1, A=2]}", "env: {matrix: [A=1, A=2]}"])
def test_env_jobs_and_its_alias_expand(cells, key):
    assert cells(f"language: python\n{key}") == [("3.10", "A=1"), ("3.10", "A=2")]


def test_a_mapping_under_env_is_one_row(cells):
    assert cells("language: python\nenv: {A: 1, B: 2}") == [("3.10", "A=1 B=2")]


def test_global_variables_do_not_expand_and_come_first(travis):
    jobs = travis("language: python\nenv: {global: [G=1, H=2], jobs: [A=$G]}").jobs
    assert [pair for pair in jobs[0].env if pair[0] in "GHA"] == [
        ("G", "1"),
        ("H", "2"),
        ("A", "$G"),
    ]


@pytest.mark.parametrize("key", ["jobs", "matrix"])
def test_includes_are_appended(cells, key):
    text = f"""
        language: python
        python: [3.8, 3.9]
        {key}:
          include:
            - python: 3.11
        """
    assert cells(text) == [("3.8", ""), ("3.9", ""), ("3.11", "")]


def test_a_list_under_jobs_is_a_list_of_includes(cells):
    assert cells("language: python\njobs: [{python: 3.8}, {python: 3.9}]") == [
        ("3.8", ""),
        ("3.9", ""),
    ]


def test_a_one_job_matrix_is_dropped_beside_includes(cells):
    text = """
        language: python
        python: 3.8
        env: A=1
        jobs:
          include:
            - python: 3.9
        """
    assert cells(text) == [("3.9", "A=1")]


def test_an_empty_include_restores_it(cells):
    text = """
        language: python
        python: 3.8
        jobs:
          include:
            - {}
            - python: 3.9
        """
    assert cells(text) == [("3.8", ""), ("3.9", "")]


def test_a_matrix_of_two_stays(cells):
    text = "language: python\nenv: [A=1, A=2]\njobs: {include: [{python: 3.9}]}"
    assert cells(text) == [("3.10", "A=1"), ("3.10", "A=2"), ("3.9", "A=1")]


def test_includes_inherit_the_first_value_of_each_axis_and_the_first_env(cells):
    text = """
        language: python
        python: [3.8, 3.9]
        env: [A=1, A=2]
        jobs:
          include:
            - script: other
            - env: B=1
            - python: 3.11
        """
    assert cells(text)[4:] == [("3.8", "A=1"), ("3.8", "B=1"), ("3.11", "A=1")]


def test_jobs_inherit_the_roots_keys_and_their_own_win(travis):
    text = """
        language: python
        install: skip
        script: general
        jobs:
          include:
            - python: 3.8
            - python: 3.9
              script: special
        """
    jobs = travis(text).jobs
    assert [[step.command for step in job.steps] for job in jobs] == [["general"], ["special"]]


def test_exclude_takes_jobs_where_every_listed_key_is_equal(cells):
    text = """
        language: python
        python: [3.8, 3.9]
        env: [A=1, A=2]
        jobs:
          exclude:
            - python: 3.8
              env: A=2
        """
    assert cells(text) == [("3.8", "A=1"), ("3.9", "A=1"), ("3.9", "A=2")]


@pytest.mark.parametrize(
    ("listed", "hit"),
    [
        ("env: A=1 B=2", True),
        ("env: B=2 A=1", False),
        ("env: A=1", False),
        ("env: A='1' B=2", False),
        ("env: G=0 A=1 B=2", False),
        ("python: 3.8", True),
        ("python: [3.8]", True),
        ("python: 3.9", False),
        ("stage: test", True),
        ("stage: Test", True),
        ("script: x", True),
        ("script: y", False),
        ("os: osx", False),
        ("{python: 3.8, script: y}", False),
        ("{}", False),
    ],
)
def test_what_an_exclude_matches(travis, listed, hit):
    entry = listed if listed.startswith("{") else "{" + listed + "}"
    text = f"""
        language: python
        python: 3.8
        env: {{global: G=0, jobs: [A=1 B=2, C=1]}}
        script: x
        jobs:
          exclude:
            - {entry}
        """
    found = travis(text)
    kept = [dict(job.axes).get("env") for job in found.jobs]
    assert ("A=1 B=2" not in kept) is hit
    if hit:
        assert found.skipped[0].job == "test (3.8 A=1 B=2)"
        assert "jobs.exclude, entry 1" in found.skipped[0].reason


def test_exclude_hits_includes_too(cells):
    text = """
        language: python
        python: [3.8, 3.9]
        jobs:
          include: [{python: 3.11}]
          exclude: [{python: 3.11}]
        """
    assert cells(text) == [("3.8", ""), ("3.9", "")]


def test_exclude_may_have_a_condition(cells):
    text = """
        language: python
        python: [3.8, 3.9]
        jobs:
          exclude: [{python: 3.8, if: branch = master}, {python: 3.9, if: branch = other}]
        """
    assert cells(text) == [("3.9", "")]
    assert cells(text, branch="other") == [("3.8", "")]


def test_doubles_are_dropped(cells):
    text = "language: python\npython: [3.8, 3.9, 3.8]\njobs: {include: [{python: 3.9}]}"
    assert cells(text) == [("3.8", ""), ("3.9", "")]


def test_the_condition_of_a_job_comes_last(travis):
    text = """
        language: python
        jobs:
          include:
            - {python: 3.8, if: branch = master}
            - {python: 3.9, if: env(A) = 1, env: A=1}
            - {python: 3.11, if: tag IS present}
        """
    found = travis(text)
    assert [job.python for job in found.jobs] == ["3.8", "3.9"]
    assert found.skipped[0].reason == "its condition does not hold: tag IS present"


def test_a_broken_condition_has_its_place(travis):
    with pytest.raises(PipelineError, match=r"\.travis\.yml:2:34: not a condition"):
        travis("language: python\njobs: {include: [{script: x, if: branch =}]}")


def test_200_jobs_are_fine_and_201_too_many(cells, travis):
    rows = ", ".join(f"A={number}" for number in range(100))
    assert len(cells(f"language: python\npython: [3.8, 3.9]\nenv: [{rows}]")) == 200
    with pytest.raises(PipelineError, match="the matrix has 201 jobs; at most 200 can run"):
        travis(f"language: python\npython: [3.8, 3.9]\nenv: [{rows}]\njobs: [{{python: 3.10}}]")


def test_what_is_excluded_does_not_count(cells):
    rows = ", ".join(f"A={number}" for number in range(110))
    text = (
        f"language: python\npython: [3.8, 3.9]\nenv: [{rows}]\njobs: {{exclude: [{{python: 3.8}}]}}"
    )
    assert len(cells(text)) == 110


def test_a_monstrous_matrix_is_refused_before_it_is_made(travis):
    many = ", ".join(f"A={number}" for number in range(5000))
    versions = ", ".join(f"3.{number}" for number in range(5000))
    with pytest.raises(PipelineError, match="25000000 jobs"):
        travis(f"language: python\npython: [{versions}]\nenv: [{many}]")


@pytest.mark.parametrize("key", ["allow_failures", "allowed_failures"])
def test_allow_failures_and_its_alias(travis, key):
    jobs = travis(
        f"language: python\npython: [nightly, 3.8]\nmatrix: {{{key}: [{{python: nightly}}]}}"
    ).jobs
    assert [(job.python, job.allow_failure) for job in jobs] == [("3.8", False), ("nightly", True)]


def test_allow_failures_may_have_conditions_and_ignore_globals(travis):
    text = """
        language: python
        env: {global: G=1, jobs: [A=1, A=2, A=3]}
        jobs:
          allow_failures:
            - env: A=1
            - {env: A=2, if: branch = other}
        """
    assert [job.allow_failure for job in travis(text).jobs] == [False, False, True]
    assert [job.allow_failure for job in travis(text, branch="other").jobs] == [False, True, True]


@pytest.mark.parametrize("key", ["fast_finish", "fast_failure"])
def test_fast_finish_and_its_alias(travis, key):
    assert travis(f"language: python\nmatrix: {{{key}: true}}").fast_finish
    assert not travis(f"language: python\nmatrix: {{{key}: false}}").fast_finish


def test_merged_anchors_are_jobs_like_others(cells):
    text = """
        language: python
        _base: &base
          python: 3.8
          env: A=1
        jobs:
          include:
            - *base
            - <<: *base
              env: A=2
        """
    assert cells(text) == [("3.8", "A=1"), ("3.8", "A=2")]


def test_ids_are_unique_short_and_stable(travis):
    text = """
        language: python
        python: [3.8, 3.9]
        env: [A=1, "B='x y'"]
        jobs:
          include:
            - {name: Lint & types, python: 3.9, script: a}
            - {name: Lint & types, python: 3.9, script: b}
        """
    ids = [job.id for job in travis(text).jobs]
    assert ids[:4] == ["test-3.8-a-1", "test-3.8-b-x-y", "test-3.9-a-1", "test-3.9-b-x-y"]
    assert ids[4:] == ["lint-types-3.9-a-1", "lint-types-3.9-a-1-2"]


versions = st.lists(st.sampled_from(["2.7", "3.6", "3.8", "3.10"]), max_size=4, unique=True)
rows = st.lists(st.sampled_from(["A=1", "A=2", "B=1 C=2"]), max_size=3, unique=True)
included = st.lists(st.sampled_from(["3.11", "3.12", "3.13"]), max_size=3, unique=True)


@settings(max_examples=60)
@given(versions, rows, included, versions)
def test_the_matrix_is_the_product_and_what_is_included_less_what_is_excluded(
    pythons, envs, extra, without
):
    text = "language: python\ninstall: skip\nscript: x\n"
    text += f"python: [{', '.join(pythons)}]\nenv: [{', '.join(envs)}]\njobs:\n"
    text += f"  include: [{', '.join(f'{{python: {version}}}' for version in extra)}]\n"
    text += f"  exclude: [{', '.join(f'{{python: {version}}}' for version in without)}]\n"
    product = list(itertools.product(pythons or [None], envs or [None]))
    if not pythons and not envs:
        product = []
    if len(product) == 1 and extra:
        product = []
    expected = [(python or "3.10", env or "") for python, env in product]
    expected += [(python, (envs or [""])[0]) for python in extra]
    if not expected:
        expected = [("3.10", "")]
    named = {python for python in without if pythons or python != "3.10"}
    expected = [pair for pair in expected if pair[0] not in named]
    found = plan(text.encode(), "t", MemoryTree({}), Trigger(branch="b"), secrets=None)
    assert [(job.python, dict(job.axes).get("env", "")) for job in found.jobs] == expected
    assert len({job.id for job in found.jobs}) == len(found.jobs)


def test_too_many_selections_are_refused(travis):
    entries = ", ".join(f"{{env: B={number}}}" for number in range(501))
    with pytest.raises(PipelineError, match="more than 500 entries"):
        travis(f"language: python\njobs: {{exclude: [{entries}]}}")
