"""The CI server: the only place that knows Django, PostgreSQL and the queue."""
