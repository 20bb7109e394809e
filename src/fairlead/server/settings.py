"""Django's settings, from the variables of this installation; a name in capitals is Django's."""

import os
from typing import Any
from urllib.parse import urlsplit

from django.utils.functional import lazy
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from fairlead.errors import FairleadError
from fairlead.server.configuration import (
    KEEPALIVE,
    Configuration,
    bounded,
    load_configuration,
    secret_key,
)
from fairlead.server.storage.opening import folder_of
from fairlead.server.storage.place import SCHEME, read_place

_PREPARED = 5
"""A statement without Django's cursors is planned ahead from so many times on, or when asked."""


def database(url: str, *, pool_timeout: float, longest: float) -> dict[str, dict[str, Any]]:
    """``DATABASES`` for a PostgreSQL URL (or libpq's ``name=value`` words).

    Empty where there is no URL: then nothing can be stored, but commands can be looked at.
    ``longest`` is for how many seconds a transaction may lie idle: a frozen process that holds
    a row would otherwise hold up whoever takes over from it.
    Raises ``FairleadError`` for what libpq cannot read.
    """
    if not url:
        return {}
    try:
        told = conninfo_to_dict(url)
    except ProgrammingError as error:
        raise FairleadError(
            f"FAIRLEAD_DATABASE_URL cannot be read: {str(error).strip()}",
            hint="it looks like postgresql://user:password@host:5432/fairlead",
        ) from error
    names = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host"}
    main = {ours: told.pop(theirs, "") or "" for ours, theirs in (*names.items(), ("PORT", "port"))}
    options = {**KEEPALIVE, **told, "options": bounded(told.get("options"), longest)}
    # A connection is a process of PostgreSQL's: it goes soon after it was used, one each time.
    pool = {"min_size": 0, "max_size": 10, "max_idle": 10.0, "timeout": pool_timeout}
    return {
        "default": {
            "ENGINE": "fairlead.server.backend",
            **main,
            "CONN_MAX_AGE": 0,
            "OPTIONS": {**options, "prepare_threshold": _PREPARED, "pool": pool},
        }
    }


def storages(told: Configuration) -> dict[str, dict[str, Any]]:
    """``STORAGES``: files in a folder, or with ``s3://bucket/prefix`` in a bucket."""
    static = {"BACKEND": "fairlead.server.web.statics.Statics"}
    if told.storage.startswith(SCHEME):
        options = read_place(told.storage).options
        kept = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    else:
        options = {"location": str(folder_of(told))}
        kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    return {"default": kept, "staticfiles": static}


def origin(url: str) -> str:
    """Scheme and host of a URL, as a browser tells where a form was. Raises ``FairleadError``."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise FairleadError(
            f"FAIRLEAD_URL is not a web address: {url!r}",
            hint="it looks like https://ci.example.org",
        )
    return f"{parts.scheme}://{parts.netloc}"


def allowed_hosts(told: Configuration) -> list[str]:
    """The names by which we may be asked for: as told, and those of our own addresses."""
    named = urlsplit(told.url).hostname if told.url else None
    listens = urlsplit(f"//{told.listen}").hostname
    own = (name for name in (named, listens) if name)
    return [*told.hosts, *(f"[{name}]" if ":" in name else name for name in own)]


_told = load_configuration(os.environ)

FAIRLEAD = _told
DEBUG = _told.debug
# Lazy: a command that signs nothing need not write a key.
SECRET_KEY = lazy(secret_key, str)(_told)
ALLOWED_HOSTS = allowed_hosts(_told)
DATABASES = database(
    _told.database_url, pool_timeout=_told.pool_timeout, longest=_told.intervals.lease
)
STORAGES = storages(_told)
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "procrastinate.contrib.django",
    "django_htmx",
    "fairlead.server.store",
    "fairlead.server.web",
]
# The first one is for sync views alone, so Django runs them all in one thread, with one switch.
MIDDLEWARE = [
    "fairlead.server.web.headers.headers",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
ROOT_URLCONF = "fairlead.server.urls"
ASGI_APPLICATION = "fairlead.server.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
STATIC_URL = "/static/"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en-gb"
USE_I18N = False
_SECURE = _told.url.startswith("https://")
CSRF_TRUSTED_ORIGINS = [origin(_told.url)] if _told.url else []
CSRF_FAILURE_VIEW = "fairlead.server.web.errors.stale_form"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = _SECURE
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
        "UserAttributeSimilarityValidator",
    )
]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# Our own engine/worker.py makes the worker's app; what Django has here only enqueues.
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = None
LOGGING_CONFIG = None
