"""What a WSGI server loads: ``bank.wsgi:app``."""

from bank.app import create_app

app = create_app()
