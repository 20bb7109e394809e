"""What is said of every slip, and where."""

import pytest

from fairlead.pipeline.environments import find_environments
from fairlead.pipeline.tree import MemoryTree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hots: web1\nhosts: a", "3:5: unknown key 'hots' under prod (did you mean 'hosts'?)"),
        ("domains: a.example", "3:5: unknown key 'domains' under prod (write `domain`)"),
        ("hosts: [a, b@c@d]", "3:16: hosts takes a host such as `deploy@web1.example.org`, or a mapping with `address`, not 'b@c@d'"),
        ("hosts: 'a:99999'", "3:12: hosts takes a host such as `deploy@web1.example.org`, or a mapping with `address`, not 'a:99999'"),
        ("hosts: '-oProxyCommand=x'", "3:12: hosts takes a host such as `deploy@web1.example.org`, or a mapping with `address`, not '-oProxyCommand=x'"),
        ("hosts: [{user: a}]", "3:13: hosts must have the key 'address'"),
        ("hosts: {address: a, roles: [web, db]}", "3:38: roles takes `web` or `worker` or `cron`, not 'db'"),
        ("hosts: [a, {address: a, roles: web}]", "3:16: a is here twice (give one host all its `roles`)"),
        ("provider: ssh", "2:3: prod has no hosts (write `hosts: deploy@web1.example.org`, or another `provider`)"),
        ("domain: https://a.example", "3:13: domain takes a domain such as `shop.example.org`, not 'https://a.example' (without https:// and without a path; a review environment's holds {number})"),
        ("domain: [a.example, A.example.]", "3:25: the domain a.example is here twice (first fairlead.yml:3:14)"),
        ("domain: 'a.example; return 444'", "3:13: domain takes a domain such as `shop.example.org`, not 'a.example; return 444' (without https:// and without a path; a review environment's holds {number})"),
        ("tls: {certificate: /a/b, key: /a/c}", "3:10: a certificate is for a domain (write `domain`)"),
        ("domain: a.example\ntls: {certificate: a, key: /a/c}", "4:24: certificate takes an absolute path on the hosts, not 'a'"),
        ("root: /", "3:11: root takes an absolute folder of the application's own, such as `/srv/shop`, not '/'"),
        ("root: /srv", "3:11: root takes an absolute folder of the application's own, such as `/srv/shop`, not '/srv'"),
        ("root: /srv/../etc", "3:11: root takes an absolute folder of the application's own, such as `/srv/shop`, not '/srv/../etc'"),
        ("user: Root", "3:11: user takes a user's name, not 'Root'"),
        ("env: {SOCKET: x}", "3:11: SOCKET is set by Fairlead itself"),
        ("env: {A-B: x}", "3:11: 'A-B' is not a variable's name"),
        ("env: {A: 1}\nsecrets: A", "3:14: A is both a variable and a secret of prod (one of them is enough)"),
        ("health: health", "3:13: health takes a path such as `/health`, or a mapping, not 'health'"),
        ("health: {status: 99}", "3:22: status takes a whole number from 100 to 599, not '99'"),
        ("health: {version: X-Version}", "3:23: version takes `header:X-Version`, `body` or `json:key.key`, not 'X-Version'"),
        ("watch: {errors: 5}", "3:21: errors takes a percentage such as `5 %`, not '5'"),
        ("watch: soon", "3:12: watch takes a duration, `none`, or a mapping, not 'soon'"),
        ("hooks: {before migrat: x}", "3:13: there is no hook 'before migrat' (did you mean 'before migrate'?)"),
        ("hooks: {migrate: x}", "3:13: there is no hook 'migrate' (did you mean 'before migrate'?)"),
        ("hooks: {before connect: x}", "3:13: there is no hook 'before connect' (did you mean 'before probe'?)"),
        ("env: {A: '${{ x }}'}", "3:14: ${{ }} is not filled in under A"),
        ("hooks: {after switch: {on: first}}", "3:27: after switch must have the key 'run'"),
        ("automatic: true", "3:16: nothing tells which green builds go to prod (write `branch` or `tag`)"),
        ("review: true\ndomain: a.example", "3:13: review environments need a domain with {number} (such as `domain: pr-{number}.staging.example.org`)"),
        ("domain: 'pr-{number}.a.example'", "3:13: only review environments have {number} in a domain (write `review: true`)"),
        ("app: {server: uvicorn, interface: wsgi}", "3:39: uvicorn does not speak wsgi (write `server: gunicorn`, or `interface: asgi`)"),
        ("app: {interface: asgi, server: gunicorn}", "3:36: gunicorn does not speak asgi by itself (write `server: uvicorn`)"),
        ("app: shop.wsgi", "3:10: app takes a target such as `shop.wsgi:application`, or a mapping, not 'shop.wsgi' (the module, a colon, and the callable)"),
        ("app: {name: Shop}", "3:17: name takes a name of small letters, digits and -, not 'Shop'"),
        ("app: {workers: {queue: {count: 2}}}", "3:28: the process 'queue' has no command (write `run`, or a line of that name in the Procfile)"),
        ("app: {workers: {web: x}}", "3:20: a process cannot be called 'web' (this name has a meaning already)"),
        ("app: {cron: [{at: 61 * * * *, run: x}]}", "3:23: at takes a schedule such as `30 2 * * mon-fri` or `@daily`, not '61 * * * *'"),
        ("app: {cron: [{at: '@daily'}]}", "3:18: cron must have the key 'run'"),
        ("app: {static: {static: a}}", "3:20: 'static' is not a path such as `/static/`"),
        ("app: {static: {/static/: ../a}}", "3:30: /static/ takes a path or glob inside the project, not '../a'"),
        ("provision: {office: 192.0.2.1/24}", "3:25: office takes an address, or a network such as `192.0.2.0/24`, not '192.0.2.1/24' (the bits behind the mask must be zero; 0.0.0.0/0 does not hold IPv6, which is ::/0)"),
        ("provision: {backup: daily}", "3:25: backup takes a schedule such as `30 2 * * mon-fri` or `@daily`, not 'daily'"),
        ("provision: {keys: /root/.ssh/id.pub}", "3:23: keys takes a public key such as `ssh-ed25519 AAAA… name`, not '/root/.ssh/id.pub' (it is in a file that ends with .pub)"),
        ("provision: {databases: mongo}", "3:28: databases takes `postgres` or `mysql` or `redis`, not 'mongo'"),
        ("provision: {rate: fast}", "3:23: rate takes a rate such as `20/s` or `300/m`, not 'fast'"),
        ("notify: ops", "3:13: notify takes a mail address or a URL, not 'ops'"),
        ("branch: ''", "3:13: branch takes a glob, or `!` and a glob, not ''"),
        ("provider: heroku", "2:3: heroku needs the option 'app' (write it under `options`: `options: {app: …}`)"),
        ("provider: heroku\noptions: {ap: x, app: y}", "4:15: heroku has no option 'ap' (did you mean 'app'?)"),
        ("provider: heroku\noptions: {app: x, method: push}", "4:31: method takes `build` or `git`, not 'push'"),
        ("provider: script\noptions: {deploy: x, timeout: soon}", "4:35: timeout takes a duration such as `10 min`, not 'soon'"),
        ("provider: script\nreview: true\ndomain: '{number}.a.example'\noptions: {deploy: x}", "4:13: script makes no places for pull requests of ours (reviews need `provider: ssh`)"),
        ("provider: script\nhosts: a\noptions: {deploy: x}", "4:12: script has no hosts of ours (leave `hosts` away, or write `provider: ssh`)"),
        ("provider: herku\nhosts: a", "3:15: provider takes `ssh` or `heroku` or `script`, not 'herku' (did you mean 'heroku'?)"),
    ],
)  # fmt: skip
def test_slips_are_told_with_their_places(wrong, text, message):
    assert wrong(text) == [message]


