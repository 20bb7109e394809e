"""Addresses of the pages; ``fairlead.server.links`` makes those that others tell."""

from django.urls import URLPattern, URLResolver, path

from fairlead.server.web import joburls
from fairlead.server.web.pages import (
    account,
    actions,
    artifacts,
    build,
    builds,
    deliveries,
    deployment,
    environments,
    project,
    projects,
    queue,
    tokens,
)

app_name = "web"
_BUILD = "p/<str:project>/<int:number>/"
_ENVIRONMENT = "p/<str:project>/environments/<str:name>/"
_DEPLOYMENT = "p/<str:project>/deployments/<int:number>/"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", projects.show_projects, name="projects"),
    path("new/", projects.add_project, name="add"),
    path("queue/", queue.show_queue, name="queue"),
    path("tokens/", tokens.show_tokens, name="tokens"),
    path("tokens/<int:key>/revoke", tokens.revoke_token, name="revoke"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("welcome/<str:uid>/<str:token>/", account.welcome, name="welcome"),
    path("artifacts/<int:key>/<path:name>", artifacts.download, name="artifact"),
    path("p/<str:project>/", builds.show_builds, name="builds"),
    path("p/<str:project>/run", project.run, name="run"),
    path("p/<str:project>/settings/", project.settings_page, name="settings"),
    path("p/<str:project>/settings/secret", project.new_secret, name="secret"),
    path("p/<str:project>/settings/remove", project.remove, name="remove"),
    path("p/<str:project>/deliveries/", deliveries.show_deliveries, name="deliveries"),
    path("p/<str:project>/deliveries/<int:key>/", deliveries.show_delivery, name="delivery"),
    path("p/<str:project>/deliveries/<int:key>/replay", deliveries.replay, name="replay"),
    path("p/<str:project>/environments/", environments.show_environments, name="environments"),
    path(_ENVIRONMENT, environments.show_environment, name="environment"),
    path(f"{_ENVIRONMENT}deploy", environments.deploy, name="deploy"),
    path(f"{_ENVIRONMENT}deploy-now", environments.deploy_now, name="deploy-now"),
    path(f"{_ENVIRONMENT}roll-back", environments.roll_back, name="roll-back"),
    path(f"{_ENVIRONMENT}look", environments.look, name="look"),
    path(f"{_ENVIRONMENT}remove", environments.remove, name="remove-review"),
    path(_DEPLOYMENT, deployment.show_deployment, name="deployment"),
    path(f"{_DEPLOYMENT}log", deployment.show_log, name="deployment-log"),
    path(f"{_DEPLOYMENT}cancel", deployment.cancel, name="cancel-deployment"),
    path(f"{_DEPLOYMENT}approve", deployment.approve, name="approve-deployment"),
    path(_BUILD, build.show_build, name="build"),
    path(f"{_BUILD}cancel", actions.cancel, name="cancel"),
    path(f"{_BUILD}restart", actions.restart, name="restart"),
    path(f"{_BUILD}restart-failed", actions.restart_failed, name="restart-failed"),
    path(f"{_BUILD}approve", actions.approve, name="approve"),
    path(f"{_BUILD}pin", actions.pin, name="pin"),
    *joburls.urlpatterns,
]
