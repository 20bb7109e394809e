"""Which address leads to which page; the pages and the API add theirs."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include("fairlead.server.api.urls")),
    path("", include("fairlead.server.web.urls")),
    path("", include("fairlead.server.web.joburls")),
]
handler403 = "fairlead.server.web.errors.forbidden"
handler404 = "fairlead.server.web.errors.not_found"
handler500 = "fairlead.server.web.errors.broken"
