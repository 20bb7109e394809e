"""Starting commands in a box: what they see, what comes back, how they end."""

import os
import select
import threading

import pytest

from fairlead.errors import SandboxFailed


def test_output_and_exit_code_come_back(box, do):
    assert do.run(box, "echo out; echo err >&2; exit 7") == (7, "out\nerr\n")


def test_a_signal_is_a_negative_code(box, do):
    assert do.run(box, "kill -TERM $$") == (-15, "")


def test_input_is_empty(box, do):
    assert do.run(box, "wc -c") == (0, "0\n")


def test_poll_does_not_wait_and_the_descriptor_tells(box, do):
    running = box.start(("sleep", "0.3"), {})
    assert running.poll() is None
    assert select.select([running.wait_fd()], [], [], 0)[0] == []
    assert select.select([running.wait_fd()], [], [], 20)[0]
    assert do.finish(running) == 0
    running.close()
    running.close()


def test_the_environment_is_what_was_given_and_no_more(box, do, monkeypatch):
    monkeypatch.setenv("SOME_SECRET", "hunter2")
    _, text = do.run(box, "env", {"A": "1", "B": "two\nlines", "PATH": "/usr/bin:/bin"})
    names = {line.partition("=")[0] for line in text.splitlines() if "=" in line}
    assert names - {"PWD", "SHLVL", "_", "OLDPWD"} == {"A", "B", "PATH", "HOME", "TMPDIR"}
    assert "B=two\nlines" in text


def test_bytes_that_are_not_text_pass_through(box, do):
    value = b"caf\xe9".decode("utf-8", "surrogateescape")
    running = box.start(("printf", "%s", value), {})
    assert do.read_all(running) == b"caf\xe9"
    running.close()


def test_home_and_temporary_folder_are_there_and_shared_by_the_box(box, do):
    assert do.run(box, 'echo 1 > "$HOME/a"; echo 2 > "$TMPDIR/b"')[0] == 0
    assert do.run(box, f'cat "{box.home}/a" "{box.tmp}/b"') == (0, "1\n2\n")


def test_commands_begin_in_the_workspace_or_where_they_are_told(boxes, do):
    (boxes.workspace / "sub").mkdir()
    box = boxes.open()
    assert do.run(box, "pwd") == (0, f"{box.root}\n")
    assert do.run(box, "pwd", cwd=f"{box.root}/sub") == (0, f"{box.root}/sub\n")


def test_what_is_written_in_the_workspace_is_there_outside(boxes, do):
    box = boxes.open()
    assert do.run(box, "echo made > file")[0] == 0
    assert (boxes.workspace / "file").read_text() == "made\n"
    assert (boxes.workspace / "file").stat().st_uid == os.getuid()


def test_a_program_that_is_not_there_is_an_error_and_the_box_goes_on(box, do):
    with pytest.raises(SandboxFailed, match=r"No such file or directory.*nonesuch"):
        box.start(("nonesuch",), {})
    with pytest.raises(SandboxFailed, match="No such file or directory"):
        box.start(("true",), {}, cwd="/no such folder")
    with pytest.raises(SandboxFailed, match="null"):
        box.start(("true", "a\0b"), {})
    assert do.run(box, "echo on") == (0, "on\n")


def test_large_arguments_and_environments_arrive(box, do):
    env = {f"V{number}": "x" * 1000 for number in range(500)}
    code, text = do.run(box, f": {'y' * 100_000}; env | wc -c", env)
    assert code == 0
    assert int(text) > 500_000


def test_output_may_close_long_before_the_end(box, do):
    running = box.start(("sh", "-c", "exec >&- 2>&-; sleep 0.2; exit 5"), {})
    assert do.read_all(running) == b""
    assert running.poll() is None
    assert do.finish(running) == 5
    running.close()


def test_what_a_command_leaves_running_ends_with_it(box, do, token):
    code, _ = do.run(box, f"setsid sleep {token} >/dev/null 2>&1 & sleep 0.1; exit 3")
    assert code == 3
    assert do.until(lambda: not do.processes_with(token))


def test_commands_run_side_by_side(box, do):
    results = []

    def work(number):
        results.append(do.run(box, f"sleep 0.1; echo {number}"))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [(0, f"{number}\n") for number in range(8)]


def test_signals_are_as_a_shell_would_have_them(box, do):
    """Python and the keeper ignore some signals; their children must not inherit that."""
    _, text = do.run(box, "grep -E 'Sig(Ign|Blk)' /proc/self/status")
    masks = [int(line.split()[1], 16) for line in text.splitlines()]
    of_the_c_library = 0b11 << 31  # signals 32 and 33, which nobody else can use
    assert [mask & ~of_the_c_library for mask in masks] == [0, 0]


def test_no_descriptors_are_inherited(box, do):
    code = "import os; print(sorted(os.listdir('/proc/self/fd')))"
    assert do.python(box, code)[1] == "['0', '1', '2', '3']\n"


def test_a_closed_box_starts_nothing(box):
    box.close()
    with pytest.raises(SandboxFailed, match="has ended"):
        box.start(("true",), {})
    box.close()


def test_two_boxes_do_not_share_temporary_files(boxes, do):
    one, two = boxes.open(), boxes.open()
    do.run(one, 'echo x > "$TMPDIR/mine"; echo y > "$HOME/mine"')
    assert do.run(two, 'ls "$TMPDIR" "$HOME" | grep -c mine') == (1, "0\n")
