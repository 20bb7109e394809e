"""Django's settings, from the variables of this installation; a name in capitals is Django's."""

import os
from typing import Any

from django.utils.functional import lazy
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from fairlead.errors import FairleadError
from fairlead.server.configuration import Configuration, bounded, load_configuration, secret_key


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
    pool = {"min_size": 1, "max_size": 10, "timeout": pool_timeout}
    return {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            **main,
            "CONN_MAX_AGE": 0,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {**told, "options": bounded(told.get("options"), longest), "pool": pool},
        }
    }


def storages(told: Configuration) -> dict[str, dict[str, Any]]:
    """``STORAGES``: files in a folder, or with ``s3://bucket/prefix`` in a bucket."""
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    if told.storage.startswith("s3://"):
        bucket, _, prefix = told.storage.removeprefix("s3://").partition("/")
        options: dict[str, Any] = {"bucket_name": bucket, "location": prefix}
        kept = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    else:
        options = {"location": told.storage or str(told.data / "storage")}
        kept = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    return {"default": kept, "staticfiles": static}


_told = load_configuration(os.environ)

FAIRLEAD = _told
DEBUG = _told.debug
# Lazy: a command that signs nothing need not write a key.
SECRET_KEY = lazy(secret_key, str)(_told)
ALLOWED_HOSTS = list(_told.hosts)
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
    "fairlead.server.store",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
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
X_FRAME_OPTIONS = "DENY"
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
