"""What starts and stops an application's processes on a host: one module a kind."""
