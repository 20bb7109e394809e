"""What the pages of environments and deployments say, and who may press their buttons."""

import pytest

from fairlead.model.environment import App, Environment, Host

OTHER = "f" * 40
HOSTILE = '<img src=x onerror="window.hacked=1">"\'</script>\x1b[31m\u202egnp'


@pytest.fixture
def client(database):
    from django.test import Client

    return Client(SERVER_NAME="localhost")


def signed_in(name):
    from django.contrib.auth.models import User
    from django.test import Client

    user = User.objects.filter(username=name).first() or User.objects.create_superuser(name)
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


@pytest.fixture
def ada(database):
    return signed_in("ada")


@pytest.fixture
def grace(database):
    return signed_in("grace")


def text(answer, status=200):
    assert answer.status_code == status
    return answer.content.decode()


def test_a_project_without_environments_says_how_to_name_some(ada, project):
    page = text(ada.get("/p/bank/environments/"))
    assert "No environment yet" in page
    assert "environments:" in page


def test_what_is_live_since_when_and_by_whom(ada, make):
    environment = make.environment(branches=("main",), automatic=True)
    make.lived(environment, make.release(), ago=3)
    page = text(ada.get("/p/bank/environments/"))
    for words in ("0123456789ab", "release 1", "live, by ada", "3 h ago", "main, after a green"):
        assert words in page
    assert "Roll back" not in page  # there is nothing to go back to


def test_environments_of_pull_requests_are_a_table_of_their_own(ada, make):
    from fairlead.server.engine.following import follow
    from fairlead.server.services import reviews
    from fairlead.server.store.models import Environment as Row

    make.environment("staging", review=True, domains=("pr-{number}.example.org",))
    page = text(ada.get("/p/bank/environments/"))
    assert "for pull requests" in page
    assert "Reviews" not in page
    assert "Deploy…" not in page
    follow(make.build(pull_request="7", job_id=1).pk, None, None)
    page = text(ada.get("/p/bank/environments/"))
    assert 'href="http://pr-7.example.org/"' in page
    assert "being deployed" in page
    row = Row.objects.get(name="staging-7")
    release = make.project.releases.get()
    row.deployments.update(state="refused", reason="", sentence="no space on staging")
    page = text(ada.get("/p/bank/environments/"))
    assert "nothing live yet" in page
    assert "No space on staging" in page
    make.lived(row, release)
    assert "pull request 7, after a green build" in text(ada.get(page_of(row)))
    answer = ada.post(f"{page_of(row)}remove")
    assert "staging-7 is being removed" in text(ada.get(answer.url))
    row.refresh_from_db()
    reviews.end_removal(row.pk, row.job_id, "one.example.org cannot be reached")
    assert "Try to remove it now" in text(ada.get(page_of(row)))
    page = text(ada.get("/p/bank/environments/"))
    assert "being removed" in page
    assert "one.example.org cannot be reached" in page
    Row.objects.filter(pk=row.pk).update(job_id=1)
    reviews.end_removal(row.pk, 1)
    assert "Reviews" not in text(ada.get("/p/bank/environments/"))
    assert "removed</span>" in text(ada.get(page_of(row)))


def page_of(row):
    return f"/p/bank/environments/{row.name}/"


def test_the_button_deploys_the_newest_release_that_may_go_there(ada, make):
    from fairlead.server.store.models import Deployment

    environment = make.environment()
    make.lived(environment, make.release(), ago=3)
    make.release(make.build(commit=OTHER))
    assert "Deploy release 2" in text(ada.get("/p/bank/environments/production/"))
    answer = ada.post("/p/bank/environments/production/deploy-now", {"release": "2"})
    assert answer.url == "/p/bank/deployments/2/"
    assert Deployment.objects.get(number=2).by == "ada"
    assert "Waits for a worker" in text(ada.get(answer.url))


def test_back_to_what_was_before(ada, make):
    environment = make.environment()
    make.lived(environment, make.release(), ago=3)
    make.lived(environment, make.release(make.build(commit=OTHER)), ago=1)
    assert "Roll back to release 1" in text(ada.get("/p/bank/environments/"))
    answer = ada.post("/p/bank/environments/production/roll-back", {"release": "1"})
    assert "rollback 3" in text(ada.get(answer.url))


