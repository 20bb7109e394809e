"""Every key of an environment, and what it becomes."""

import pytest

from fairlead.model.environment import (
    App,
    Environment,
    Health,
    Hook,
    Host,
    Migrations,
    Packaging,
    Process,
    Tls,
    Wanted,
    Watch,
)
from fairlead.model.plan import Location


def test_little_is_enough(one):
    assert one() == Environment(
        name="prod",
        hosts=(Host(address="web1"),),
        app=App(name="my-shop", target="shop.wsgi:app"),
        location=Location(file="fairlead.yml", line=2, column=3),
    )


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("web1.example.org", Host(address="web1.example.org")),
        ("ann@web1", Host(address="web1", user="ann")),
        ("ann@web1:2222", Host(address="web1", user="ann", port=2222)),
        ("192.0.2.7:22", Host(address="192.0.2.7")),
        ("'2001:db8::1'", Host(address="2001:db8::1")),
        ("'ann@[2001:db8::1]:2222'", Host(address="2001:db8::1", user="ann", port=2222)),
        ("{address: web1, roles: web}", Host(address="web1", roles=("web",))),
        ("{address: web1, roles: [worker, cron], port: 24, manager: supervisor}",
         Host(address="web1", roles=("worker", "cron"), port=24, manager="supervisor")),
    ],
)  # fmt: skip
def test_hosts(one, text, host):
    assert one(f"hosts: [{text}]").hosts == (host,)
    if not text.startswith("{"):
        assert one(f"hosts: {text}").hosts == (host,)


def test_what_may_go_there(one):
    found = one(
        "branch: [main, 'release/**']\ntag: v*\nautomatic: yes\napproval: on\nconfirm: true"
    )
    assert (found.branches, found.tags) == (("main", "release/**"), ("v*",))
    assert (found.automatic, found.approval, found.confirm) == (True, True, True)


def test_variables_stay_texts_with_newlines_and_quotes(one):
    found = one("""
        env:
          A: 3.10
          B: |
            one "two"
            it's three
          C: $HOME {x}
        secrets: [S1, S2]
    """)
    assert dict(found.env) == {"A": "3.10", "B": 'one "two"\nit\'s three\n', "C": "$HOME {x}"}
    assert found.secrets == ("S1", "S2")


def test_the_app_of_the_file_and_that_of_an_environment(good):
    found = good("""
        app: {processes: 4, threads: 2, workers: {queue: python -m q}}
        environments:
          one: {hosts: a, app: {threads: 3, name: shop-one}}
          two: {hosts: b, app: shop.other:application}
    """)
    one, two = (environment.app for environment in found.environments)
    queue = (Process(name="queue", command="python -m q"),)
    assert one == App(
        name="shop-one", target="shop.wsgi:app", processes=4, threads=3, workers=queue
    )
    assert two == App(
        name="my-shop", target="shop.other:application", processes=4, threads=2, workers=queue
    )


def test_all_of_an_app(one):
    found = one("""
        app:
          name: shop
          target: shop.main:app
          interface: asgi
          server: uvicorn
          run: serve $SOCKET
          timeout: 1 min
          workers: {mail: {run: python -m mail, count: 3}}
          cron: [{at: "@daily", run: clear}]
          static: {/static/: shop/static, /media/a/: m}
          manager: supervisor
    """)
    assert found.app == App(
        name="shop",
        target="shop.main:app",
        interface="asgi",
        server="uvicorn",
        command="serve $SOCKET",
        timeout=60.0,
        workers=(Process(name="mail", command="python -m mail", count=3),),
        cron=(("0 0 * * *", "clear"),),
        static=(("/static/", "shop/static"), ("/media/a/", "m")),
        manager="supervisor",
    )


def test_where_it_lies_and_what_it_is_reached_as(one):
    found = one("""
        root: /srv/shop/
        user: shop
        domain: [Shop.Example.org, "*.shop.example.org"]
        tls: {certificate: /etc/ssl/a.pem, key: /etc/ssl/a.key}
    """)
    assert (found.root, found.user) == ("/srv/shop", "shop")
    assert found.domains == ("shop.example.org", "*.shop.example.org")
    assert found.tls == Tls(certificate="/etc/ssl/a.pem", key="/etc/ssl/a.key")


@pytest.mark.parametrize(
    ("text", "health"),
    [
        ("/up", Health(path="/up")),
        ("{status: 204, body: ok, version: 'header:X-Version'}",
         Health(status=204, body="ok", version="header:X-Version")),
        ("{version: json:build.version, timeout: 1 s, patience: 2 min, successes: 3}",
         Health(version="json:build.version", timeout=1.0, patience=120.0, successes=3)),
    ],
)  # fmt: skip
def test_health(one, text, health):
    assert one(f"health: {text}").health == health


