"""From bare machines to hosts, under both process managers, over real SSH."""

import threading
import time

import msgspec
import pytest

from fairlead.errors import UsageError
from fairlead.model.environment import Host, Tls

ANSWERS = """
until curl -s --unix-socket /srv/bank/run/blue.sock http://bank.example/health; do sleep 0.1; done
"""


def changed(environment, **more):
    """The environment with something else wanted."""
    wanted = msgspec.structs.replace(environment.wanted, **more)
    return msgspec.structs.replace(environment, wanted=wanted)


def test_bare_machines_become_hosts_and_a_second_run_changes_nothing(place):
    for host in place.first:
        assert (host.error, host.left) == ("", ())
        assert len(host.changed) > 30
    assert [(host.error, host.changed, host.left) for host in place.second] == [("", (), ())] * 2


def test_what_everybody_relies_on_is_there(place, machine):
    assert machine.run("id -nG www-data").split() == ["www-data", "bank"]
    assert machine.run("stat -c '%U %G %a' /srv/bank/slots/blue") == "bank bank 750\n"
    assert machine.run("readlink /srv/bank/log; stat -c '%U %G %a' /var/log/bank") == (
        "/var/log/bank\nroot bank 750\n"
    )
    assert machine.run("date +%Z").strip() in {"CET", "CEST"}
    assert machine.run("grep -c JustForThisTest /home/deploy/.ssh/authorized_keys") == "1\n"


def test_databases_live_on_the_first_host_alone(place):
    first, second = place.machines
    assert first.run("redis-cli ping") == "PONG\n"
    who = first.run("psql -qAt -c 'select current_user, current_database()'", user="bank")
    assert who == "bank|bank\n"
    packages = second.run("dpkg-query -W -f '${Package}\\n'")
    assert "redis" not in packages
    assert "postgresql" not in packages


def test_the_application_starts_and_stops_its_own_processes_and_no_others(place):
    web1, web2 = place.machines
    denied = "a password is required"
    unit = "bank-web@green.service"
    for verb in ("show", "stop", "reset-failed"):
        assert denied not in web1.run(f"sudo -n systemctl {verb} {unit}", user="bank", check=False)
    for words in ("systemctl stop nginx.service", f"systemctl start {unit} nginx.service",
                  "systemctl restart bank-web@blue.service", "sh -c id", "nginx -t"):  # fmt: skip
        assert denied in web1.run(f"sudo -n {words}", user="bank", check=False), words
    assert "bank-web-green" in web2.run("supervisorctl status || true", user="bank")
    assert denied in web2.run("sudo -n supervisorctl status", user="bank", check=False)


def test_who_deploys_may_become_the_application(place, machine):
    machine.run("mv /etc/sudoers.d/deploy /var/tmp/deploy")
    try:
        assert machine.run("sudo -n -u bank id -un", user="deploy") == "bank\n"
        assert "password is required" in machine.run("sudo -n id", user="deploy", check=False)
    finally:
        machine.run("mv /var/tmp/deploy /etc/sudoers.d/deploy")


def test_drift_is_told_and_mended(place, machine):
    machine.run(
        "sed -i 's/client_max_body_size 1k/client_max_body_size 9g/' /etc/nginx/sites-available/bank.conf;"
        "chmod 666 /etc/cron.d/bank; rm /srv/bank/log; gpasswd -d www-data bank"
    )
    (found,) = place.look(hosts=place.only(machine))
    told = {change.title: change.lines for change in found.changes}
    assert set(told) == {
        "change /etc/nginx/sites-available/bank.conf",
        "change /etc/cron.d/bank: mode 0666 -> 0644",
        "link /srv/bank/log -> /var/log/bank",
        "add www-data to group bank",
    }
    lines = told["change /etc/nginx/sites-available/bank.conf"]
    assert [line for line in lines if line[0] in "+-"] == [
        "-    client_max_body_size 9g;",
        "+    client_max_body_size 1k;",
    ]
    (done,) = place.provision(hosts=place.only(machine))
    assert len(done.changed) == 4
    assert (done.error, done.left) == ("", ())


