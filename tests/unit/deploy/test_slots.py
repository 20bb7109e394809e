import io
import json
import subprocess
import tarfile

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fairlead.deploy.layout import layout_of
from fairlead.deploy.slots import Filling, identity, pack_slot, serving, variables
from fairlead.model.environment import App, Environment, Host
from fairlead.model.release import Manifest

ENVIRONMENT = Environment(name="production", app=App(name="bank", target="app"))
MANIFEST = Manifest(project="bank", version="abc", commit="abcdef")


def packed(filling, roles=("web", "worker", "cron")):
    data = pack_slot(filling, Host(address="h1", roles=roles), "green")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = {member.name: member for member in archive}
        texts = {
            name: archive.extractfile(member).read().decode()
            for name, member in members.items()
            if member.isfile()
        }
    return members, texts


@pytest.fixture
def filling(environment, release, worker):
    env = environment(workers=(worker,), env=(("GREETING", "hi"),))
    return Filling(
        environment=env, manifest=release(8).manifest, folder="8", number=8, by="ada", time=1.0
    )


def test_what_is_in_a_slot(filling):
    members, texts = packed(filling)
    assert set(members) == {
        "release", "environment", "sock", "about.json", "env", "run", "web", "fairlead_slot.py",
        "clock-1", "clock-2",
    }  # fmt: skip
    assert members["release"].linkname == "../../releases/8"
    assert members["environment"].linkname == "../../environments/e1"
    assert members["sock"].linkname == "../../run/green.sock"
    assert members["env"].mode == 0o600
    assert members["web"].mode == 0o750
    assert json.loads(texts["about.json"])["folder"] == "8"
    assert "exec python tick.py" in texts["clock-2"]
    assert packed(filling)[1] == texts


def test_a_host_has_the_processes_of_its_roles(filling):
    assert "web" not in packed(filling, roles=("worker",))[0]
    assert "clock-1" not in packed(filling, roles=("web",))[0]


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@settings(max_examples=30, deadline=None)
def test_any_value_reaches_the_program_as_it_is(value):
    filling = Filling(
        environment=ENVIRONMENT, manifest=MANIFEST, folder="8", secrets=(("TOKEN", value),)
    )
    script = variables(filling, layout_of(ENVIRONMENT), "blue") + '\nprintf "%s" "$TOKEN"\n'
    done = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
    assert done.stdout == value.encode()


def test_ours_win_over_secrets_and_those_over_the_file(environment, release):
    env = environment(env=(("A", "file"), ("B", "file"), ("PYTHONPATH", "lib")))
    filling = Filling(
        environment=env,
        manifest=release(8).manifest,
        folder="8",
        secrets=(("B", "secret"), ("RELEASE_VERSION", "forged")),
    )
    text = variables(filling, layout_of(env), "blue")
    assert "export A=file" in text
    assert "export B=secret" in text
    assert "forged" not in text
    assert "PYTHONPATH=/srv/bank/releases/8/site:/srv/bank/releases/8/source:lib" in text


@pytest.mark.parametrize(("version", "there"), [("27.0.1", True), ("26.1", False), ("", False)])
def test_gunicorn_s_control_socket_is_closed_where_there_is_one(
    environment, release, version, there
):
    manifest = release(8, requirements=(f"gunicorn=={version}",)).manifest
    assert ("--no-control-socket" in serving(environment().app, manifest)) is there


@pytest.mark.parametrize("server", ["gunicorn", "uvicorn", "uwsgi"])
def test_every_server_listens_on_the_slot_s_socket(environment, release, server):
    app = msgspec.structs.replace(environment().app, server=server)
    assert "$SOCKET" in serving(app, release(8).manifest)


def test_uwsgi_of_the_distribution_or_of_the_wheels(environment, release):
    app = msgspec.structs.replace(environment().app, server="uwsgi")
    ours = serving(app, release(8).manifest)
    assert "uwsgi --plugin python3 --http-socket $SOCKET" in ours
    assert '--virtualenv "$VIRTUAL_ENV"' in ours
    theirs = serving(app, release(8, requirements=("uwsgi==2.0.31",), environment="").manifest)
    assert "--plugin" not in theirs
    assert "VIRTUAL_ENV" not in theirs, "nothing is installed, and the variable is not set"


def test_one_process_of_uvicorn_is_started_as_it_is(environment, release):
    app = msgspec.structs.replace(environment().app, server="uvicorn", processes=1)
    assert serving(app, release(8).manifest).startswith("uvicorn --uds $SOCKET ")


def test_a_command_of_its_own_stands_as_it_is(environment, release):
    env = environment()
    app = msgspec.structs.replace(env.app, command="FLAG=1 serve --unix $SOCKET && true")
    env = msgspec.structs.replace(env, app=app)
    members, texts = packed(Filling(environment=env, manifest=release(8).manifest, folder="8"))
    assert texts["web"].endswith("\nFLAG=1 serve --unix $SOCKET && true\n")
    assert "fairlead_slot.py" not in members


def test_two_commits_with_the_same_files_are_two_releases(release):
    one, two = release(1).manifest, release(2, payload=f"{1:064x}").manifest
    assert identity(one) != identity(two)
