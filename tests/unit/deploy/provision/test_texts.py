"""What is written for hosts: configuration that says what was asked for, and nothing else."""

import subprocess

import msgspec
import pytest

from fairlead.deploy.provision.parts import NAMES, parts_of
from fairlead.deploy.provision.parts.nginx import site, window
from fairlead.deploy.provision.render import identifier, name, network, pattern, word
from fairlead.deploy.provision.resources import Absent, Ensure, Facts, File, Line
from fairlead.deploy.provision.target import Target
from fairlead.errors import UsageError
from fairlead.model.environment import App, Environment, Host, Process, Tls, Wanted

REPLACE = msgspec.structs.replace
APP = App(name="bank", target="bank.wsgi:app")
HOST = Host(address="web1", user="deploy")


def target(host=HOST, facts=None, first=True, app=None, **environment):
    made = Environment(
        name="production", hosts=(host,), app=REPLACE(APP, **(app or {})), **environment
    )
    return Target(environment=made, host=host, facts=facts or Facts(), first=first)


def part(wanted, found):
    return next((one for one in parts_of(found) if one.name == wanted), None)


def text(found, ending):
    files = [f for p in parts_of(found) for f in p.files if isinstance(f, File)]
    return next(file.text for file in files if file.path.endswith(ending))


def test_every_part_is_in_the_order_of_its_needs():
    assert NAMES.index("accounts") < NAMES.index("folders") < NAMES.index("nginx")
    assert NAMES.index("databases") < NAMES.index("backup")


@pytest.mark.parametrize("manager", ["systemd", "supervisor"])
def test_all_that_real_facts_lead_to_was_asked_for_without_them(manager):
    """Otherwise the first answer would never say that it is so, and each run would do it again."""
    everything = Wanted(databases=("postgres", "mysql", "redis"), backup="0 3 * * *")

    def asked(facts):
        parts = parts_of(target(facts=facts, app={"manager": manager}, wanted=everything))
        resources = [r for p in parts for r in (*p.before, *p.files, *p.after)]
        return {r.title if isinstance(r, Ensure) else r.path for r in resources}

    known = asked(Facts())
    other = Facts(signed_in="deploy", home="/home/deploy", ssh_ports=(22, 2222), systemd=False,
                  ipv6=False, clock="ntpsec", ufw=True)  # fmt: skip
    assert asked(other) <= known


