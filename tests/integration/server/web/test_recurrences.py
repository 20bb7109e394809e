"""What comes again of a project, beside what came."""

from datetime import UTC, datetime

import pytest

DUE = datetime(2026, 3, 2, 2, tzinfo=UTC)


@pytest.fixture
def page(admin, project):
    """The page of deliveries, with a schedule that failed; fields of the project are changed."""
    from fairlead.server.store.models import Project, Recurrence

    Recurrence.objects.create(
        project=project, kind="cron", spec="x", due=DUE, reckoned=DUE, error="no branch <b>main"
    )

    def get(**fields):
        Project.objects.filter(pk=project.pk).update(**fields)
        return admin.get("/p/bank/deliveries/").content.decode()

    return get


def test_what_went_wrong_is_told_with_when_it_is_tried_again(page):
    shown = page(cron="0 2 * * *")
    assert "no branch &lt;b&gt;main. Next try 2026-03-02 02:00 UTC" in shown


@pytest.mark.parametrize("fields", [{}, {"cron": "0 2 * * *", "enabled": False}])
def test_what_the_project_wants_no_longer_is_not_told(fields, page):
    assert "Next try" not in page(**fields)
