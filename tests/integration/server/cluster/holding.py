"""Holds a lock in the database and keeps asking; says when it has it, and when it gives up."""

import sys
import time

from fairlead.server.setup import setup

setup()

from django.db import OperationalError, connection  # noqa: E402 — needs the settings

with connection.cursor() as cursor:
    cursor.execute("SELECT pg_advisory_lock(7)")
    sys.stdout.write("held\n")
    sys.stdout.flush()
    try:
        while True:
            cursor.execute("SELECT 1")
            time.sleep(0.1)
    except OperationalError:
        sys.stdout.write("given up\n")
        sys.stdout.flush()
