"""The commands that ask a server, against one that answers as it is told."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

ME = {"name": "ada", "scopes": ["read", "build"]}


def log_in(server, person, monkeypatch, *args, given=b"fl_given\n"):
    reading, writing = os.pipe()
    os.write(writing, given)
    os.close(writing)
    with os.fdopen(reading) as stdin, monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", stdin)
        return person("login", *args)


def test_log_in_and_out(server, person, monkeypatch):
    server.json("/api/v1/me", ME)
    done = log_in(server, person, monkeypatch, f"{server.url}/")
    assert (done.code, done.out) == (
        0, f"Logged in to {server.url} as ada, may: read, build.\n",
    )  # fmt: skip
    assert server.requests[0].headers["Authorization"] == "Bearer fl_given"
    file = person.config / "servers.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "fl_given" in file.read_text()
    assert person("login", "--list").out == f"* {server.url}  ada\n"
    for name in ("FAIRLEAD_URL", "FAIRLEAD_TOKEN"):
        monkeypatch.delenv(name)
    server.json("/api/v1/builds", {"items": [], "next": None})
    assert "there is no /api/v1/projects/shop" in person("builds").err
    server.json("/api/v1/projects/shop", {"name": "shop"})
    done = person("builds")
    assert (done.code, done.err) == (0, "No such build.\n")
    assert server.requests[-1].headers["Authorization"] == "Bearer fl_given"
    assert person("login", "--logout", server.url).code == 0
    assert "fl_given" not in file.read_text()
    assert "not known" in person("login", "--logout", server.url).err
    assert "no server is known" in person("builds").err


def test_a_token_from_a_file(server, person, tmp_path):
    server.json("/api/v1/me", ME)
    (tmp_path / "token").write_text("fl_filed")
    assert person("login", server.url, "--token-file", str(tmp_path / "token")).code == 0
    assert server.requests[0].headers["Authorization"] == "Bearer fl_filed"
    assert person("login", server.url, "--token-file", str(tmp_path / "none")).code == 2


@pytest.mark.parametrize("given", [b"", b"\n", b"two words", b"\xc3\xa9", b"a\nb"])
def test_what_is_no_token_is_not_sent(server, person, monkeypatch, given):
    assert log_in(server, person, monkeypatch, server.url, given=given).code == 2
    assert server.requests == []


def test_a_token_that_the_server_does_not_know_is_not_kept(server, person, monkeypatch):
    server.routes["/api/v1/me"] = lambda request: server.problem(request, 401, "unknown token")
    done = log_in(server, person, monkeypatch, server.url)
    assert (done.code, "does not know this token" in done.err) == (2, True)
    assert not (person.config / "servers.toml").exists()


def test_a_list_of_builds(server, person, shapes):
    builds = [
        shapes.build("failed", [], sentence="2 new failing\x1b[2J tests", number=4),
        shapes.build("queued", [], waiting="no worker has py27"),
    ]
    server.json("/api/v1/builds", {"items": builds, "next": None})
    done = person("builds", "--branch", "main", "--state", "failed", "-n", "2")
    assert done.code == 0
    first, second = done.out.splitlines()
    assert first.split()[1:4] == ["4", "failed", "c" * 10]
    assert "2 new failing tests" in first
    assert "\x1b" not in done.out
    assert "no worker has py27" in second
    assert server.requests[0].query == {
        "project": ["shop"], "branch": ["main"], "state": ["failed"], "limit": ["2"],
    }  # fmt: skip
    assert [build["number"] for build in json.loads(person("builds", "--json").out)] == [4, 3]


def test_a_build_is_triggered_with_all_that_was_said(server, person, shapes):
    path = "/api/v1/projects/shop/builds"
    server.json(path, shapes.build("queued", []), status=201)
    done = person("trigger", "--tag", "v1", "-p", "A=b=c", "-p", "B=", "--job", "unit",
                  "--label", "py36", "--priority", "3")  # fmt: skip
    assert (done.code, done.out) == (0, "build shop/3 is queued: http://ci/p/shop/3/\n")
    assert json.loads(server.asked(path)[0].body) == {
        "tag": "v1", "parameters": {"A": "b=c", "B": ""}, "jobs": ["unit"], "labels": ["py36"],
        "priority": 3,
    }  # fmt: skip
    assert person("trigger").code == 0
    assert server.asked(path)[1].body == b"{}"


@pytest.mark.parametrize(
    "args",
    [("-p", "novalue"), ("-p", "1A=x"), ("--tag", "a", "--branch", "b"), ("--commit", "zzz")],
)
def test_a_wrong_wish_is_told_before_anything_is_asked(server, person, args):
    assert person("trigger", *args).code == 2
    assert server.requests == []


def git(folder, *args):
    who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
    done = subprocess.run(("git", *who, *args), cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def test_the_remote_tells_the_project_and_the_branch(server, person, shapes, monkeypatch):
    monkeypatch.delenv("FAIRLEAD_PROJECT")
    git(person.folder, "init", "-q", "-b", "feature/x")
    git(person.folder, "remote", "add", "other", "https://example.org/x.git")
    git(person.folder, "remote", "add", "ci", f"{server.url}/git/shop.git")
    server.json("/api/v1/projects/shop/builds", shapes.build("queued", []), status=201)
    assert person("trigger").code == 0
    assert json.loads(server.requests[0].body) == {"branch": "feature/x"}
    server.json("/api/v1/builds", {"items": [], "next": None})
    done = person("watch")
    assert (done.code, server.requests[-1].query["branch"]) == (2, ["feature/x"])
    assert "branch feature/x of shop has no build yet" in done.err


def test_outside_of_a_clone_the_project_must_be_named(server, person, monkeypatch):
    monkeypatch.delenv("FAIRLEAD_PROJECT")
    done = person("watch", "3")
    assert (done.code, "--project" in done.err) == (2, True)


def test_cancel_and_retry(server, person, shapes):
    jobs = [shapes.job(1, "lint"), shapes.job(2, "unit")]
    server.json(shapes.path, shapes.build("running", jobs))
    server.json(f"{shapes.path}/cancel", shapes.build("running", []))
    server.json(f"{shapes.path}/retry", shapes.build("queued", [], number=4), status=201)
    assert person("cancel", "3", "--reason", "wrong branch").code == 0
    assert json.loads(server.requests[-1].body) == {"reason": "wrong branch"}
    assert "shop/4 is queued" in person("retry", "shop/3", "--job", "2").out
    assert json.loads(server.requests[-1].body) == {"failed": False, "jobs": ["unit"]}
    assert person("retry", "3", "--failed").code == 0
    assert json.loads(server.requests[-1].body) == {"failed": True, "jobs": []}
    done = person("retry", "3.lintt")
    assert (done.code, "did you mean lint?" in done.err) == (2, True)
    server.json(shapes.path, shapes.build("passed", jobs))
    assert "has passed already" in person("cancel", "3").err


def going(server, shapes, states):
    """A build that goes through ``states``, one for each question."""
    left = list(states)
    server.json(shapes.path, lambda _: left.pop(0) if len(left) > 1 else left[0])
    server.json(f"{shapes.path}/stream", {"url": "/stream/build/77?token=x"})
    server.stream("/stream/build/77", lambda _: [b"event: changed\ndata: {}\n\n"] * 9)


def step(state, **more):
    return {"number": 0, "name": "pytest", "state": state, "seconds": 1.0} | more


def tried(shapes, job_state, step_state, **more):
    attempt = {"number": 1, "state": job_state, "seconds": 1.0, "steps": [step(step_state)]}
    return shapes.job(state=job_state) | {"attempts": [attempt]} | more


def test_watching_a_build_to_its_verdict(server, person, shapes):
    bad = {"passed": 5, "bad": 1, "skipped": 1}
    going(server, shapes, [
        *[shapes.build("queued", [], waiting="no worker has py27")] * 2,
        shapes.build("running", [tried(shapes, "running", "running")]),
        shapes.build("running", [tried(shapes, "running", "running", tests=bad)]),
        shapes.build("failed", [tried(shapes, "failed", "failed", tests=bad, reason="exit code 1")],
                     sentence="1 new failing test in unit"),
    ])  # fmt: skip
    test = {"id": 5, "name": "test_sums", "node": "tests/t.py::test_sums", "message": "3 != 4"}
    server.json(f"{shapes.path}/jobs/1/tests", {"items": [test | {"outcome": "failed"}]})
    done = person("watch", "3")
    assert done.code == 1
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[0] == "build shop/3 is queued: no worker has py27"
    assert lines[1] == "build 3: 1 job (unit)"
    assert lines[2:4] == ["unit | started", "unit | ▸ pytest"]
    assert lines[4] == "unit | ✗ tests/t.py::test_sums: 3 != 4"
    assert "1 failing test" in done.out
    assert lines[-5:] == [
        "✗ unit  failed    1.5 s, 1 of 7 tests failed",
        "",
        "✗ failed: 1 new failing test in unit",
        "  build shop/3: http://ci/p/shop/3/",
        "  run it here: fairlead reproduce shop/3",
    ]
    asked = server.asked(f"{shapes.path}/jobs/1/tests")
    assert len(asked) == 1
    assert asked[0].query["outcome"] == ["failed", "errored"]


@pytest.mark.parametrize(("state", "code"), [("passed", 0), ("errored", 2), ("cancelled", 130)])
def test_the_exit_code_is_the_verdicts(server, person, shapes, state, code):
    going(server, shapes, [shapes.build(state, [], reason="for a reason")])
    done = person("watch", "http://elsewhere.invalid/p/shop/3/", "--server", server.url)
    assert done.code == 2, "an address names its own server"
    assert person("watch", f"{server.url}/p/shop/3/").code == code


def test_the_end_of_a_failing_step_is_shown_where_no_test_tells(server, person, shapes):
    attempt = {"number": 1, "state": "failed", "steps": [step("failed", offset=6, length=14)]}
    going(
        server,
        shapes,
        [shapes.build("failed", [shapes.job(state="failed") | {"attempts": [attempt]}])],
    )
    server.routes[f"{shapes.path}/jobs/1/log"] = lambda request: server.send(
        request, b"begun\nno \x1b[2Jmodule\nmore of another step"
    )
    done = person("watch", "3")
    assert "  no module\n" in done.out
    assert "another step" not in done.out


def test_ctrl_c_stops_the_watching_and_not_the_build(server, person, shapes):
    going(server, shapes, [shapes.build("running")])
    quiet = threading.Event()

    def script(_request):
        yield b": connected\n\n"
        quiet.wait(30)

    server.stream("/stream/build/77", script)
    argv = (sys.executable, "-m", "fairlead", "watch", "3")
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while b"started" not in process.stdout.readline():
        assert process.poll() is None
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    quiet.set()
    assert process.returncode == 130
    assert b"stopped watching; build shop/3 goes on" in err
    assert {request.method for request in server.requests} == {"GET"}


LOG = b"one\r\n\x1b[31mtwo\xff\nthree"


@pytest.fixture
def logs(server, shapes):
    def send(request):
        first = int(request.headers.get("Range", "bytes=0-")[6:-1])
        attempt = request.query["attempt"][0].encode()
        body = (LOG + attempt)[first:]
        server.send(request, body, status=206 if first else 200,
                    Content_Range=f"bytes {first}-{len(LOG)}/{len(LOG) + 1}")  # fmt: skip

    for place in (1, 2):
        server.routes[f"{shapes.path}/jobs/{place}/log"] = send
    jobs = [shapes.job(1, "lint", "failed", 2), shapes.job(2, "unit-3.12", "passed", 1)]
    server.json(shapes.path, shapes.build("failed", jobs))
    return server


def test_logs_are_printed_byte_for_byte(logs, person):
    assert person("logs", "3.lint").raw == LOG + b"2"
    assert person("logs", "3.1", "--attempt", "1").raw == LOG + b"1"
    assert person("logs", "3.unit-3.12", "--tail", "1").raw == b"three1"
    assert person("logs", "3.2", "--tail", "2").raw == b"\x1b[31mtwo\xff\nthree1"
    assert person("logs", "3.2", "--tail", "0").raw == b""
    done = person("logs", "3")
    assert done.raw == LOG + b"2" + LOG + b"1"
    assert done.err == "==> 1 lint\n==> 2 unit-3.12\n"


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (("3.lint", "--attempt", "3"), "has no attempt 3"),
        (("3.9",), "no job '9'"),
        (("3", "--attempt", "1"), "is of one job"),
        (("nonsense",), "names no build"),
    ],
)
def test_logs_that_are_not_there(logs, person, args, words):
    done = person("logs", *args)
    assert (done.code, words in done.err) == (2, True)


def test_a_log_is_followed_through_a_second_attempt(server, person, shapes):
    stage = 0
    steps = [("running", 1), ("running", 2), ("passed", 2)]

    def job(_request=None):
        state, attempts = steps[min(stage, 2)]
        return shapes.job(1, "unit", state, attempts)

    def send(request):
        nonlocal stage
        attempt = request.query["attempt"][0]
        data = {"1": b"first\n", "2": b"second\n"}[attempt]
        first = int(request.headers.get("Range", "bytes=0-")[6:-1])
        if first >= len(data):
            server.problem(request, 416, "no more")
        else:
            server.send(request, data[first:], status=206 if first else 200,
                        Content_Range=f"bytes {first}-")  # fmt: skip
        stage += 1

    server.json(shapes.path, lambda _: shapes.build("running", [job()]))
    server.json(f"{shapes.path}/jobs/1", job)
    server.routes[f"{shapes.path}/jobs/1/log"] = send
    server.json(f"{shapes.path}/stream", {"url": "/stream/build/77"})
    server.json(f"{shapes.path}/jobs/1/stream", {"url": "/stream/log/5"})
    for path in ("/stream/build/77", "/stream/log/5"):
        server.stream(path, lambda _: [b"retry: 50\nevent: changed\ndata: {}\n\n"])
    done = person("logs", "3", "-f")
    assert (done.raw, done.err) == (b"first\nsecond\n", "==> attempt 2\n")


@pytest.fixture
def artifacts(server, shapes):
    files = {7: ("unit", "dist/shop.whl", b"wheel"), 8: ("docs", "dist/shop.whl", b"pages" * 999)}
    items = [
        {"id": key, "job": job, "path": path, "size": len(data)}
        for key, (job, path, data) in files.items()
    ]
    server.json(shapes.path, shapes.build("passed", [shapes.job(1, "unit", "passed")]))
    server.json(f"{shapes.path}/artifacts", lambda _: {"items": server.items, "next": None})
    server.items = items
    for key, (_, _, data) in files.items():
        server.routes[f"/api/v1/artifacts/{key}"] = lambda request, data=data: server.send(
            request, data, kind="application/octet-stream"
        )
    return server


def test_artifacts_are_listed_and_downloaded(artifacts, person):
    listed = person("artifacts", "3").out.splitlines()
    assert [line.split() for line in listed] == [
        ["5", "unit/dist/shop.whl"],
        ["4,995", "docs/dist/shop.whl"],
    ]
    assert person("artifacts", "3", "--download", "out").code == 0
    found = {
        str(path.relative_to(person.folder)) for path in person.folder.rglob("*") if path.is_file()
    }
    assert found == {"out/unit/dist/shop.whl", "out/docs/dist/shop.whl"}
    assert (person.folder / "out/unit/dist/shop.whl").read_bytes() == b"wheel"
    assert person("artifacts", "3", "docs/*", "--download", "more").code == 0
    assert os.listdir(person.folder / "more") == ["docs"]
    assert "has no artifact 'nothing'" in person("artifacts", "3", "nothing").err
    assert len(json.loads(person("artifacts", "3.unit", "--json").out)) == 1


def test_a_hostile_name_is_not_written_and_nothing_else_is(artifacts, person):
    artifacts.items = [*artifacts.items, {"id": 7, "job": "unit", "path": "../../evil", "size": 1}]
    done = person("artifacts", "3", "--download", "out")
    assert (done.code, "leads out of the folder" in done.err) == (2, True)
    assert os.listdir(person.folder) == []


def test_a_download_that_is_cut_begins_anew(artifacts, person):
    whole = b"wheel" * 10_000

    def route(request):
        handler = request.handler
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(whole)))
        handler.end_headers()
        if len(artifacts.asked("/api/v1/artifacts/7")) == 1:
            handler.wfile.write(whole[:12_345])
            artifacts.cut(request)
        else:
            handler.wfile.write(whole)

    artifacts.routes["/api/v1/artifacts/7"] = route
    assert person("artifacts", "3.unit", "--download", ".").code == 0
    assert (person.folder / "unit/dist/shop.whl").read_bytes() == whole
    assert os.listdir(person.folder / "unit/dist") == ["shop.whl"]
