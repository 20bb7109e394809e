"""Ways to isolate a job, best first."""
