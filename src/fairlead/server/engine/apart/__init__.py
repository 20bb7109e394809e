"""What a worker has done by a process of its own: deployments, releases, looks at hosts."""
