"""What uvicorn serves: ``fairlead.server.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "fairlead.server.settings")

application = get_asgi_application()