def test_one_that_asks_for_its_name_is_not_deployed_without(ada, make):
    from fairlead.server.store.models import Deployment

    make.environment(confirm=True)
    make.release()
    path = "/p/bank/environments/production/"
    assert "write production" in text(ada.post(f"{path}deploy-now", {"release": "1"}), 400)
    told = {"what": "release", "release": "1"}
    assert "write production" in text(ada.post(f"{path}deploy", told))
    assert ada.post(f"{path}deploy", told | {"name": "production"}).status_code == 302
    assert Deployment.objects.count() == 1


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"what": "release"}, "choose one"),
        ({"what": "branch"}, "this is needed"),
        ({"what": "build", "ref": "seven"}, "by its number"),
        ({"what": "build", "ref": "7"}, "has no build 7"),
        ({"what": "release", "release": "99"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_deployed_is_said_beside_the_field(ada, make, told, said):
    make.environment()
    make.release()
    assert said in text(ada.post("/p/bank/environments/production/deploy", told))


def test_the_rules_are_gone_over_by_who_says_so_and_the_page_tells(ada, make):
    make.environment(branches=("master",))
    make.release()
    path, told = "/p/bank/environments/production/deploy", {"what": "release", "release": "1"}
    assert "takes branch master" in text(ada.post(path, told))
    answer = ada.post(path, told | {"force": "on"})
    page = text(ada.get(answer.url))
    assert "Forced although production takes branch master" in page


def test_a_second_person_agrees(ada, grace, make):
    make.environment(approval=True)
    make.release()
    answer = ada.post("/p/bank/environments/production/deploy-now", {"release": "1"})
    page = text(ada.get(answer.url))
    assert "somebody else than ada has to agree" in page
    assert "Agree and deploy" not in page
    assert "somebody else" in text(ada.post(f"{answer.url}approve"), 400)
    assert "Agree and deploy" in text(grace.get(answer.url))
    assert grace.post(f"{answer.url}approve").status_code == 302
    assert "agreed to by grace" in text(ada.get(answer.url))


def test_one_that_waits_says_for_what(ada, make):
    from fairlead.server.store.models import Deployment, Worker

    make.environment()
    make.release()
    path = "/p/bank/environments/production/deploy-now"
    first, second = (ada.post(path, {"release": "1"}).url for _ in range(2))
    assert "no worker that deploys is running" in text(ada.get(first))
    Worker.objects.create(name="one", started=make.now, seen=make.now, deploys=True)
    assert "Waiting:" not in text(ada.get(first))
    Deployment.objects.filter(number=1).update(state="running")
    assert "deployment 1 is under way there" in text(ada.get(second))


def test_cancelling_what_waits(ada, make):
    make.environment()
    make.release()
    answer = ada.post("/p/bank/environments/production/deploy-now", {"release": "1"})
    ada.post(f"{answer.url}cancel")
    assert "Cancelled by ada" in text(ada.get(answer.url))


def test_one_that_lost_its_worker_says_what_to_do(ada, make):
    environment = make.environment()
    make.lived(environment, make.release(), ago=5)
    make.lived(environment, make.release(make.build(commit=OTHER)), ago=1, state="lost")
    page = text(ada.get("/p/bank/deployments/2/"))
    assert "What was live stays live" in page
    assert "Deploy again…" in page


def test_phases_hosts_and_what_was_written(ada, make):
    from fairlead.server.store.models import DeployLine, DeployPhase

    environment = make.environment()
    one = make.lived(environment, make.release(), hosts=["a.example.org", "b.example.org"])
    phase = DeployPhase.objects.create(
        deployment=one, place=0, phase="upload", host="a.example.org", state="failed",
        started=make.now, note=HOSTILE,
    )  # fmt: skip
    DeployLine.objects.create(
        deployment=one, number=1, phase=phase, time=make.now, text=f"no room {HOSTILE}"
    )
    DeployLine.objects.create(
        deployment=one, number=2, time=make.now, kind="warning", text="drops a column"
    )
    page = text(ada.get("/p/bank/deployments/1/"))
    for words in ("a.example.org", "b.example.org", "no room", "drops a column", "upload"):
        assert words in page
    assert "<img" not in page
    log = text(ada.get("/p/bank/deployments/1/log"))
    assert "a.example.org upload: no room" in log
    assert "warning: drops a column" in log


def test_hostile_names_stay_text(ada, make):
    from fairlead.server.store.models import Deployment
    from fairlead.server.store.models import Environment as Row

    hosts = (Host(address=HOSTILE),)
    (row,) = make.environments(
        Environment(
            name="x", hosts=hosts, domains=(HOSTILE,), branches=(HOSTILE,), app=App(name="b")
        )
    )
    make.lived(row, make.release(make.build(branch=HOSTILE, message=HOSTILE)), by=HOSTILE)
    Deployment.objects.update(sentence=HOSTILE, reason=HOSTILE, live=[[HOSTILE, HOSTILE]])
    seen = [{"host": HOSTILE, "healthy": False, "note": HOSTILE, "version": HOSTILE}]
    Row.objects.update(hosts=seen, trouble=HOSTILE, live_by=HOSTILE)
    for path in ("environments/", "environments/x/", "environments/x/deploy", "deployments/1/"):
        page = text(ada.get(f"/p/bank/{path}"))
        assert "<img" not in page
        assert "\u202e" not in page


def test_who_may_not_deploy_has_no_buttons(client, make, project):
    from django.conf import settings
    from django.test.utils import override_settings
    from msgspec.structs import replace

    make.environment()
    make.release()
    assert client.get("/p/bank/environments/").status_code == 302
    with override_settings(FAIRLEAD=replace(settings.FAIRLEAD, public=True)):
        page = text(client.get("/p/bank/environments/"))
        assert "production" in page
        assert "<form" not in page.partition("<main")[2]
        path = "/p/bank/environments/production/deploy-now"
        assert client.post(path, {"release": "1"}).url.startswith("/sign-in/")


def test_figures_of_an_environment(make):
    from fairlead.server.store.figures import figures

    environment = make.environment()
    first, second = make.release(), make.release(make.build(commit=OTHER))
    make.lived(environment, first, ago=100)
    make.lived(environment, second, ago=50)
    make.lived(environment, first, ago=49, kind="rollback")
    make.lived(environment, second, ago=20, state="rolled back")
    make.lived(environment, second, ago=2)
    make.lived(environment, second, ago=1, state="refused")
    told = figures(environment)
    assert (told.live, told.failed, told.lead) == (3, 50, 3600.0)
    # Undone by hand after an hour, and by itself after 31 seconds.
    assert told.restored == pytest.approx((3600 + 31 + 31) / 2)
