"""What a bubblewrap box hides and shows; and that the fallback says what it cannot do."""

import os
import re
import socket
import threading
from pathlib import Path

import pytest

from fairlead.errors import SandboxFailed


@pytest.fixture
def listener():
    """Something on the machine's own loopback that says hello."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                client.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    thread.join()


CONNECT = """
import socket, sys
try:
    with socket.create_connection(("127.0.0.1", {port}), 5) as far:
        print(far.recv(5).decode())
except OSError as error:
    print("refused")
"""


@pytest.mark.parametrize("kind", ["bubblewrap"])
class TestBubblewrap:
    def test_the_user_is_nobody_special(self, box, do):
        assert do.run(box, "id -u; id -g; id -un; echo ~") == (0, "1000\n1000\nci\n/home/ci\n")
        assert box.uid == 1000
        assert do.run(box, "grep CapEff /proc/self/status; grep NoNewPrivs /proc/self/status") == (
            0,
            "CapEff:\t0000000000000000\nNoNewPrivs:\t1\n",
        )

    def test_the_machine_s_files_are_not_there(self, boxes, do, tmp_path):
        secret = tmp_path / "secret"
        secret.write_text("hunter2")
        box = boxes.open()
        assert do.run(box, f"cat {secret}")[1] == f"cat: {secret}: No such file or directory\n"
        script = "ls -Ad /etc/shadow /etc/machine-id /roo?/.bash* /home/*/.??* /mnt /srv /boot"
        assert do.run(box, f"{script} 2>/dev/null; true") == (0, "")

    def test_the_system_cannot_be_written_to(self, box, do):
        script = "for d in / /usr /etc /opt /usr/bin; do touch $d/x 2>/dev/null && echo $d; done"
        assert do.run(box, f"{script}; true") == (0, "")

    def test_the_kernel_s_settings_cannot_be_written_to(self, box, do):
        script = "find /proc -maxdepth 1 -type f -writable; find /proc/sys /proc/irq -writable"
        _, text = do.run(box, f"{script} 2>/dev/null")
        # Those that belong to the box's own namespaces are its to set.
        own = re.compile(
            r"/proc/sys/(net|user|fs/mqueue|kernel/(msg|sem|shm|auto_msgmni|pid_max|ns_last_pid))"
        )
        assert [line for line in text.split() if not own.match(line)] == []

    def test_processes_of_the_machine_are_not_visible(self, box, do):
        _, text = do.run(box, "ls /proc | grep -c '^[0-9]'")
        assert int(text) < 8

    def test_the_temporary_folder_is_in_memory_and_its_size_is_limited(self, boxes, do):
        box = boxes.open(memory=256 << 20)
        _, text = do.run(box, "stat -f -c %T /tmp; df -m --output=size /tmp | tail -1")
        assert text.split() == ["tmpfs", "128"]

    def test_a_link_out_of_the_workspace_leads_nowhere(self, boxes, do, tmp_path):
        (tmp_path / "secret").write_text("hunter2")
        (boxes.workspace / "link").symlink_to(tmp_path / "secret")
        (boxes.workspace / "up").symlink_to("../secret")
        assert do.run(boxes.open(), "cat link up 2>/dev/null") == (1, "")

    def test_readable_is_readable_and_writable_writable(self, boxes, do, tmp_path):
        shown, own = tmp_path / "shown", tmp_path / "own"
        for folder in (shown, own):
            folder.mkdir()
            (folder / "file").write_text("content")
        box = boxes.open(readable=[shown], writable=[own])
        assert do.run(box, f"cat {shown}/file; touch {shown}/x 2>/dev/null || echo no") == (
            0,
            "contentno\n",
        )
        assert do.run(box, f"echo new > {own}/file; rm -f {own}/nothing")[0] == 0
        assert (own / "file").read_text() == "new\n"

    def test_folders_within_folders_keep_their_own_rights(self, boxes, do, tmp_path):
        inner = tmp_path / "outer" / "inner"
        innermost = inner / "innermost"
        innermost.mkdir(parents=True)
        box = boxes.open(readable=[innermost, tmp_path / "outer"], writable=[inner])
        script = 'for d in "$@"; do touch $d/x 2>/dev/null && echo yes || echo no; done'
        running = box.start(("sh", "-c", script, "sh", inner.parent, inner, innermost), {})
        assert do.read_all(running) == b"no\nyes\nno\n"
        running.close()

    def test_a_path_through_a_link_appears_under_both_names(self, boxes, do, tmp_path):
        (tmp_path / "real" / "deep").mkdir(parents=True)
        (tmp_path / "real" / "deep" / "file").write_text("content")
        (tmp_path / "link").symlink_to("real")
        box = boxes.open(readable=[tmp_path / "link" / "deep"])
        files = f"{tmp_path}/link/deep/file {tmp_path}/real/deep/file"
        assert do.run(box, f"cat {files}") == (0, "contentcontent")

    def test_a_path_that_is_not_there_is_an_error(self, boxes, tmp_path):
        with pytest.raises(SandboxFailed, match="nonesuch: no such file or folder"):
            boxes.open(readable=[tmp_path / "nonesuch"])
        with pytest.raises(SandboxFailed, match="all of the machine"):
            boxes.open(readable=[Path("/")])

    def test_a_file_name_can_be_anything(self, boxes, do, tmp_path):
        name = os.fsdecode(b"new\nline \xff 'quoted'")
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text("content")
        running = boxes.open(readable=[tmp_path / name]).start(
            ("cat", tmp_path / name / "file"), {}
        )
        assert do.read_all(running) == b"content"
        running.close()

    def test_the_workspace_appears_where_it_is_wanted(self, box, boxes, do):
        assert box.root == "/ws"
        assert do.run(box, f"ls -d {boxes.workspace} 2>/dev/null; pwd") == (0, "/ws\n")

    def test_full_network_is_the_machine_s(self, boxes, do, listener):
        assert do.python(boxes.open("full"), CONNECT.format(port=listener)) == (0, "hello\n")

    def test_no_network_means_not_even_the_machine_s_loopback(self, boxes, do, listener):
        box = boxes.open("none")
        assert box.own_network
        assert do.python(box, CONNECT.format(port=listener)) == (0, "refused\n")
        _, text = do.run(box, "cat /proc/net/dev | tail -n +3 | cut -d: -f1; cat /etc/resolv.conf")
        assert text.split()[0] == "lo"
        assert "nameserver" not in text

    def test_its_own_loopback_is_shared_by_all_commands_of_the_box(self, boxes, do):
        box = boxes.open("none")
        code = (
            "import socket; s = socket.create_server(('127.0.0.1', 5000)); print('up', flush=True)\n"
            "while True: s.accept()[0].sendall(b'hello')"
        )
        service = box.start((do.interpreter, "-I", "-c", code), {}, detached=True)
        assert os.read(service.output, 10) == b"up\n"
        service.close()
        assert do.python(box, CONNECT.format(port=5000)) == (0, "hello\n")
        with box.tcp_socket() as probe:
            probe.connect(("127.0.0.1", 5000))
            assert probe.recv(5) == b"hello"
        assert do.python(boxes.open("none"), CONNECT.format(port=5000)) == (0, "refused\n")

    def test_names_resolve_to_the_loopback(self, boxes, do):
        code = "import socket; print(socket.gethostbyname(socket.gethostname()))"
        for network in ("none", "full"):
            assert do.python(boxes.open(network), code)[1].startswith("127.")

    def test_nothing_is_unmet_but_what_is_said(self, boxes):
        assert boxes.open("none").unmet == ()


@pytest.mark.parametrize("kind", ["process"])
class TestProcess:
    def test_it_says_so(self, sandbox, boxes):
        assert not sandbox.isolated
        assert sandbox.reason
        assert "network" in " ".join(boxes.open("none").unmet)
        assert "proxy" in " ".join(boxes.open("hosts").unmet)

    def test_the_workspace_is_where_it_is(self, box, boxes):
        assert box.root == str(boxes.workspace)
        assert not box.own_network
        assert box.uid == os.getuid()

    def test_home_is_not_the_person_s(self, box, do):
        _, text = do.run(box, 'echo "$HOME"; echo "$TMPDIR"')
        assert text.split() == [box.home, box.tmp]
        assert box.home != os.environ.get("HOME")
