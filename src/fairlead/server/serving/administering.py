"""What ``fairlead admin`` does, as rows and sentences."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from fairlead.errors import FairleadError, UsageError
from fairlead.server.configuration import load_configuration
from fairlead.server.serving.database import name_address, name_database, some_database
from fairlead.server.serving.journal import keep_journal
from fairlead.util.decoding import from_json

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from fairlead.server.store.models import Project

Row = tuple[Any, ...]

_SHOWN = 60  # characters of a value in a list


@contextmanager
def administering(environ: Mapping[str, str]) -> Iterator[None]:
    """Django set up, with the tables made. Raises ``FairleadError`` without a usable database."""
    told = load_configuration(environ)
    name_address(told)
    keep_journal(told, "admin")
    with some_database(told) as url:
        name_database(url)
        from fairlead.server.setup import setup

        setup()
        from django.db import connections

        from fairlead.server.serving.prepare import make_tables

        try:
            make_tables(load_configuration(os.environ))
            yield
        finally:
            for connection in connections.all(initialized_only=True):
                connection.close()
                connection.close_pool()  # type: ignore[attr-defined] # PostgreSQL's has one


def make_user(name: str) -> str:
    """A new administrator; their one-time link."""
    from fairlead.server.services.accounts import make_administrator

    return _link(make_administrator(name))


def link_of(name: str) -> str:
    """Another link of a user; the password stays good until it is used."""
    return _link(_user(name))


def users() -> list[Row]:
    """Name, whether they have a password yet, and when they were last here."""
    from django.contrib.auth.models import User

    return [
        (
            user.username,
            "password set" if user.has_usable_password() else "no password yet",
            f"last here {user.last_login:%Y-%m-%d}" if user.last_login else "never here",
        )
        for user in User.objects.order_by("username")
    ]


def issue(
    name: str, scopes: Sequence[str], *, owner: str | None, project: str | None, days: int | None
) -> str:
    """The secret of a new token."""
    from django.utils import timezone

    from fairlead.server.services import tokens

    _, secret = tokens.issue(
        name,
        scopes,
        user=_user(owner) if owner else None,
        project=project_called(project) if project else None,
        expires=timezone.now() + timedelta(days=days) if days else None,
    )
    return secret


def tokens() -> list[Row]:
    """Number, name, scopes, whose and what for, until when, and when it was last used."""
    from fairlead.server.store.models import Token

    return [
        (
            token.pk,
            token.name,
            ",".join(token.scopes),
            f"of {token.user}" if token.user else "of nobody",
            f"for {token.project}" if token.project else "for all projects",
            f"until {token.expires:%Y-%m-%d}" if token.expires else "for ever",
            f"used {token.used:%Y-%m-%d}" if token.used else "never used",
        )
        for token in Token.objects.select_related("user", "project").order_by("pk")
    ]


def revoke(number: int) -> str:
    """The name of the token that was revoked."""
    from fairlead.server.services import tokens
    from fairlead.server.store.models import Token

    token = Token.objects.filter(pk=number).first()
    if token is None:
        raise UsageError(f"there is no token {number}", hint="see: fairlead admin token list")
    tokens.revoke(token)
    return token.name


def create_project(name: str, mirror: str | None, values: Sequence[str]) -> str:
    """How to go on with a new project."""
    from django.conf import settings

    from fairlead.server.links import base_url
    from fairlead.server.services import projects

    fields = _fields(values, {})
    if mirror:
        project = projects.create(name, kind="mirrored", url=mirror, **fields)
        return f"Made {project}, a mirror of {mirror}."
    project = projects.create(name, **fields)
    url = f"{base_url(settings.FAIRLEAD)}/git/{project}.git"
    return (
        f"Made {project}. Push to it, with any name and a token as the password"
        f" (fairlead admin token create):\n  git push {url} {project.default_branch}"
    )


def projects() -> list[Row]:
    """Name, kind, where a mirror comes from, and whether it builds."""
    from fairlead.server.links import without_password
    from fairlead.server.store.models import Project

    return [
        (
            project.name,
            project.kind,
            without_password(project.url) or project.default_branch,
            "" if project.enabled else "disabled",
        )
        for project in Project.objects.order_by("name")
    ]


def project_called(name: str) -> "Project":
    """The project. Raises ``FairleadError`` where there is none."""
    from fairlead.server.services.projects import by_name

    return by_name(name)


def change_project(name: str, values: Sequence[str]) -> list[Row]:
    """Set ``FIELD=VALUE``; all fields that can be set, as they are then."""
    from fairlead.server.services.projects import CHANGEABLE, change
    from fairlead.triggers.rules import read_rules

    project = project_called(name)
    project = change(project, **_fields(values, project.triggers))
    shown = {field: getattr(project, field) for field in CHANGEABLE - {"triggers"}}
    shown |= msgspec.structs.asdict(read_rules(project.triggers))
    return [(field, _shown(field, value)) for field, value in sorted(shown.items())]


def remove_project(project: "Project") -> None:
    """Remove it with all that is kept of it."""
    from django.conf import settings

    from fairlead.server.services import projects
    from fairlead.server.storage import open_storage

    projects.remove(project, open_storage(settings.FAIRLEAD))


def set_secret(project: str, name: str, value: str) -> None:
    """Keep a value for the project's builds."""
    from fairlead.server.services import secrets

    secrets.put(project_called(project), name, value)


