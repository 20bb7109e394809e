"""Jobs, and their tests."""

from ninja import Router

from fairlead.server.access import Scope
from fairlead.server.api.bodies import After, AttemptNumber, Limit, Name, Number, Outcomes, Place
from fairlead.server.api.found import attempt_of, job_of
from fairlead.server.api.guard import Request
from fairlead.server.api.route import route
from fairlead.server.api.shapes.below import Test, test_shape
from fairlead.server.api.shapes.jobs import Job, job_shapes
from fairlead.server.api.shapes.page import Link, Listing, next_url
from fairlead.server.store import models
from fairlead.server.store.pages import oldest

router = Router(tags=["Jobs"])

JOB = "/projects/{name}/builds/{number}/jobs/{place}"
_MOST_DETAILED = 50


@route(router, "GET", JOB, scope=Scope.READ, returns=Job)
def get_job(request: Request, name: Name, number: Number, place: Place) -> Job:
    """Show a job with its attempts and steps."""
    return job_shapes([job_of(request, name, number, place)])[0]


@route(router, "GET", JOB + "/stream", scope=Scope.READ, returns=Link)
def get_job_stream(
    request: Request, name: Name, number: Number, place: Place, attempt: AttemptNumber
) -> Link:
    """Give an address at which a job's log and tests are told as they come.

    It answers with server-sent events and holds for twelve hours, without any other token.
    """
    from fairlead.server.streams.tokens import stream_path

    return Link(url=stream_path("log", attempt_of(request, name, number, place, attempt).pk))


@route(router, "GET", JOB + "/tests", scope=Scope.READ, returns=Listing[Test])
def list_tests(
    request: Request,
    *,
    name: Name,
    number: Number,
    place: Place,
    attempt: AttemptNumber,
    outcome: Outcomes,
    after: After,
    limit: Limit,
    details: bool = False,
) -> Listing[Test]:
    """List the tests of a job in the order in which they ended.

    With `details` a page holds at most 50 of them, with what they wrote and how they failed.
    """
    found = attempt_of(request, name, number, place, attempt)
    rows = models.Test.objects.filter(attempt=found)
    if outcome:
        rows = rows.filter(outcome__in=outcome)
    if not details:
        rows = rows.defer("details", "output")
    page = oldest(rows, after=after, count=min(limit, _MOST_DETAILED) if details else limit)
    return Listing(
        items=tuple(test_shape(test, details=details) for test in page.items),
        next=next_url(request, "after", page.older),
    )
