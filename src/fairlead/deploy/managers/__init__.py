"""What keeps the application's processes running on a host: one module a kind."""
