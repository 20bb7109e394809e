"""Django's backend for PostgreSQL, as this server uses it."""
