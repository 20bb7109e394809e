"""The store as a Django app."""

from django.apps import AppConfig


class StoreConfig(AppConfig):
    """Its tables are called ``store_…``."""

    name = "fairlead.server.store"
    label = "store"
    default_auto_field = "django.db.models.BigAutoField"
