"""Reading what a host has, and telling what differs without telling secrets."""

import hashlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.deploy.provision.diff import changes
from fairlead.deploy.provision.probe import MARK, read_state
from fairlead.deploy.provision.resources import Absent, Ensure, File, Folder, Line, Link, Part
from fairlead.errors import HostFailed


def at(path, kind="text", data=b"", mode="644", owner="root", group="root"):
    told = data.decode() if kind == "secret" else b64encode(data).decode()
    return f"at\t{path}\t{kind}\t{mode}\t{owner}\t{group}\t{told}"


def state(*lines):
    return read_state("\n".join(["noise", MARK, *lines, "end", ""]).encode())


def titles(part, *lines, **more):
    return [change.title for change in changes([part], state(*lines), **more)]


def files(*placed):
    return Part(name="part", files=placed)


def test_what_is_as_wanted_is_no_change():
    part = Part(
        name="part",
        packages=("nginx",),
        before=(
            Folder(path="/a", mode=0o750, owner="u", group="g"),
            Ensure(title="do", test="", make=""),
        ),
        files=(
            File(path="/f", text="x\n"),
            File(path="/once", text="y", once=True),
            File(path="/s", text="hush", mode=0o600, secret=True),
            Line(path="/l", line="two"),
            Link(path="/k", target="/t"),
            Absent(path="/gone"),
        ),
    )
    digest = hashlib.sha256(b"hush").hexdigest().encode()
    found = titles(
        part, "package\tnginx", "ensure\tdo\tyes", at("/a", "folder", mode="750", owner="u", group="g"),
        at("/f", data=b"x\n"), at("/once", data=b"another"), at("/s", "secret", digest, mode="600"),
        at("/l", data=b"one\ntwo\n"), at("/k", "link", b"/t\n"),
    )  # fmt: skip
    assert found == []


def test_everything_that_differs_is_named_in_order():
    part = Part(
        name="part",
        packages=("nginx", "curl", "nginx"),
        before=(Folder(path="/a", mode=0o750), Ensure(title="do", test="", make="")),
        files=(File(path="/f", text="x"), Link(path="/k", target="/t"), Absent(path="/gone")),
        after=(Ensure(title="start", test="", make=""),),
    )
    assert titles(
        part, "ensure\tstart\tno", at("/a", "folder"), at("/k", data=b"?"), at("/gone")
    ) == [
        "install nginx",
        "install curl",
        "change /a: mode 0644 -> 0750",
        "do",
        "write /f",
        "link /k -> /t",
        "remove /gone",
        "start",
    ]


def test_a_file_shows_what_goes_and_what_comes():
    (change,) = changes([files(File(path="/f", text="a\nc\n"))], state(at("/f", data=b"a\nb\n")))
    assert change.title == "change /f"
    assert change.lines[1:] == (" a", "-b", "+c")


def test_modes_and_owners_are_told_without_the_text():
    wanted = files(File(path="/f", text="x", mode=0o440, owner="a", group=""))
    (change,) = changes([wanted], state(at("/f", data=b"x", group="whatever")))
    assert change.title == "change /f: mode 0644 -> 0440, owner root -> a"
    assert change.lines == ()


def test_a_link_where_a_file_should_be_is_a_change():
    (change,) = changes(
        [files(File(path="/f", text="x"))], state(at("/f", "link", b"/y\n", mode="777"))
    )
    assert change.title == "change /f: was a link"


def test_a_secret_file_is_never_shown():
    wanted = files(File(path="/s", text="hunter2", secret=True))
    for lines in ((), (at("/s", "secret", b"00"),)):
        (change,) = changes([wanted], state(*lines))
        assert "hunter2" not in str(change)
        assert change.lines == (" [secret]",)


@pytest.mark.parametrize(
    "line",
    [
        "password = hunter2",
        "DB_PASSWORD=hunter2",
        "secret_key: 'hunter2'",
        "api-key hunter2",
        "postgres://bank:hunter2@db/bank",
        '"token": "hunter2"',
        "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----",
        "x = known-value-of-ours",
    ],
)
def test_what_somebody_else_wrote_into_a_file_is_not_shown_where_it_looks_secret(line):
    found = changes(
        [files(File(path="/f", text="new\n"))],
        state(at("/f", data=f"old\n{line}\n".encode())),
        secrets=["known-value-of-ours"],
    )
    told = str(found)
    assert "-old" in told
    assert "hunter2" not in told
    assert "known-value" not in told
    assert "[secret]" in told


def test_a_file_that_differs_in_a_secret_alone_is_still_a_change():
    (change,) = changes(
        [files(File(path="/f", text="password = new\n"))], state(at("/f", data=b"password = old\n"))
    )
    assert change.lines == (" only what is not shown differs: [secret]",)


def test_what_was_interrupted_is_a_change_though_nothing_differs():
    (change,) = changes([files()], state("unfinished\tnginx"))
    assert (change.part, change.title[:8]) == ("nginx", "put back")


def test_facts_are_read():
    facts = state(
        "fact\tsystem\tdebian 12", "fact\tsigned_in\tdeploy", "fact\thome\t/home/deploy",
        "fact\tssh_port\t2222", "fact\tssh_port\t22", "fact\tssh_port\t22", "fact\tlistening\t80",
        "fact\tsystemd\tno", "fact\tipv6\tyes", "fact\tclock\tchrony",
    ).facts  # fmt: skip
    assert (facts.signed_in, facts.home, facts.ssh_ports) == ("deploy", "/home/deploy", (2222, 22))
    assert (facts.systemd, facts.ipv6, facts.clock, facts.ufw) == (False, True, "chrony", False)


def test_a_package_may_be_there_under_another_name():
    found = state(
        "package\tpostgresql-client-15, postgresql-client, client (= 15)", "package\tvim, "
    )
    assert found.packages == {"postgresql-client-15", "postgresql-client", "client", "vim"}


@pytest.mark.parametrize("answer", [b"", b"end\n", f"{MARK}\nfact\tsystem\tx\n".encode()])
def test_half_an_answer_is_none(answer):
    with pytest.raises(HostFailed, match="ends in the middle"):
        read_state(answer)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"])))
def test_any_text_that_is_there_already_is_no_change(text):
    assert changes([files(File(path="/f", text=text))], state(at("/f", data=text.encode()))) == ()
