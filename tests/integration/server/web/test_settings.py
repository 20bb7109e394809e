"""Projects, their settings, runs by hand, tokens and deliveries."""

import re
import subprocess

import pytest

SETTINGS = {
    "enabled": "on",
    "default_branch": "trunk",
    "protected": "main, release/*",
    "events": ["push", "tag"],
    "branches": "main",
    "tags": "",
    "paths": "",
    "approve": "always",
    "forks": "on",
    "cron": "30 3 * * 1-5",
    "zone": "Europe/Berlin",
    "skip_built": "24",
    "labels": "py36",
    "concurrency": "2",
    "priority": "5",
    "keep_days": "90",
    "keep_builds": "0",
}


def test_settings_are_kept_and_shown(admin, project):
    assert admin.post("/p/bank/settings/", SETTINGS)["Location"] == "/p/bank/settings/"
    project.refresh_from_db()
    assert project.protected == ["main", "release/*"]
    assert project.triggers["events"] == ["push", "tag"]
    assert project.triggers["approve"] == "always"
    assert project.triggers["drafts"] is False
    assert (project.cron, project.concurrency, project.cancel_superseded) == (
        "30 3 * * 1-5",
        2,
        False,
    )
    page = admin.get("/p/bank/settings/").content.decode()
    assert 'value="main, release/*"' in page
    assert "Saved." in page


@pytest.mark.parametrize(
    ("name", "value"),
    [("cron", "every day"), ("zone", "Mars"), ("labels", "a b"), ("concurrency", "-1")],
)
def test_settings_that_are_none_are_told(admin, project, name, value):
    answer = admin.post("/p/bank/settings/", SETTINGS | {name: value})
    page = answer.content.decode()
    assert 'class="said error"' in page
    project.refresh_from_db()
    assert project.default_branch == "main"


def test_parameters_that_a_project_asks_for_survive(admin, project):
    asked = [{"name": "TARGET", "kind": "choice", "choices": ["staging", "live"]}]
    project.triggers = {"parameters": asked}
    project.save()
    admin.post("/p/bank/settings/", SETTINGS)
    project.refresh_from_db()
    assert project.triggers["parameters"][0]["name"] == "TARGET"
    page = admin.get("/p/bank/run").content.decode()
    assert 'name="parameter-TARGET"' in page
    assert "staging" in page


def test_the_secret_of_webhooks_is_shown_once(admin, project):
    page = admin.post("/p/bank/settings/secret").content.decode()
    project.refresh_from_db()
    assert len(project.webhook_secret) >= 40
    assert project.webhook_secret in page
    assert project.webhook_secret not in admin.get("/p/bank/settings/").content.decode()


def test_a_project_is_added(admin, database):
    told = {"name": "shop", "kind": "hosted", "url": "", "default_branch": "main"}
    assert admin.post("/new/", told)["Location"] == "/p/shop/"
    page = admin.get("/p/shop/").content.decode()
    assert "git push fairlead HEAD:main" in page
    assert "there is a project shop already" in admin.post("/new/", told).content.decode()
    page = admin.post("/new/", told | {"name": "up", "kind": "mirrored"}).content.decode()
    assert "needs the address" in page


def test_a_run_of_a_branch_that_is_not_there_is_told(admin, database):
    admin.post("/new/", {"name": "shop2", "kind": "hosted", "default_branch": "main"})
    told = {"what": "branch", "ref": "nothing", "parameters": "A=1", "jobs": "", "labels": ""}
    page = admin.post("/p/shop2/run", told).content.decode()
    assert 'class="said error"' in page
    assert 'value="nothing"' in page


def test_a_run_is_of_whoever_asked_for_it(admin, database, tmp_path):
    from django.conf import settings

    from fairlead.server.hosting import repositories
    from fairlead.server.store.models import Build

    admin.post("/new/", {"name": "shop3", "kind": "hosted", "default_branch": "main"})
    git = ("git", "-C", str(tmp_path), "-c", "user.name=Bo", "-c", "user.email=bo@example.org")
    subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "Begin"], check=True)
    there = repositories.folder(settings.FAIRLEAD, "shop3")
    subprocess.run([*git, "push", "-q", str(there), "main"], check=True)
    told = {"what": "branch", "ref": "main", "parameters": "A=1", "jobs": "", "labels": ""}
    assert admin.post("/p/shop3/run", told)["Location"] == "/p/shop3/1/"
    build = Build.objects.get()
    assert (build.author, build.parameters) == ("ada", {"A": "1"})


