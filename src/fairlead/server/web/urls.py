"""Addresses of the pages; ``fairlead.server.links`` makes those that others tell."""

from django.urls import URLPattern, URLResolver, path

from fairlead.server.web.pages import account, projects

app_name = "web"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", projects.show_projects, name="projects"),
    path("new/", projects.add_project, name="add"),
    path("sign-in/", account.sign_in, name="sign-in"),
    path("sign-out/", account.sign_out, name="sign-out"),
    path("welcome/<str:uid>/<str:token>/", account.welcome, name="welcome"),
]