def test_nothing_is_changed_where_nobody_agrees(place):
    seen = []
    other = changed(place.environment, ports=(9000,))
    done = place.provision(other, agree=lambda found: bool(seen.extend(found)))
    assert [bool(outlook.changes) for outlook in seen] == [True, True]
    assert all(host.left and not host.changed for host in done)
    assert not any(outlook.changes for outlook in place.look())


def test_what_nginx_refuses_is_put_back_and_nginx_goes_on(place):
    broken = msgspec.structs.replace(
        place.environment, tls=Tls(certificate="/etc/ssl/absent.pem", key="/etc/ssl/absent.key")
    )
    before = [machine.run("cat /etc/nginx/sites-available/bank.conf") for machine in place.machines]
    done = place.provision(broken)
    for host, machine, text in zip(done, place.machines, before, strict=True):
        assert "absent.pem" in host.error
        assert "nginx: put back as it was" in host.error
        assert machine.run("cat /etc/nginx/sites-available/bank.conf") == text
        assert place.ask(machine, "/health")[0] == 200
        assert machine.run("ls -A /var/lib/fairlead/bank") == ""
    # the firewall came before, and opened 443 for it
    assert not any(host.error or host.left for host in place.provision())


def test_a_provisioning_that_dies_in_the_middle_is_put_back_and_done_again(place, machine):
    site = "/etc/nginx/sites-available/bank.conf"
    good = machine.run(f"cat {site}")
    # What kill -9 leaves between the move and the check: a broken file, and what it was before.
    machine.run(
        "undo=/var/lib/fairlead/bank/undo.nginx; mkdir -p $undo; cd $undo;"
        f"printf %s {site} >1.path; cp -a {site} 1.old; touch 1.begun; echo 'broken {{' >{site};"
        "printf %s /etc/nginx/conf.d/new.conf >2.path; touch 2.begun;"
        "echo 'also broken' >/etc/nginx/conf.d/new.conf; touch /etc/nginx/conf.d/.new.conf.fairlead"
    )
    (found,) = place.look(hosts=place.only(machine))
    assert found.changes[0].title == "put back what was interrupted, and do it again"
    (done,) = place.provision(hosts=place.only(machine))
    assert (done.error, done.left) == ("", ())
    assert machine.run(f"cat {site}") == good
    assert machine.run("cd /; find etc/nginx/conf.d var/lib/fairlead/bank -mindepth 1") == ""
    machine.run("nginx -t")


def test_a_machine_that_dies_between_writing_and_checking_comes_back_whole(place, machine):
    site = "/etc/nginx/sites-available/bank.conf"
    good = machine.run(f"cat {site}")
    slow = "/usr/local/sbin/nginx"
    machine.run(f"printf '#!/bin/sh\\ntouch /run/checking; sleep 100\\n' >{slow}; chmod +x {slow}")
    host = place.only(machine)

    def pull_the_plug():
        while not machine.path("/run/checking").exists():
            time.sleep(0.01)
        machine.kill()

    plug = threading.Thread(target=pull_the_plug)
    plug.start()
    try:
        done = place.provision(changed(place.environment, body_limit="5m"), host)
    finally:
        plug.join()
    assert done[0].error
    machine.start()
    machine.wait()
    machine.run(f"rm {slow}; grep -q 'body_size 5m' {site}")
    again = place.provision(hosts=host)
    assert again[0].changed[0].title == "put back what was interrupted, and do it again"
    assert not again[0].error
    assert not again[0].left
    assert machine.run(f"cat {site}") == good
    machine.run(ANSWERS)
    assert place.ask(machine, "/health")[0] == 200


def test_who_is_to_deploy_is_made_by_root(place):
    web1 = place.machines[0]
    key = (place.desk.home / ".ssh/id_ed25519.pub").read_text().strip()
    carla = msgspec.structs.replace(place.environment.hosts[0], user="carla")
    environment = changed(place.environment, keys=(key,))
    environment = msgspec.structs.replace(environment, hosts=(carla,))
    as_root = (msgspec.structs.replace(carla, user="root"),)
    done = place.provision(environment, as_root)
    assert not done[0].error
    assert not done[0].left
    assert place.desk.ssh(web1, "sudo -n -u bank id -un", user="carla").stdout == "bank\n"
    assert place.desk.ssh(web1, "sudo -n true", user="carla").returncode != 0
    (done,) = place.provision(hosts=place.only(web1))
    assert (done.error, done.left) == ("", ())