def test_a_project_is_removed_by_who_writes_its_name(admin, database):
    from django.conf import settings
    from django.test import Client

    from fairlead.server.hosting import repositories
    from fairlead.server.services import tokens
    from fairlead.server.store.models import Project

    admin.post("/new/", {"name": "shop4", "kind": "hosted", "default_branch": "main"})
    there = repositories.folder(settings.FAIRLEAD, "shop4")
    assert 'action="/p/shop4/settings/remove"' in admin.get("/p/shop4/settings/").content.decode()
    assert admin.post("/p/shop4/settings/remove", {"name": "shop"}).status_code == 400
    _, secret = tokens.issue("builder", ["read", "build", "push"])
    header = {"authorization": f"Bearer {secret}"}
    sent = Client(SERVER_NAME="localhost").post(
        "/p/shop4/settings/remove", {"name": "shop4"}, headers=header
    )
    assert sent.status_code == 403
    assert repositories.is_repository(there)
    assert admin.post("/p/shop4/settings/remove", {"name": "shop4"})["Location"] == "/"
    assert not Project.objects.exists()
    assert not there.exists()


def test_a_token_is_shown_once_and_revoked(admin, project):
    from fairlead.server.services import tokens
    from fairlead.server.store.models import Token

    told = {"name": "laptop", "scopes": ["read", "build"], "project": "bank", "days": "30"}
    page = admin.post("/tokens/", told).content.decode()
    secret = re.search(r"fl_[\w-]{40}", page)[0]
    token = tokens.find(secret)
    assert (token.name, token.project, token.scopes) == ("laptop", project, ["build", "read"])
    assert secret not in admin.get("/tokens/").content.decode()
    admin.post(f"/tokens/{token.pk}/revoke")
    assert not Token.objects.exists()
    page = admin.post("/tokens/", told | {"project": "none"}).content.decode()
    assert "there is no project" in page


def test_a_delivery_is_shown_as_it_came(admin, project):
    from fairlead.server.store.models import Delivery

    for number in range(60):
        Delivery.objects.create(
            project=project, source="github", key=f"key-{number}", event="push", fate="refused",
            reason="the signature does not fit", headers={"x-github-event": "push"},
            body=b'{"ref":"refs/heads/main"}',
        )  # fmt: skip
    page = admin.get("/p/bank/deliveries/").content.decode()
    assert "key-59" in page
    assert "key-9<" not in page
    older = re.search(r"\?before=(\d+)", page)[1]
    assert "key-9<" in admin.get(f"/p/bank/deliveries/?before={older}").content.decode()
    page = admin.get("/p/bank/deliveries/1/").content.decode()
    assert "  &quot;ref&quot;: &quot;refs/heads/main&quot;" in page
    assert "Take it once more" not in page
    answer = admin.post("/p/bank/deliveries/1/replay")
    assert answer.status_code == 400


def test_a_delivery_is_taken_once_more(admin, project):
    from fairlead.model import Trigger
    from fairlead.server.store.fields import pack
    from fairlead.server.store.models import Build, Delivery

    wanted = (Trigger(event="push", branch="main", commit="a" * 40, ref="refs/heads/main"),)
    delivery = Delivery.objects.create(
        project=project, source="github", key="k", event="push", fate="built", body=b"{}",
        wanted=pack(wanted),
    )  # fmt: skip
    assert "Take it once more" in admin.get(f"/p/bank/deliveries/{delivery.pk}/").content.decode()
    assert admin.post(f"/p/bank/deliveries/{delivery.pk}/replay")["Location"] == "/p/bank/1/"
    assert Build.objects.get().branch == "main"


def test_repositories_on_the_servers_disk_are_not_mirrored_by_pages(admin, project):
    from fairlead.server.store.models import Project

    told = {"name": "x", "kind": "mirrored", "url": "file:///srv/x.git", "default_branch": "main"}
    assert "fairlead admin" in admin.post("/new/", told).content.decode()
    assert not Project.objects.filter(name="x").exists()
    Project.objects.filter(pk=project.pk).update(kind="mirrored", url="https://example.org/x.git")
    form = {**SETTINGS, "url": "file:///srv/x.git", "poll_every": "0"}
    assert "fairlead admin" in admin.post("/p/bank/settings/", form).content.decode()
    project.refresh_from_db()
    assert project.url == "https://example.org/x.git"
