"""``deploy`` as environments."""

import textwrap

import pytest

from fairlead.pipeline.environments import read_environments
from fairlead.pipeline.tree import MemoryTree


@pytest.fixture
def read():
    def read(text):
        data = textwrap.dedent(text).encode()
        return read_environments(data, ".travis.yml", MemoryTree({}), "My Shop")

    return read


def test_heroku(read):
    found = read("""
        deploy:
          provider: heroku
          api_key: {secure: "x"}
          app: shop-prod
          on: {branch: main}
    """)
    (environment,) = found.environments
    assert found.problems == ()
    assert (environment.name, environment.provider) == ("shop-prod", "heroku")
    assert environment.options == (("app", "shop-prod"), ("method", "build"))
    assert environment.secrets == ("HEROKU_API_KEY",)
    assert (environment.branches, environment.tags, environment.automatic) == (("main",), (), True)


def test_an_app_for_each_branch(read):
    found = read("""
        deploy:
          provider: heroku
          strategy: git
          app: {master: shop, develop: shop-dev}
    """)
    assert [(e.name, e.branches, dict(e.options)["method"]) for e in found.environments] == [
        ("shop", ("master",), "git"),
        ("shop-dev", ("develop",), "git"),
    ]


def test_an_app_that_is_not_named_is_called_as_the_project(read):
    (environment,) = read("deploy: heroku").environments
    assert environment.options[0] == ("app", "my-shop")
    assert environment.branches == ("master",)


@pytest.mark.parametrize(
    ("on", "branches", "tags"),
    [
        ("{}", ("master",), ()),
        ("{branch: [main, dev]}", ("main", "dev"), ()),
        ("{tags: true}", (), ("**",)),
        ("{tags: true, branch: main}", (), ("**",)),
        ("{all_branches: true}", ("**",), ()),
        ("{branch: main, python: 3.6, repo: a/b}", ("main",), ()),
    ],
)
def test_the_conditions_are_the_rule(read, on, branches, tags):
    found = read(f"deploy: {{provider: script, script: ./publish, on: {on}}}")
    (environment,) = found.environments
    assert (environment.branches, environment.tags) == (branches, tags)
    assert found.problems == ()


def test_scripts_of_files_and_of_jobs(read):
    found = read("""
        deploy:
          - {provider: script, script: ./one}
          - {provider: script, script: [a, b], on: {condition: $A = b}}
        jobs:
          include:
            - {stage: deploy, deploy: {provider: script, script: ./three}}
    """)
    assert [(e.name, dict(e.options)["deploy"]) for e in found.environments] == [
        ("deploy", "./one"), ("deploy-2", "set -e\na\nb"), ("deploy-3", "./three"),
    ]  # fmt: skip
    assert [str(problem) for problem in found.problems] == [
        ".travis.yml:4:56: warning: `on.condition` cannot be asked (so builds do not go there by themselves: fairlead deploy does)"
    ]
    assert [e.automatic for e in found.environments] == [True, False, True]


def test_an_alias_is_one_environment(read):
    found = read("""
        jobs:
          include:
            - &one {deploy: {provider: script, script: ./x}}
            - {<<: *one, python: 3.6}
    """)
    assert found.names == ("deploy",)


def test_what_has_no_counterpart_is_named(read):
    found = read("""
        deploy:
          - {provider: pypi, user: me}
          - {provider: s3}
          - {provider: heroku, app: shop, run: migrate}
          - {provider: script}
          - {on: {tags: true}}
    """)
    assert found.names == ("shop",)
    assert [str(problem).partition(" (")[0].partition("warning: ")[2] for problem in found.problems] == [
        "pypi has no counterpart among environments",
        "s3 has no counterpart among environments",
        "commands after a deployment are passed over",
        "a deployment by script has no `script`",
        "a deployment without a provider has no counterpart among environments",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "",
        "deploy: [[]]",
        "deploy: {provider: [heroku, s3]}",
        "jobs: [x]",
        "matrix: {include: {deploy: script}}",
        "[a]",
    ],
)
def test_other_shapes_are_read_without_a_word_or_with_a_warning(read, text):
    assert all(problem.warning for problem in read(text).problems)
