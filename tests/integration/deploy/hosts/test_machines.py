"""The machines that deployments are proved on are what they claim to be."""

import os
import re
import subprocess
from pathlib import Path

from machines import loading
from machines.balancer import Balancer
from machines.network import SUBNET, Network

ANSWER = """\
server {
    listen 80 default_server;
    location / { add_header X-Fairlead-Release one always; return 200 hello; }
}
"""


def test_a_bare_machine_has_nothing_of_ours(bare, desk):
    checkout = Path(__file__).parents[4]
    for machine in bare.machines.values():
        machine.run(f"test ! -e {checkout}")
        assert (
            machine.run("ls -d /root/* /srv/* /opt/* /mnt/* /home/*/* || true", check=False).count(
                "No such file"
            )
            == 5
        )
        for package in ("nginx", "supervisor", "python3", "nftables"):
            assert "not installed" in machine.run(f"dpkg -s {package}", check=False)
        assert machine.run("command -v nginx python3 supervisord gunicorn || echo none") == "none\n"


def test_one_signs_in_by_key_and_becomes_root_by_sudo(bare, desk):
    for name, machine in bare.machines.items():
        done = desk.ssh(machine, "hostname && whoami && sudo -n whoami")
        assert done.stdout.split() == [name, "deploy", "root"]


def test_packages_are_installed_without_a_network(bare, desk):
    machine = bare.machines["web2"]
    done = desk.ssh(machine, "sudo apt-get -q update && sudo apt-get -qy install supervisor")
    assert done.returncode == 0, done.stdout
    assert "supervisord is running" in machine.run("service supervisor status")


def test_systemd_is_the_first_process_of_one_of_them(bare, desk):
    one, two, _ = bare.machines.values()
    assert one.run("cat /proc/1/comm; systemctl is-system-running --wait").split() == [
        "systemd",
        "running",
    ]
    assert two.run("cat /proc/1/comm; test ! -e /run/systemd/system") == "bash\n"


def test_a_machine_keeps_what_it_wrote_over_a_power_cut(bare, desk):
    for machine in bare.machines.values():
        machine.run("echo kept > /srv/note")
        machine.reboot()
        assert machine.run("cat /srv/note; hostname") == f"kept\n{machine.name}\n"


def test_a_system_is_kept_and_others_start_from_it(network, desk, tmp_path):
    first = network.machine("first", 21)
    first.run("echo once > /srv/note; rm /etc/fstab; rm -r /usr/share/bash-completion")
    system = first.keep(tmp_path / "kept")
    second = network.machine("second", 22, system=system)
    assert second.run("cat /srv/note; hostname") == "once\nsecond\n"
    told = second.run("ls -d /etc/fstab /usr/share/bash-completion", check=False)
    assert told.count("No such file") == 2


def test_a_cable_can_be_pulled(bare, desk):
    bare.cable("web1", "down")
    assert desk.ssh(bare.machines["web1"], "true").returncode == 255
    bare.cable("web1", "up")
    assert desk.ssh(bare.machines["web1"], "true").returncode == 0


def test_a_disk_can_be_full(bare, desk):
    machine = bare.machines["web3"]
    machine.fill(leave=1 << 20)
    told = desk.ssh(machine, "head -c 2000000 /dev/zero > big").stdout
    assert "No space left" in told or "I/O error" in told
    machine.run("rm /full")
    assert desk.ssh(machine, "head -c 2000000 /dev/zero > big").returncode == 0


def test_every_request_of_a_load_is_told_and_failures_are_seen(bare, desk, tmp_path):
    machines = [bare.machines["web1"], bare.machines["web2"]]
    for machine in machines:
        machine.run("apt-get -q update && apt-get -qy install nginx")
        machine.run("cat > /etc/nginx/sites-enabled/default", text=ANSWER)
        machine.run("nginx -s reload")
    with Balancer(bare, tmp_path / "front", machines) as front:
        with loading.Load(bare, front.address, front.port, tmp_path / "good.log") as good:
            good.flow(200)
        with loading.Load(bare, front.address, front.port, tmp_path / "bad.log") as bad:
            machines[0].kill()
            bad.flow(200)
    assert {(one.kind, one.wrong) for one in good.failed} == {("posted", "another body")}
    assert len(good.requests) >= 200
    assert good.releases == ["one"]
    assert {one.machine.rpartition(":")[0] for one in good.requests} == {
        one.address for one in machines
    }
    assert {one.kind for one in good.requests} == {"kept", "once", "posted"}
    worse = [one for one in bad.failed if one.wrong != "another body"]
    assert worse
    assert {one.machine.partition(":")[0] for one in worse} <= {machines[0].address, ""}


def test_nothing_is_left_of_a_network(systems, tmp_path):
    before = left()
    made = Network(tmp_path, systems)
    machine = made.machine("passing", 31, kind="systemd")
    pids = {machine.pid, *machine.processes()}
    assert len(pids) > 3
    made.close()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
    assert left() == before


def test_two_networks_do_not_meet(systems, tmp_path):
    networks = [Network(tmp_path, systems) for _ in range(2)]
    try:
        one, two = (each.machine(name, 11) for each, name in zip(networks, "ab", strict=True))
        assert one.address == two.address == f"{SUBNET}.11"
        assert [one.run("hostname"), two.run("hostname")] == ["a\n", "b\n"]
    finally:
        for each in networks:
            each.close()


def left():
    """What is seen of machines from outside: mounts, interfaces, groups and folders."""
    mounts = Path("/proc/self/mountinfo").read_text()
    links = subprocess.run(("ip", "-o", "link"), capture_output=True, text=True, check=True).stdout
    groups = [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/fairlead-{os.getpid()}-*")]
    return (
        mounts,
        re.sub(r"qdisc.*", "", links),
        groups,
        sorted(Path("/tmp").glob("fairlead-machines-*")),
    )
