"""A plan to events: environments, sandboxes, steps, services."""