def test_links_that_the_application_lays_lead_root_nowhere(place):
    web1 = place.machines[0]
    web1.run(
        "cd /srv/bank; mv run run.away; ln -s /etc run;"
        "mv maintenance/page.html maintenance/away.html; ln -s /etc/passwd maintenance/.page.html.fairlead",
        user="bank",
    )
    try:
        (done,) = place.provision(hosts=place.only(web1))
        assert "/srv/bank/run is a link, and should be a folder" in done.error
        web1.run("cd /srv/bank; rm run; mv run.away run", user="bank")
        (done,) = place.provision(hosts=place.only(web1))
        assert (done.error, done.left) == ("", ())
    finally:
        assert web1.run("stat -c '%U %a' /etc") == "root 755\n"
        assert "html" not in web1.run("cat /etc/passwd")
    assert web1.run("stat -c '%U %a' /srv/bank/maintenance/page.html") == "bank 644\n"


def test_two_who_provision_at_once_do_not_meet(place):
    web1 = place.machines[0]
    hold = "flock -F /var/lib/fairlead/lock sleep 60 >/dev/null 2>&1 & echo $! >/run/holder"
    web1.run(hold)
    done = place.provision(changed(place.environment, ports=(9000,)), place.environment.hosts[:1])
    web1.run("kill $(cat /run/holder)")
    assert "somebody else provisions this host just now" in done[0].error


def test_a_host_without_sudo_does_not_keep_the_others_from_being_made_ready(place):
    web1, web2 = place.machines
    web1.run(
        "mv /etc/sudoers.d/deploy /var/tmp/deploy; mv /etc/sudoers.d/fairlead-bank /var/tmp/bank"
    )
    web2.run("chmod 600 /etc/logrotate.d/bank")
    try:
        done = place.provision()
    finally:
        web1.run(
            "mv /var/tmp/deploy /etc/sudoers.d/deploy; mv /var/tmp/bank /etc/sudoers.d/fairlead-bank"
        )
    assert "may not become root" in done[0].error
    assert [change.title for change in done[1].changed] == [
        "change /etc/logrotate.d/bank: mode 0600 -> 0644"
    ]


def test_the_firewall_lets_in_what_it_should_and_never_shuts_out_ssh(place, machine):
    machine.run(
        "python3 -m http.server 8099 >/dev/null 2>&1 & echo $! >/run/server;"
        "until ss -Hltn | grep -q :8099; do sleep 0.05; done"
    )
    try:
        other = changed(place.environment, ports=(9000,))
        (closed,) = place.look(other, place.only(machine))
        assert any("closes" in note and "8099" in note for note in closed.notes)
        with pytest.raises(OSError):
            place.ask(machine, port=8099, patience=1)
        other = changed(place.environment, ports=(8099,))
        (done,) = place.provision(other, place.only(machine))
        assert (done.error, done.left) == ("", ())
        assert place.ask(machine, port=8099)[0] == 200
    finally:
        machine.run("kill $(cat /run/server)")
    (done,) = place.provision(hosts=place.only(machine))
    assert (done.error, done.left) == ("", ())
    assert place.desk.ssh(machine, "true").returncode == 0


def test_the_port_that_we_came_by_stays_open_whatever_is_written(place):
    web1 = place.machines[0]
    web1.run(
        "/usr/sbin/sshd -p 2222 -o PidFile=/run/other.pid; nft add element inet fairlead open { 2222 }"
    )
    by_the_way = (Host(address=web1.address, user="deploy", port=2222),)
    known = place.desk.home / ".ssh/known_hosts"
    kept = known.read_text()
    known.write_text(kept + f"[{web1.address}]:2222 {web1.key}\n")
    moved = msgspec.structs.replace(place.environment, hosts=by_the_way)
    try:
        done = place.provision(moved)
        assert not done[0].error
        assert "2222" in web1.run("nft list set inet fairlead open")
        assert not place.provision(moved)[0].changed
    finally:
        web1.run("kill $(cat /run/other.pid)")
        known.write_text(kept)
    (done,) = place.provision(hosts=place.only(web1))
    assert (done.error, done.left) == ("", ())
    assert "2222" not in web1.run("nft list set inet fairlead open")


