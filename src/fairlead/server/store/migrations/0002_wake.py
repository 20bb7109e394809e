"""Wake workers also when a job comes back, or when one ends that others wait behind.

The engine itself notifies of new jobs only, which left gaps of its polling interval.
"""

from typing import ClassVar

from django.db import migrations

_CREATE = """
CREATE TRIGGER fairlead_wake AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
WHEN (OLD.status = 'doing' AND (NEW.status = 'todo'
      OR (NEW.status <> 'doing' AND NEW.lock IS NOT NULL)))
EXECUTE FUNCTION procrastinate_notify_queue_job_inserted_v1()
"""
_CREATE_DROPPED = """
CREATE TRIGGER fairlead_wake_waiting AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
WHEN (OLD.status = 'todo' AND NEW.status = 'cancelled' AND NEW.lock IS NOT NULL)
EXECUTE FUNCTION procrastinate_notify_queue_job_inserted_v1()
"""


class Migration(migrations.Migration):
    """Two triggers on the engine's table of jobs."""

    dependencies: ClassVar = [
        ("store", "0001_initial"),
        ("procrastinate", "0041_post_retry_failed_job"),
    ]
    operations: ClassVar = [
        migrations.RunSQL(_CREATE, "DROP TRIGGER fairlead_wake ON procrastinate_jobs"),
        migrations.RunSQL(
            _CREATE_DROPPED, "DROP TRIGGER fairlead_wake_waiting ON procrastinate_jobs"
        ),
    ]
