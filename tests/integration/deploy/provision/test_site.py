"""What nginx does in front of an application, as it was written for it."""

import json
import ssl
from http.client import HTTPSConnection

import msgspec
import pytest

from fairlead.model.environment import Tls
from machines.network import DESK


def changed(environment, **more):
    wanted = msgspec.structs.replace(environment.wanted, **more)
    return msgspec.structs.replace(environment, wanted=wanted)


def test_the_application_is_told_who_asks_and_spoofing_is_refused(place, machine):
    told = place.told(machine, "/a%20b?c=%2F", headers={"X-Forwarded-For": "203.0.113.5"})
    assert told["path"] == "/a%20b?c=%2F"
    assert told["headers"]["host"] == "bank.example"
    assert told["headers"]["x-forwarded-for"] == told["headers"]["x-real-ip"] == DESK
    assert told["headers"]["x-forwarded-proto"] == "http"


def test_a_load_balancer_of_ours_is_believed(place, machine):
    said = {"X-Forwarded-For": "198.51.100.1, 203.0.113.5", "X-Forwarded-Proto": "https"}
    told = place.told(machine, of=place.balancer, headers=said)["headers"]
    assert told["x-forwarded-for"] == "203.0.113.5"
    assert told["x-forwarded-proto"] == "https"
    assert place.told(machine, headers=said)["headers"]["x-forwarded-proto"] == "http"


def test_connections_can_be_upgraded(place, machine):
    said = {"Upgrade": "websocket", "Connection": "Upgrade"}
    assert place.told(machine, headers=said)["headers"]["connection"] == "upgrade"
    assert "upgrade" not in place.told(machine)["headers"]


def test_bodies_have_a_limit(place, machine):
    assert place.told(machine, method="POST", body=b"x" * 1024)["size"] == 1024
    assert place.ask(machine, method="POST", body=b"x" * 1025)[0] == 413


def test_static_files_come_from_the_live_release_and_the_one_before(place, machine):
    files = "/srv/bank/slots/{}/real/source/staticfiles"
    machine.run(f"mkdir -p {files.format('green')}; cd {files.format('green')};"
                "echo green >a.css; echo old >before.css; ln -sfn real ../../../release", user="bank")  # fmt: skip
    status, headers, body = place.ask(machine, "/static/a.css")
    assert (status, headers["Content-Type"], body) == (200, "text/css", b"blue\n")
    assert "max-age=3600" in headers["Cache-Control"]
    assert place.ask(machine, "/static/before.css")[2] == b"old\n"
    assert place.told(machine, "/static/nowhere.css?x")["path"] == "/static/nowhere.css?x"
    assert place.ask(machine, "/static/../../../../../../etc/passwd")[0] in {400, 200}
    assert b"root:" not in place.ask(machine, "/static/%2e%2e/%2e%2e/%2e%2e/etc/passwd")[2]


def test_text_is_compressed(place, machine):
    machine.run(
        "yes 'a { color: red }' | head -500 >/srv/bank/slots/blue/real/source/staticfiles/big.css"
    )
    _, headers, body = place.ask(machine, "/static/big.css", headers={"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip"
    assert headers["Vary"] == "Accept-Encoding"
    assert len(body) < 500


def test_a_switch_needs_no_reload(place, machine):
    place.go_live(machine, "green")
    assert place.told(machine)["slot"] == "green"
    place.go_live(machine, "blue")
    assert place.told(machine)["slot"] == "blue"


def test_a_line_of_the_access_log_begins_with_when_and_how(place, machine):
    place.ask(machine, "/fail?x=1")
    log = "/srv/bank/log/access.log"
    machine.run(f"until grep -q /fail {log}; do sleep 0.1; done")
    last = machine.run(f"grep /fail {log} | tail -n 1", user="bank")
    when, status, took, rest = last.split(" ", 3)
    assert float(when) > 1e9
    assert status == "500"
    assert float(took) >= 0
    assert rest == f'"GET /fail" {DESK} 500\n'


def test_one_address_may_not_ask_without_end(place, machine):
    (done,) = place.provision(changed(place.environment, rate="1/s"), place.only(machine))
    assert (done.error, done.left) == ("", ())
    try:
        found = [place.ask(machine)[0] for _ in range(12)]
        assert (found[0], found[-1]) == (200, 429)
        assert place.ask(machine, "/health")[0] == 200
    finally:
        (done,) = place.provision(hosts=place.only(machine))
        assert (done.error, done.left) == ("", ())


def test_tls_with_health_open_without_it(place):
    for machine in place.machines:
        machine.run(
            "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
            " -subj /CN=bank.example -keyout /etc/ssl/bank.key -out /etc/ssl/bank.pem 2>/dev/null"
        )
    tls = Tls(certificate="/etc/ssl/bank.pem", key="/etc/ssl/bank.key")
    done = place.provision(msgspec.structs.replace(place.environment, tls=tls))
    assert not any(host.error or host.left for host in done)
    try:
        for machine in place.machines:
            status, headers, _ = place.ask(machine, "/a?b")
            assert (status, headers["Location"]) == (301, "https://bank.example/a?b")
            assert place.ask(machine, "/health")[0] == 200
            assert secure(place, machine)["x-forwarded-proto"] == "https"
    finally:
        assert not any(host.error or host.left for host in place.provision())


def secure(place, machine):
    """The headers that the application got over TLS."""
    trusting = ssl.create_default_context()
    trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
    with place.network.inside():
        line = HTTPSConnection(machine.address, 443, timeout=10, context=trusting)
        line.request("GET", "/", headers={"Host": "bank.example"})
        answer = line.getresponse()
        told = json.loads(answer.read())["headers"]
        line.close()
    return told


CLOSED = "cd /srv/bank/maintenance && ln -s page.html .on && mv -T .on on.html"


@pytest.fixture
def by_deployment(machine):
    """The site as a deployment closes it."""
    machine.run(CLOSED, user="bank")
    yield
    machine.run("rm -f /srv/bank/maintenance/on.html")


@pytest.mark.usefixtures("by_deployment")
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "PUT", "DELETE"])
def test_a_closed_site_says_when_to_come_again(place, machine, method):
    status, headers, body = place.ask(machine, "/account?x=1", method)
    assert (status, headers["Retry-After"], headers["Cache-Control"]) == (503, "120", "no-store")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert (b"Back shortly" in body) is (method != "HEAD")


@pytest.mark.usefixtures("by_deployment")
def test_who_is_let_into_a_closed_site(place, machine):
    office = place.office.replace("0/24", "77")
    assert place.ask(machine, "/health")[0] == 200
    assert place.ask(machine, "/static/a.css")[0] == 200
    assert place.ask(machine, "/static/nowhere.css")[0] == 503
    assert place.ask(machine, of=place.balancer, headers={"X-Forwarded-For": office})[0] == 200
    for spoofed in (office, f"{office}, 198.51.100.1", f"198.51.100.1, {office}"):
        assert place.ask(machine, headers={"X-Forwarded-For": spoofed})[0] == 503
    hops = f"{office}, 198.51.100.1"
    assert place.ask(machine, of=place.balancer, headers={"X-Forwarded-For": hops})[0] == 503
    assert place.ask(machine, "/__bank_maintenance")[0] == 404
