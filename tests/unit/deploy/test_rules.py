import msgspec
import pytest

from fairlead.deploy.rules import check, check_secrets, chosen_hosts, objections
from fairlead.errors import DeploymentRefused, UsageError


def test_a_tested_release_of_the_right_branch_may_go(environment, release):
    assert objections(environment(branches=("master", "release/*")), release()) == ()


@pytest.mark.parametrize(
    ("rules", "told", "why"),
    [
        ({}, {"verdict": ""}, "no build tested it"),
        ({}, {"verdict": "failed"}, "its build failed"),
        (
            {"branches": ("master",)},
            {"branch": "develop"},
            "comes from branch develop; production takes branch master",
        ),
        ({"tags": ("v*",)}, {}, "takes tag v*"),
        ({"branches": ("master",)}, {"branch": ""}, "comes from no branch"),
    ],
)
def test_what_must_not_go_there(environment, release, rules, told, why):
    env, wanted = environment(**rules), release(**told)
    assert any(why in sentence for sentence in objections(env, wanted))
    with pytest.raises(DeploymentRefused):
        check(env, wanted, forced=False)
    check(env, wanted, forced=True)


def test_a_tag_lets_a_release_in(environment, release):
    wanted = msgspec.structs.replace(release(branch=""), tag="v1.2")
    assert objections(environment(tags=("v*",), branches=("none",)), wanted) == ()


def test_hosts_by_address_in_the_environment_s_order(environment):
    env = environment("h1", "h2", "h3")
    assert [host.address for host in chosen_hosts(env, ("h3", "h1"))] == ["h1", "h3"]
    with pytest.raises(UsageError, match="has no host 'h9'"):
        chosen_hosts(env, ("h9",))
    with pytest.raises(UsageError, match="has no hosts"):
        chosen_hosts(msgspec.structs.replace(env, hosts=()), ())
    with pytest.raises(UsageError, match="what app"):
        chosen_hosts(msgspec.structs.replace(env, app=None), ())


def test_secrets_without_a_value(environment):
    env = environment(secrets=("TOKEN", "KEY"))
    with pytest.raises(DeploymentRefused, match="TOKEN"):
        check_secrets(env, (("KEY", "1"),))
    check_secrets(env, (("KEY", "1"), ("TOKEN", "")))
