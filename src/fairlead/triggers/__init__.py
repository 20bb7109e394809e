"""Outside events to triggers: webhooks, pushes, polling, schedules, people. Pure functions."""
