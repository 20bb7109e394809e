"""Addresses of a job's page and of the parts of its log."""

from django.urls import URLPattern, path

from fairlead.server.web.pages import job, log

_JOB = "p/<str:project>/<int:number>/<int:place>/"

urlpatterns: list[URLPattern] = [
    path(_JOB, job.show_job, name="job"),
    path(f"{_JOB}lines", log.show_lines, name="job-lines"),
    path(f"{_JOB}search", log.search_log, name="job-search"),
    path(f"{_JOB}raw", log.raw_log, name="job-raw"),
    path(f"{_JOB}download", log.download_log, name="job-download"),
]