def test_processes_that_run_are_not_touched_when_their_settings_change(place, machine):
    ask = "pgrep -f '[s]lots/blue/web'"
    before = machine.run(ask)
    app = msgspec.structs.replace(place.environment.app, timeout=77.0)
    other = msgspec.structs.replace(place.environment, app=app)
    for wanted in (other, place.environment):
        (done,) = place.provision(wanted, place.only(machine))
        assert done.changed
        assert (done.error, done.left) == ("", ())
    assert machine.run(ask) == before


def test_after_a_reboot_the_live_slot_is_there_again(place, machine):
    machine.reboot()
    machine.run(
        "until pgrep -f '[s]lots/blue/web'; do sleep 0.1; done; pgrep -f '[s]lots/green' && exit 1 || true"
    )
    machine.run(ANSWERS)
    assert place.told(machine)["slot"] == "blue"
    machine.run("until nft list set inet fairlead open | grep -qw 80; do sleep 0.1; done")
    (found,) = place.look(hosts=place.only(machine))
    assert not found.changes


def test_backups_are_made_whole_and_old_ones_go(place):
    web1 = place.machines[0]
    web1.run("redis-cli set balance 12 >/dev/null; echo letter >/srv/bank/shared/letter")
    web1.run("psql -q -c 'create table money as select 12 as balance'", user="bank")
    web1.run("for name in a b c; do /usr/local/sbin/bank-backup; sleep 1; done")
    kept = web1.run("cd /var/backups/bank; ls -A; stat -c '%a' .").split()
    assert len([name for name in kept if name.endswith(".tar.gz")]) == 2
    assert kept[-1] == "700"
    web1.run("mkdir /tmp/back; tar -xzf $(ls /var/backups/bank/*.tar.gz | tail -1) -C /tmp/back")
    assert web1.run("cat /tmp/back/shared/letter; head -c 5 /tmp/back/redis.rdb") == "letter\nREDIS"
    web1.run("psql -q -c 'drop table money'", user="bank")
    # as the head of the script says
    web1.run(
        "runuser -u bank -- pg_restore --clean --if-exists --dbname=bank </tmp/back/postgres.dump"
    )
    assert web1.run("psql -qAt -c 'select balance from money'", user="bank") == "12\n"


def test_what_runs_by_the_clock_runs_in_the_live_release(place, machine):
    machine.run(
        "printf '#!/bin/sh\\ncd /srv/bank && exec \"$@\"\\n' >/srv/bank/slots/blue/run;"
        "chmod +x /srv/bank/slots/blue/run; ln -sfn blue /srv/bank/slots/live",
        user="bank",
    )
    # as cron reads the line: what follows the user, with \% for %
    line = machine.run("sed -n 's/^\\*\\/5 [* ]*bank //p' /etc/cron.d/bank").strip()
    machine.run(line.replace(r"\%", "%"), user="bank")
    assert machine.run("cat /srv/bank/shared/by-the-clock") == "100%\n"


def test_logs_are_rotated_while_they_are_written(place, machine):
    place.ask(machine, "/before")
    machine.run("logrotate -f /etc/logrotate.d/bank")
    assert "/before" in machine.run("cat /var/log/bank/access.log.1")
    log, until = "", time.monotonic() + 60
    while "/after" not in log:  # nginx's processes open the new file when they come to it
        assert time.monotonic() < until, log
        place.ask(machine, "/after")
        log = machine.run("cat /srv/bank/log/access.log", user="bank")
    assert "/before" not in log


def test_what_no_host_can_have_is_told_before_any_is_asked(place):
    hostile = msgspec.structs.replace(place.environment, domains=("a.example; return 200",))
    with pytest.raises(UsageError, match="cannot stand in a configuration file"):
        place.look(hostile)