def secrets_of(project: str) -> list[Row]:
    """Names, and since when each has its value."""
    from fairlead.server.services import secrets

    found = secrets.listed(project_called(project))
    return [(secret.name, f"set {secret.changed:%Y-%m-%d}") for secret in found]


def remove_secret(project: str, name: str) -> None:
    """Forget it."""
    from fairlead.server.services import secrets

    secrets.remove(project_called(project), name)


def _fields(values: Sequence[str], triggers: Mapping[str, Any]) -> dict[str, Any]:
    """``FIELD=VALUE`` as what the field holds, by the kind of its default.

    Fields of the rules in a project's ``triggers`` are set among those that are there.
    """
    from fairlead.server.services.projects import CHANGEABLE
    from fairlead.server.store.models import Project
    from fairlead.triggers.rules import Rules

    usual = {field: getattr(Project(), field) for field in CHANGEABLE}
    rules = msgspec.structs.asdict(Rules())
    del rules["parameters"]  # they are no short text: they are given with `triggers`, as JSON
    fields: dict[str, Any] = {}
    for value in values:
        field, equals, text = value.partition("=")
        if equals and field in usual:
            fields[field] = read_value(field, text, usual[field])
        elif equals and field in rules:
            found = read_value(field, text, rules[field])
            fields["triggers"] = {**fields.get("triggers", triggers), field: found}
        else:
            raise UsageError(
                f"{value!r} does not set a field of a project",
                hint=f"FIELD=VALUE, with one of: {', '.join(sorted(usual | rules))}",
            )
    return fields


def read_value(field: str, text: str, like: object) -> Any:
    """A field's value from its text: words by commas, tables as JSON, numbers, yes or no."""
    if isinstance(like, str):
        return text
    if isinstance(like, list | tuple):
        return [word.strip() for word in text.split(",") if word.strip()]
    kinds: dict[str, bool] = {"yes": True, "no": False}
    try:
        if isinstance(like, bool) and text in kinds:
            return kinds[text]
        return from_json(text, type(like))
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise FairleadError(f"{field}={text}: {error}") from error


def _shown(field: str, value: object) -> str:
    if field.endswith("secret"):
        return "set" if value else "not set"
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _user(name: str) -> "User":
    from django.contrib.auth.models import User

    user = User.objects.filter(username=name).first()
    if user is None:
        raise UsageError(f"there is no user {name!r}", hint="see: fairlead admin user list")
    return user


def _link(user: "User") -> str:
    from django.conf import settings

    from fairlead.server.links import base_url
    from fairlead.server.services.accounts import one_time_path

    return base_url(settings.FAIRLEAD) + one_time_path(user)