def test_every_slip_of_a_file_at_once_in_order(complaints):
    assert complaints("""
        environments:
          Prod: {hosts: a}
          prod: {hosts: [b], keep: 0}
          beta: {hosts: c, approvall: true}
        release: {tag: v1, lock: requirements/none.txt}
    """) == [
        "fairlead.yml:3:3: 'Prod' is not an environment's name, of small letters, digits, - and _",
        "fairlead.yml:4:28: keep takes a whole number from 1 to 100, not '0'",
        "fairlead.yml:5:20: unknown key 'approvall' under beta (did you mean 'approval'?)",
        "fairlead.yml:6:16: tag takes a tag with `{number}` or `{name}`, such as `release-{number}`, not 'v1'",
        "fairlead.yml:6:26: the project has no file 'requirements/none.txt' (did you mean 'requirements.txt'?)",
    ]  # fmt: skip


def test_a_domain_leads_to_one_environment(complaints):
    assert complaints("""
        environments:
          one: {hosts: a, domain: shop.example}
          two: {hosts: b, domain: [x.example, SHOP.example]}
    """) == [
        "fairlead.yml:4:39: the domain shop.example is here twice (first fairlead.yml:3:27, for one)"
    ]


def test_two_environments_that_would_be_one_on_a_host(complaints, good):
    text = """
        environments:
          one: {hosts: [b, a]}
          two: {hosts: a%s}
    """
    hint = "(give one of them another `name` under `app`)"
    assert complaints(text % "") == [f"fairlead.yml:4:16: a has one as /srv/my-shop already {hint}"]
    # Units and files are called by the name, whatever the folder is.
    assert complaints(text % ", root: /srv/two, user: two") == [
        f"fairlead.yml:4:16: a has one as my-shop already {hint}"
    ]
    assert good(text % ", app: {name: shop-two}").names == ("one", "two")


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("app: {name: my-shop-pr-17}", "5:16: a has reviews as /srv/my-shop-pr-17 already"),
        ("root: /srv/my-shop-pr-9", "5:16: a has reviews as /srv/my-shop-pr-9 already"),
        ("review: true, domain: 'b-{number}.x'", "5:16: a has reviews as /srv/my-shop-pr-1 already"),
        ("domain: pr-5.x", "5:27: the domain pr-5.x is here twice (first fairlead.yml:4:45, for reviews)"),
        ("app: {name: my-shop-pr-0}", ""),
        ("app: {name: other}, domain: pr-x.x", ""),
        ("app: {name: my-shop}", ""),
    ],
)  # fmt: skip
def test_a_pull_request_s_place_is_nobody_else_s(complaints, more, message):
    found = complaints(f"""
        environments:
          far: {{hosts: b, app: {{name: far}}}}
          reviews: {{hosts: a, review: true, domain: 'pr-{{number}}.x'}}
          two: {{hosts: a, {more}}}
    """)
    assert [line.partition(" (give")[0].removeprefix("fairlead.yml:") for line in found] == (
        [message] if message else []
    )


