"""`fairlead provision` and `fairlead maintenance` as a person types them."""

import json

import pytest

PIPELINE = """\
app: {{name: bank, target: "bank:app", static: {{/static/: staticfiles}}}}
environments:
  production:
    hosts:
      - {{address: {0}, user: deploy, manager: systemd}}
      - {{address: {1}, user: deploy, manager: supervisor}}
    domain: bank.example
    app:
      workers: {{worker: {{run: ./mail, count: 2}}}}
      cron:
        - {{at: "*/5 * * * *", run: "echo 100% > shared/by-the-clock"}}
    provision:
      timezone: Europe/Berlin
      ntp: false
      databases: [postgres, redis]
      backup: "30 3 * * *"
      backups: 2
      body_limit: 1 KiB
      office: {2}
      proxies: {3}
      keys: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJustForThisTest somebody
  nowhere:
    hosts: [deploy@10.78.0.99, deploy@{0}]
    app: {{name: other}}
    domain: other.example
  shop:
    provider: heroku
    options: {{app: shop}}
"""


@pytest.fixture
def fairlead(place, tmp_path):
    """Our program in a project with these hosts; what it wrote, and its exit code."""
    addresses = [machine.address for machine in place.machines]
    text = PIPELINE.format(*addresses, place.office, place.balancer)
    (tmp_path / "fairlead.yml").write_text(text)

    def run(*words, code=0):
        done = place.desk.fairlead(*words, cwd=tmp_path)
        assert done.returncode == code, done.stdout
        return done.stdout

    return run


def test_hosts_that_are_as_wanted_have_no_drift(place, fairlead):
    told = fairlead("provision", "production", "--check")
    assert told.count("as wanted, nothing to change") == 1, "hosts that are alike are told of once"
    assert "deploy@10.78.0.11, deploy@10.78.0.12" in told or told.count("debian") == 1
    assert fairlead("provision", "production", "--yes").count("nothing to change") == 2


def test_drift_is_shown_told_by_the_exit_code_and_mended(place, fairlead):
    web2 = place.machines[1]
    web2.run("sed -i 's/maxsize 200M/maxsize 9G/' /etc/logrotate.d/bank")
    for words, code in ((("--check",), 1), (("--dry-run",), 0)):
        told = fairlead("provision", "production", *words, code=code)
        assert "-    maxsize 9G" in told
        assert "+    maxsize 200M" in told
        assert "1 change\n  rotation" in told
    assert "maxsize" not in fairlead("provision", "production", "--check", "--brief", code=1)
    assert fairlead("provision", "production", "--check", "--host", "10.78.0.11")
    answer = json.loads(fairlead("provision", "production", "--check", "--json", code=1))
    assert [len(host["changes"]) for host in answer["hosts"]] == [0, 1]
    assert "nobody is here to say yes" in fairlead("provision", "production", code=2)
    told = fairlead("provision", "production", "--yes")
    assert "1 change made" in told
    assert "/etc/logrotate.d/bank" in told
    fairlead("provision", "production", "--check")


def test_wrong_words_are_answered_with_what_there_is(fairlead):
    assert "did you mean 'production'" in fairlead("provision", "productoin", code=2).lower()
    assert "hosts: 10.78.0.11, 10.78.0.12" in fairlead(
        "provision", "production", "--check", "--host", "web9", code=2
    )
    assert "has no hosts of its own" in fairlead("provision", "shop", "--check", code=2)
    assert "has no hosts of its own" in fairlead("maintenance", "on", "shop", code=2)
    assert "is no time" in fairlead("maintenance", "on", "production", "--until", "soon", code=2)
    assert "no address" in fairlead("maintenance", "on", "production", "--allow", "all", code=2)
    assert "--json goes with" in fairlead("provision", "production", "--json", code=2)


def test_a_host_that_cannot_be_reached_is_named_and_the_other_looked_at(place, fairlead):
    told = fairlead("provision", "nowhere", "--dry-run", "--brief", code=2)
    assert "10.78.0.99" in told
    told = fairlead("maintenance", "on", "nowhere", code=2)
    assert "10.78.0.99" in told
    assert place.ask(place.machines[0])[0] == 200


def statuses(place, **more):
    return [place.ask(machine, **more)[0] for machine in place.machines]


def test_a_site_is_closed_and_opened_again(place, fairlead):
    told = fairlead("maintenance", "on", "production", "--message", "New <b>disk</b>.")
    assert told.count("closed") == 2
    try:
        assert statuses(place) == [503, 503]
        assert statuses(place, path="/health") == [200, 200]
        for machine in place.machines:
            assert b"New &lt;b&gt;disk&lt;/b&gt;." in place.ask(machine)[2]
            # what a deployment does when it is over
            machine.run("cd /srv/bank/maintenance; [ $(readlink on.html) != page.html ]")
        assert not any(outlook.changes for outlook in place.look())
    finally:
        told = fairlead("maintenance", "off", "production")
    assert statuses(place) == [200, 200]
    assert "was open" in fairlead("maintenance", "off", "production")


def test_an_address_is_let_through_and_a_time_is_told(place, fairlead):
    fairlead(
        "maintenance",
        "on",
        "production",
        "--allow",
        "198.51.100.0/24",
        "--until",
        "2126-03-01 12:00",
    )
    try:
        assert statuses(place) == [503, 503]
        headers = place.ask(place.machines[0])[1]
        assert (
            headers["Retry-After"].endswith(" Mar 2126 11:00:00 GMT")
            or "2126" in headers["Retry-After"]
        )
        assert b"1 March 2126" in place.ask(place.machines[1])[2]
        through = {"X-Forwarded-For": "198.51.100.20"}
        assert statuses(place, of=place.balancer, headers=through) == [200, 200]
        assert statuses(place, headers=through) == [503, 503]
        # A deployment that closes and opens for itself does not open it.
        for machine in place.machines:
            machine.run("rm /srv/bank/maintenance/on.html")
        assert statuses(place) == [503, 503]
        # provisioning leaves it alone
        assert not any(outlook.changes for outlook in place.look())
    finally:
        fairlead("maintenance", "off", "production")
    assert statuses(place) == [200, 200]


def test_a_window_that_nginx_refuses_is_put_back(place, fairlead):
    web1 = place.machines[0]
    web1.run("echo 'broken {' >/etc/nginx/conf.d/others.conf")
    try:
        told = fairlead("maintenance", "on", "production", "--allow", "198.51.100.1", code=2)
        assert "others.conf" in told
        assert statuses(place) == [200, 503]
        assert "198.51.100.1" not in web1.run(
            "cat /etc/nginx/fairlead/bank-window.conf; ls /etc/nginx/fairlead"
        )
    finally:
        web1.run("rm /etc/nginx/conf.d/others.conf")
        fairlead("maintenance", "off", "production")
    assert statuses(place) == [200, 200]
