"""What a pull request's own place is called, and what is removed with it."""

import asyncio

import msgspec
import pytest

from fairlead.deploy.layout import layout_of, user_of
from fairlead.deploy.order import DeployOrder
from fairlead.deploy.providers import deploy
from fairlead.deploy.provision.target import Target
from fairlead.deploy.review import own_files, removal, review_environment
from fairlead.errors import UsageError
from fairlead.model.environment import App, Environment, Host, Process, Wanted, review_name
from fairlead.model.release import Manifest, Release

PATTERN = Environment(
    name="staging",
    review=True,
    hosts=(Host(address="staging.example.org", user="deploy"),),
    branches=("main",),
    automatic=True,
    app=App(name="shop", target="shop.wsgi:app", workers=(Process(name="queue", command="q"),), cron=(("0 0 * * *", "x"),)),
    domains=("pr-{number}.staging.example.org", "*.pr-{number}.example.org"),
    env=(("DATABASE_URL", "postgresql:///shop-pr-{number}"),),
    wanted=Wanted(databases=("postgres", "mysql"), backup="0 0 * * *", ports=(9000,)),
    root="/srv/reviews/shop",
    user="shop",
)  # fmt: skip


def test_everything_is_called_by_the_number():
    found = review_environment(PATTERN, 17)
    assert (found.name, found.app.name, user_of(found)) == (
        "staging-17",
        "shop-pr-17",
        "shop-pr-17",
    )
    assert layout_of(found).root == "/srv/reviews/shop-17"
    assert found.domains == ("pr-17.staging.example.org", "*.pr-17.example.org")
    assert dict(found.env) == {"DATABASE_URL": "postgresql:///shop-pr-17"}
    assert (found.review, found.branches, found.automatic, found.warm) == (False, (), False, False)
    bare = review_environment(msgspec.structs.replace(PATTERN, root=""), 17)
    assert layout_of(bare).root == "/srv/shop-pr-17"


def test_names_of_users_are_not_too_long():
    assert review_name("a" * 40, 1234) == "a" * 23 + "-pr-1234"
    assert len(review_name("abc-" * 10, 999999)) <= 31


def test_what_is_not_for_reviews_is_refused():
    replace = msgspec.structs.replace
    with pytest.raises(UsageError, match="production is not for reviews"):
        review_environment(replace(PATTERN, name="production", review=False), 1)
    with pytest.raises(UsageError, match="heroku makes no places"):
        review_environment(replace(PATTERN, provider="heroku"), 1)
    with pytest.raises(UsageError, match="no number"):
        review_environment(PATTERN, 0)


def test_the_pattern_itself_is_deployed_nowhere():
    manifest = Manifest(project="shop", version="1", commit="1", verdict="passed")
    release = Release(number=1, manifest=manifest, file="", sha256="", size=0, created=0.0)
    order = DeployOrder(environment=PATTERN, release=release, forced=True)
    with pytest.raises(UsageError, match="staging is the pattern of places for pull requests"):
        asyncio.run(deploy(order, lambda _event: None, asyncio.Event(), connect=None))


def test_only_files_of_its_own_are_removed():
    for manager in ("systemd", "supervisor"):
        environment = review_environment(PATTERN, 7)
        app = msgspec.structs.replace(environment.app, manager=manager)
        environment = msgspec.structs.replace(environment, app=app)
        target = Target(environment=environment, host=environment.hosts[0])
        files = own_files(target)
        assert {path for path in files if "shop-pr-7" not in path} == set()
        assert {
            "/etc/nginx/sites-available/shop-pr-7.conf",
            "/etc/nginx/sites-enabled/shop-pr-7.conf",
            "/etc/nginx/fairlead/shop-pr-7-window.conf",
            "/usr/local/sbin/shop-pr-7-boot",
            "/etc/sudoers.d/fairlead-shop-pr-7",
        } <= set(files)
        script = removal(target)
        assert "shop-pr-7" in script
        assert "rm -rf /srv/reviews/shop-7 /var/log/shop-pr-7 /var/backups/shop-pr-7\n" in script
        for shared in ("00-fairlead.conf", "nftables.conf", "authorized_keys", "/etc/timezone"):
            assert shared not in script
