"""Log in, push, trigger, watch, read, fetch and reproduce, against a real server with a worker."""

import base64
import json
import os
import signal

LINES = b"".join(b"line %d\n" % number for number in range(1, 61))


def push(person, *args):
    basic = base64.b64encode(f"person:{person.token}".encode()).decode()
    header = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {basic}",
    }
    return person.git("push", *args, "origin", "HEAD", **header)


def test_from_a_push_to_a_verdict_and_back_to_the_laptop(person, serving, wheels, number):
    assert f"{serving.url}/p/shop/1/" in push(person)
    said = person("trigger", "-p", "WORD=hello", "--job", "unit").out
    mine = number(said)
    watched = person("watch", mine)
    assert watched.out.startswith("build ")
    assert "unit | passed after" in watched.out
    assert (
        watched.out.rstrip().splitlines()[-1]
        == f"  build shop/{mine}: {serving.url}/p/shop/{mine}/"
    )

    log = person("logs", f"{mine}.unit").raw
    assert b"greet 1.0\n" in log
    assert b"word hello, branch main\n" in log
    assert LINES + b"no end" in log
    assert person("logs", mine, "--tail", "2").raw.count(b"\n") in (1, 2)

    assert "unit/dist/made.txt" in person("artifacts", mine).out
    person("artifacts", mine, "--download", "fetched")
    assert (person.folder / "fetched/unit/dist/made.txt").read_text() == "made\n"

    # Whoever resolves now gets 2.0; who reproduces does not.
    wheels.put("2.0")
    again = person("reproduce", f"{mine}.unit", "--plain")
    assert f"build shop/{mine} at " in again.err
    assert "✓ passed: 1 job" in again.out
    ours = person("show", "--job", "unit", "--log").raw
    assert b"greet 1.0\n" in ours
    assert b"word hello, branch main\n" in ours
    assert LINES + b"no end" in ours
    assert b"greet 2.0\n" in run_anew(person)

    builds = json.loads(person("builds", "--json").out)
    assert [build["number"] for build in builds] == [2, 1]


def run_anew(person):
    """What the job prints when it is run without a record."""
    person("run", "unit", "--plain")
    return person("show", "--job", "unit", "--log").raw


def test_a_failing_build_is_retried_cancelled_and_reproduced_elsewhere(person, number, tmp_path):
    push(person)
    watched = person("watch", "1", code=1)
    assert "bad: echo" in watched.out
    assert "  something is wrong\n" in watched.out
    again = number(person("retry", "1", "--failed").out)
    assert person("watch", again, code=1).out.count(" | started") == 1

    # In a folder that is no clone: the commit comes from the server, with the token.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    person.folder = elsewhere
    done = person("reproduce", "shop/1.2", "--plain", code=1)
    assert "fetching" in done.err
    assert "something is wrong" in done.out
    assert os.listdir(elsewhere) == []
    third = number(person("trigger", "--project", "shop", "--label", "py27").out)
    assert "py27" in person("builds", "--project", "shop", "-n", "1").out
    person("cancel", f"shop/{third}", "--reason", "not now")
    assert "not now" in person("watch", f"shop/{third}", code=130).out


def test_a_log_is_followed_while_the_server_is_started_again(person, serving, number):
    person.git("commit", "--amend", "-qm", "Begin [skip ci]")
    push(person)
    mine = number(person("trigger", "--job", "unit").out)
    following = person.begin("logs", f"{mine}.unit", "-f")
    seen = b""
    while b"line 5\n" not in seen:
        piece = os.read(following.stdout.fileno(), 1000)
        assert piece, following.stderr.read()
        seen += piece
    serving.stop()
    serving.start()
    rest, err = following.communicate(timeout=240)
    assert following.returncode == 0, err
    whole = seen + rest
    assert whole.count(b"line 5\n") == 1
    assert whole == person("logs", f"{mine}.unit").raw


def test_whoever_stops_watching_stops_nothing(person, number):
    person.git("commit", "--amend", "-qm", "Begin [skip ci]")
    push(person)
    mine = number(person("trigger", "--job", "unit").out)
    watching = person.begin("watch", mine)
    while b"started" not in watching.stdout.readline():
        assert watching.poll() is None
    watching.send_signal(signal.SIGINT)
    _, err = watching.communicate(timeout=60)
    assert watching.returncode == 130
    assert f"build shop/{mine} goes on".encode() in err
    assert "passed" in person("watch", mine).out


def test_what_may_not_be_is_refused_in_words(person, serving):
    reader = serving.token("read")
    push(person)
    person("login", serving.url, given=reader)
    refused = person("trigger", code=2)
    assert "error: " in refused.err
    assert "may" in refused.err
    person("login", serving.url, "--logout")
    person("login", serving.url, given=reader)
    assert "there is no build 99" in person("watch", "99", code=2).err
    assert "error: " in person("login", serving.url, given="fl_wrong", code=2).err
