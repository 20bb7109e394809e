"""Which address leads to which page; the pages and the API add theirs."""

from django.urls import URLPattern, URLResolver, include, path

from fairlead.server.secrets.endpoint import deployment_secrets, secrets

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("fairlead.server.api.urls")),
    path("internal/secrets/<int:build>", secrets),
    path("internal/secrets/deployment/<int:deployment>", deployment_secrets),
    path("", include("fairlead.server.web.urls")),
    path("", include("fairlead.server.web.joburls")),
]
handler403 = "fairlead.server.web.errors.forbidden"
handler400 = "fairlead.server.web.errors.bad_request"
handler404 = "fairlead.server.web.errors.not_found"
handler500 = "fairlead.server.web.errors.broken"