def test_nothing_tells_what_is_served(read, files):
    files.clear()
    assert read("environments: {prod: {hosts: a}}").problems == ()  # a file on its own
    files["README.md"] = ""
    (problem,) = read("environments: {prod: {hosts: a}}").problems
    assert str(problem) == (
        "fairlead.yml:1:16: nothing tells what prod serves "
        "(write `app: module:callable`, or a Procfile with a line `web:`)"
    )
    assert read("environments: {prod: {hosts: {address: a, roles: worker}}}").problems == ()


@pytest.mark.parametrize(
    "text",
    ["environments: [a]", "environments: a", "app: [a]", "release: x", "environments: {a: [b]}"],
)
def test_other_shapes(complaints, text):
    (line,) = complaints(text)
    assert " takes " in line


def test_what_is_no_yaml_is_a_problem_and_no_exception(read):
    assert [p.location.line for p in read("environments: {\n").problems] == [2]


def test_the_file_of_a_project_is_found():
    tree = MemoryTree(
        {"fairlead.yaml": "environments: {a: {hosts: b}}", "main.py": "app = FastAPI()"}
    )
    found = find_environments(tree, "shop")
    assert (found.file, found.names, found.problems) == ("fairlead.yaml", ("a",), ())
    assert find_environments(MemoryTree({})).file == ""