@pytest.mark.parametrize(
    ("text", "watch"),
    [
        ("10 s", Watch(seconds=10.0)),
        ("none", Watch(seconds=0.0)),
        (
            "{for: 1 min, errors: 2.5 %, requests: 100}",
            Watch(seconds=60.0, errors=0.025, requests=100),
        ),
    ],
)
def test_watching(one, text, watch):
    assert one(f"watch: {text}").watch == watch


def test_migrations(one):
    assert one("migrations: flask db upgrade").migrations == Migrations(command="flask db upgrade")
    assert one("migrations: none").migrations == Migrations(files=())
    found = one(
        "migrations: {run: up, pending: show, files: m/*.py, irreversible: m/x*, maintenance: [m/y*]}"
    )
    assert found.migrations == Migrations(
        command="up", pending="show", files=("m/*.py",), irreversible=("m/x*",), maintenance=("m/y*",)
    )  # fmt: skip


def test_hooks_in_their_order(one):
    found = one("""
        hooks:
          before migrate: backup
          after enter maintenance: [one, {run: two, on: first}]
    """)
    assert found.hooks == (
        Hook(phase="migrate", when="before", command="backup"),
        Hook(phase="enter maintenance", when="after", command="one"),
        Hook(phase="enter maintenance", when="after", command="two", on="first"),
    )


def test_the_rest(one):
    found = one("""
        build_static: make static
        flush: clear
        maintenance: true
        keep: 3
        warm: false
        notify: [ops@example.org, https://example.org/hook]
    """)
    assert (found.build_static, found.flush, found.maintenance) == ("make static", "clear", True)
    assert (found.keep, found.warm) == (3, False)
    assert found.notify == ("ops@example.org", "https://example.org/hook")


def test_what_is_wanted_of_hosts(one):
    key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ann"
    found = one(f"""
        provision:
          packages: [libpq5, g++]
          keys: "{key}"
          timezone: Europe/Amsterdam
          ntp: false
          firewall: false
          ports: [9100, 443]
          databases: postgres
          upgrades: false
          backup: "15 3 * * *"
          backups: 3
          body_limit: 2m
          rate: 20r/s
          office: [192.0.2.0/24, "2001:db8::/32"]
          proxies: 198.51.100.7
    """)
    assert found.wanted == Wanted(
        packages=("libpq5", "g++"), keys=(key,), timezone="Europe/Amsterdam", ntp=False, firewall=False,
        ports=(9100, 443), databases=("postgres",), upgrades=False, backup="15 3 * * *", backups=3,
        body_limit="2m", rate="20/s", office=("192.0.2.0/24", "2001:db8::/32"), proxies=("198.51.100.7",),
    )  # fmt: skip


def test_other_providers(one):
    found = one("provider: heroku\noptions: {app: shop, method: git}")
    assert (found.provider, found.options) == ("heroku", (("app", "shop"), ("method", "git")))
    assert one("provider: script\noptions: {deploy: ./publish}").options == (
        ("deploy", "./publish"),
    )


def test_review(one):
    found = one("review: true\ndomain: pr-{number}.staging.example.org")
    assert (found.review, found.domains) == (True, ("pr-{number}.staging.example.org",))


def test_how_releases_are_made(good, files):
    files["requirements/run.txt"] = "flask==3 --hash=sha256:00\n"
    assert good("release: {}").packaging == Packaging(lock="requirements/run.txt")
    found = good("""
        release:
          python: 3.11
          lock: requirements.txt
          extras: [postgres]
          build: [npm ci, npm run build]
          include: static/**
          exclude: [tests/**]
          tag: v{number}
          keep: 7
    """).packaging
    assert found == Packaging(
        python="3.11", lock="requirements.txt", extras=("postgres",), build=("npm ci", "npm run build"),
        include=("static/**",), exclude=("tests/**",), tag="v{number}", keep=7,
    )  # fmt: skip


def test_a_file_without_environments(good, files):
    found = good("jobs: {unit: pytest}")
    assert (found.environments, found.names, found.get("prod")) == ((), (), None)
    files[".python-version"] = "3.12.1\n"
    assert good("jobs: {unit: pytest}").packaging == Packaging(python="3.12.1")


def test_anchors_of_keys_that_begin_with_x(good):
    found = good("""
        x-common: &common {domain: a.example, health: /up, env: {A: 1}}
        environments:
          one: {<<: *common, hosts: a, env: {B: 2}}
    """)
    assert found.environments[0].domains == ("a.example",)
    assert found.environments[0].env == (("B", "2"),)