def test_a_backup_that_fails_leaves_nothing_half_made(tmp_path):
    found = target(wanted=Wanted(backup="0 3 * * *"))
    script = text(found, "/bank-backup")
    script = script.replace("/var/backups/bank", f"{tmp_path}/saved")
    script = script.replace("/srv/bank", f"{tmp_path}/bank")
    (tmp_path / "bank/shared").mkdir(parents=True)
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/.2026-01-01T000000Z.tar.gz").touch()
    full = "tar() { echo half; echo 'no space left' >&2; return 2; }\n"
    done = subprocess.run(("sh", "-c", full + script), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (2, b"no space left\n")
    assert [path.name for path in (tmp_path / "saved").iterdir()] == [".lock"]
    done = subprocess.run(("sh", "-c", script), capture_output=True, check=True)
    (lock, saved) = sorted(path.name for path in (tmp_path / "saved").iterdir())
    assert (lock, saved[-7:], done.stderr) == (".lock", ".tar.gz", b"")


def test_ssh_stays_open_by_the_port_it_listens_at_and_the_one_we_came_by():
    found = target(HOST, Facts(ssh_ports=(2222, 22)), wanted=Wanted(ports=(8080,)))
    assert "elements = { 22, 2222 }" in text(found, "fairlead-10-host.nft")
    assert "open { 80, 8080 }" in text(found, "fairlead-20-bank.nft")
    moved = target(Host(address="web1", port=2200), Facts())
    assert "elements = { 22, 2200 }" in text(moved, "fairlead-10-host.nft")


def test_without_systemd_a_script_loads_the_firewall_at_boot():
    script = text(target(facts=Facts(systemd=False)), "/etc/init.d/fairlead-firewall")
    assert "start | restart | reload | force-reload) cat /etc/nftables.d/fairlead-*.nft" in script
    assert "# Default-Start:     2 3 4 5\n" in script
    assert Absent(path="/etc/init.d/fairlead-firewall") in part("firewall", target()).files


def test_what_the_firewall_would_close_is_told():
    found = target(HOST, Facts(listening=(22, 80, 5432)), wanted=Wanted())
    (note,) = part("firewall", found).notes
    assert "closes 5432," in note


def test_a_worker_has_no_site_and_opens_no_port_for_one():
    host = Host(address="work1", roles=("worker",))
    found = target(host, app={"workers": (Process(name="mail", command="x"),)})
    assert part("nginx", found) is None
    assert part("cron", found) is None
    paths = [file.path for one in parts_of(found) for file in one.files]
    assert "/etc/systemd/system/bank-mail-1@.service" in paths
    assert "/etc/systemd/system/bank-web@.service" not in paths
    assert Absent(path="/etc/nftables.d/fairlead-20-bank.nft") in part("firewall", found).files


def test_nobody_is_believed_about_where_a_request_comes_from_unless_named():
    assert "set_real_ip_from" not in site(target())
    named = site(target(wanted=Wanted(proxies=("10.0.0.7", "10.1.2.3/8"))))
    assert named.count("set_real_ip_from 10.0.0.7/32;") == 1
    assert "set_real_ip_from 10.0.0.0/8;" in named


def test_names_with_dashes_become_variables_of_nginx():
    text_of = site(target(app={"name": "big-bank"}, domains=("bank.example",)))
    assert "$big_bank_closed" in text_of
    assert "$big-bank" not in text_of


def test_tls_redirects_all_but_the_health_path():
    made = site(
        target(domains=("bank.example",), tls=Tls(certificate="/etc/ssl/a.pem", key="/etc/ssl/a"))
    )
    plain, _, secure = made.partition("listen 443")
    assert "return 301 https://$host$request_uri;" in plain
    assert plain.count("location = /health") == 1
    assert "ssl_certificate_key /etc/ssl/a;" in secure
    assert "TLSv1.1" not in made


def test_the_release_is_asked_by_a_link_that_no_kept_connection_goes_around():
    made = site(target())
    assert "server unix:/srv/bank/run/live.sock fail_timeout=0;" in made
    assert "    keepalive" not in made


@pytest.mark.parametrize(
    ("rate", "wanted"),
    [("20/s", ("rate=20r/s", "burst=40")), ("300/m", ("rate=300r/m", "burst=30")),
     ("1 / min", ("rate=1r/m", "burst=5"))],
)  # fmt: skip
def test_a_rate_is_written_as_nginx_wants_it(rate, wanted):
    made = site(target(wanted=Wanted(rate=rate)))
    assert all(words in made for words in wanted)


@pytest.mark.parametrize("rate", ["fast", "0/s", "20/h", "20/s; return 200"])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(UsageError, match="no rate"):
        site(target(wanted=Wanted(rate=rate)))


@pytest.mark.parametrize(
    "hostile",
    [
        {"domains": ("a.example;\n}",)},
        {"domains": ("a.example {",)},
        {"app": {"static": (("/static/", "x; return 200"),)}},
        {"tls": Tls(certificate="/a b", key="/c")},
        {"wanted": Wanted(body_limit="1m; }")},
        {"wanted": Wanted(timezone="Etc/UTC\nroot")},
        {"wanted": Wanted(office=("everybody",))},
        {"wanted": Wanted(packages=("nginx; reboot",))},
        {"wanted": Wanted(databases=("oracle",))},
        {"wanted": Wanted(backup="* * * * * root rm")},
        {"wanted": Wanted(backup="0 3 * * *", backups=0)},
        {"app": {"cron": (("@reboot", "x"),)}},
        {"app": {"cron": (("0 3 * * *", "x\n* * * * * root id"),)}},
        {"app": {"name": "Bank;"}},
        {"user": "bank ALL"},
        {"root": "/srv/my app"},
    ],
)
def test_what_could_end_a_line_of_configuration_is_refused(hostile):
    with pytest.raises(UsageError):
        parts_of(target(**hostile))


def test_an_environment_without_an_application_says_so():
    bare = Target(environment=Environment(name="beta", hosts=(HOST,)), host=HOST)
    with pytest.raises(UsageError, match="beta names no application"):
        parts_of(bare)


def test_cron_runs_in_the_live_release_and_escapes_percent_signs():
    made = text(target(app={"cron": (("0  3 * * 1-5", "date +%F | tee 'a b'"),)}), "/cron.d/bank")
    line = made.splitlines()[-1]
    assert line.startswith("0 3 * * 1-5 bank [ -x /srv/bank/slots/live/run ] && ")
    assert r"date +\%F" in line
    assert line.endswith(">>/var/log/bank/cron.log 2>&1")


def test_sudo_allows_each_command_in_full():
    found = target(HOST, app={"workers": (Process(name="mail", command="x", count=2),)})
    made = text(found, "/sudoers.d/fairlead-bank")
    assert "/usr/bin/systemctl start bank-mail-2@green.service" in made
    assert "deploy ALL=(bank) NOPASSWD: ALL" in made
    commands = [line for line in made.splitlines() if "systemctl" in line]
    assert not any("*" in line for line in commands)
    assert len(commands) == 4 * 3 * 2


def test_root_and_the_application_itself_need_no_leave_to_become_it():
    supervised = {"manager": "supervisor"}
    for user in ("root", "bank"):
        assert part("sudoers", target(Host(address="web1", user=user), app=supervised)) is None


def test_keys_belong_to_who_deploys_wherever_their_home_is():
    wanted = Wanted(keys=("ssh-ed25519 AAAA somebody",))

    def line(host, facts):
        lines = part("accounts", target(host, facts, wanted=wanted)).files
        assert all(isinstance(one, Line) for one in lines)
        return [(one.path, one.owner) for one in lines]

    other_home = Facts(signed_in="deploy", home="/opt/deploy")
    assert line(HOST, other_home) == [("/opt/deploy/.ssh/authorized_keys", "deploy")]
    assert line(HOST, Facts()) == [("/home/deploy/.ssh/authorized_keys", "deploy")]
    nobody_named = Host(address="web1")
    assert line(nobody_named, Facts()) == [("/root/.ssh/authorized_keys", "root")]


def test_a_window_says_who_is_let_through_and_when_to_come_again():
    made = window("bank", "production", closed=True, allowed=("203.0.113.7",), retry="300")
    assert "default 1;" in made
    assert "203.0.113.7/32 1;" in made
    assert 'default "300";' in made


def test_words_networks_and_names():
    assert word("/srv/bank-1.2") == "/srv/bank-1.2"
    assert network(" 2001:DB8::1/32 ") == "2001:db8::/32"
    assert name("bank-2") == "bank-2"
    assert identifier("big-bank") == "big_bank"
    assert pattern("/a.b/") == r"/a\.b/"
    for wrong in ("", "a b", "a;b", "a\nb", "{", "$x", '"'):
        with pytest.raises(UsageError):
            word(wrong)
