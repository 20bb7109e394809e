"""Who may fetch and push, and what those hear who may not."""

import socket

import httpx
import pytest

INFO = "/git/{}.git/info/refs?service=git-{}"


@pytest.fixture
def ask(node, basic):
    def get(path, secret="", **more):
        headers = {"Authorization": basic(secret)} if secret else {}
        return httpx.get(node.url + path, headers=headers, **more)

    return get


def test_nobody_in_particular_is_asked_who_they_are(hosted, ask):
    for project in ("sample", "unknown"):
        for service in ("upload-pack", "receive-pack"):
            answer = ask(INFO.format(project, service))
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_wrong_token_is_told_so(hosted, ask):
    answer = ask(INFO.format("sample", "upload-pack"), "fl_" + "x" * 40)
    assert answer.status_code == 401
    assert "not valid" in answer.text


def test_each_service_wants_its_scope(hosted, ask, token):
    reader, pusher, builder = token("read"), token("push"), token("build")
    assert ask(INFO.format("sample", "upload-pack"), reader).status_code == 200
    assert ask(INFO.format("sample", "receive-pack"), reader).status_code == 403
    assert ask(INFO.format("sample", "receive-pack"), pusher).status_code == 200
    assert ask(INFO.format("sample", "upload-pack"), pusher).status_code == 200
    assert ask(INFO.format("sample", "upload-pack"), builder).status_code == 404
    assert ask(INFO.format("unknown", "upload-pack"), reader).status_code == 404
    assert ask(INFO.format("sample", "upload-pack"), token("worker")).status_code == 200


def test_who_may_deploy_may_not_read_all_of_the_source(hosted, ask, token):
    deployer = token("deploy")
    place = "sample/deploy/production"
    assert ask(INFO.format(place, "receive-pack"), deployer).status_code == 200
    for name in (place, "sample"):
        assert ask(INFO.format(name, "upload-pack"), deployer).status_code == 404


def test_a_token_of_one_project_does_not_know_another(make_hosted, ask, token):
    mine = make_hosted()
    make_hosted("other")
    secret = token("push", "read", project=mine)
    assert ask(INFO.format("sample", "receive-pack"), secret).status_code == 200
    for service in ("upload-pack", "receive-pack"):
        assert ask(INFO.format("other", service), secret).status_code == 404


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/git/sample.git/HEAD", 404),
        ("/git/sample.git/objects/info/packs", 404),
        ("/git/../sample.git/info/refs?service=git-upload-pack", 404),
        ("/git/%2e%2e%2fsample.git/info/refs?service=git-upload-pack", 404),
        ("/git/sample.git/info/refs", 403),
        ("/git/sample.git/info/refs?service=git-upload-archive", 403),
        ("/git/sample.git/git-receive-pack", 405),
    ],
)
def test_nothing_but_the_smart_protocol_is_spoken(hosted, ask, token, path, status):
    assert ask(path, token("admin")).status_code == status


def test_a_mirror_takes_no_push(told, hosted, ask, token):
    from fairlead.server.store.models import Project

    Project.objects.update(kind="mirrored", url="https://example.org/x.git")
    answer = ask(INFO.format("sample", "receive-pack"), token("push"))
    assert answer.status_code == 403
    assert "mirror" in answer.text


def test_a_request_that_is_too_long_is_refused_before_it_is_sent(hosted, node, basic, token):
    head = f"POST /git/sample.git/git-receive-pack HTTP/1.1\r\nHost: x\r\nContent-Length: {1 << 60}"
    secret = basic(token("push"))
    with socket.create_connection(("127.0.0.1", node.port), 20) as connection:
        connection.sendall(f"{head}\r\nAuthorization: {secret}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_person_is_shown_the_reason(hosted, client, token):
    client.begin()
    done = client("push", client.url(secret=token("read")), "main", check=False)
    assert done.returncode
    assert "403" in done.stderr
