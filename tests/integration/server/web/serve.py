"""The whole site, served by uvicorn: ``python serve.py PORT``."""

import sys

import uvicorn

from fairlead.server.asgi import application

uvicorn.run(application, port=int(sys.argv[1]), log_level="error", timeout_graceful_shutdown=2)
