"""Tokens, accounts and who a request comes from."""

import base64
from datetime import timedelta

import msgspec
import pytest

from fairlead.errors import FairleadError


@pytest.fixture
def tokens(database):
    from fairlead.server.services import tokens

    return tokens


@pytest.fixture
def user(database):
    from django.contrib.auth.models import User

    from fairlead.server.services.accounts import make_administrator

    User.objects.all().delete()
    return make_administrator("ada")


@pytest.fixture
def ask(database):
    from django.contrib.auth.models import AnonymousUser
    from django.test import RequestFactory

    from fairlead.server.access import actor_of

    def ask(authorization="", user=None):
        headers = {"Authorization": authorization} if authorization else {}
        request = RequestFactory().get("/", headers=headers)
        request.user = user or AnonymousUser()
        return actor_of(request)

    return ask


@pytest.fixture
def told(database):
    from django.conf import settings
    from django.test import override_settings

    return lambda **more: override_settings(
        FAIRLEAD=msgspec.structs.replace(settings.FAIRLEAD, **more)
    )


def test_a_token_is_found_by_its_secret_which_is_not_kept(tokens):
    token, secret = tokens.issue("laptop", ["read", "build"])
    assert secret.startswith("fl_")
    assert len(secret) == 43
    found = tokens.find(secret)
    assert (found, found.scopes) == (token, ["build", "read"])
    assert secret.encode() not in bytes(found.digest)
    assert tokens.find(secret[:-1] + "~") is None
    assert tokens.find("fl_\udce9" + "a" * 39) is None


def test_odd_tokens_are_not_issued(tokens):
    for name, scopes in (("a", []), ("a", ["all"]), (" ", ["read"])):
        with pytest.raises(FairleadError):
            tokens.issue(name, scopes)


def test_a_token_ends_when_it_expires_is_revoked_or_its_user_leaves(tokens, user):
    from django.utils import timezone

    soon = timezone.now() + timedelta(hours=1)
    token, secret = tokens.issue("a", ["read"], user=user, expires=soon)
    assert tokens.find(secret).user == user
    type(user).objects.update(is_active=False)
    assert tokens.find(secret) is None
    type(user).objects.update(is_active=True)
    type(token).objects.update(expires=timezone.now())
    assert tokens.find(secret) is None
    type(token).objects.update(expires=None)
    tokens.revoke(token)
    assert tokens.find(secret) is None


def test_its_use_is_noted_at_most_once_a_minute(tokens):
    from django.utils import timezone

    token, secret = tokens.issue("a", ["read"])
    tokens.find(secret)
    token.refresh_from_db()
    first = token.used
    tokens.find(secret)
    token.refresh_from_db()
    assert first == token.used
    type(token).objects.update(used=timezone.now() - timedelta(minutes=2))
    tokens.find(secret)
    token.refresh_from_db()
    assert token.used > first


def test_who_asks(tokens, user, ask, told):
    _, secret = tokens.issue("robot", ["read"])
    assert ask() == ask("Bearer fl_nonsense") == ask("Digest x") == ask("Basic %%")
    assert not ask().known
    assert ask(f"Bearer {secret}").name == "robot"
    for pair in (f"any:{secret}", f"{secret}:"):
        basic = base64.b64encode(pair.encode()).decode()
        assert ask(f"Basic {basic}").name == "robot"
        assert ask(f"Basic {basic}", user).name == "ada"
    assert ask("", user).user_id == user.pk
    with told(public=True, worker_token="w" * 20):
        assert ask().scopes == {"read"}
        assert not ask("Bearer fl_nonsense").scopes
        assert ask(f"Bearer {'w' * 20}").scopes == {"worker"}


def test_what_an_actor_may():
    from fairlead.server.access import Actor, Scope

    admin = Actor(name="a", scopes=frozenset({Scope.ADMIN}))
    assert all(admin.may(scope, 1) for scope in Scope if scope != Scope.WORKER)
    assert not admin.may(Scope.WORKER)
    one = Actor(name="b", scopes=frozenset({Scope.READ}), project_id=1)
    assert one.may(Scope.READ, 1)
    assert not any((one.may(Scope.READ, 2), one.may(Scope.READ), one.may(Scope.BUILD, 1)))


def test_the_link_of_an_account_works_once(user):
    from fairlead.server.services import accounts

    path = accounts.one_time_path(user)
    _, welcome, uid, token, _ = path.split("/")
    assert welcome == "welcome"
    assert accounts.user_of_link(uid, token) == user
    for bad in ((uid, "x"), ("!", token), ("", ""), ("OTk5OTk5OTk5OTk5OTk5OTk5OTk", token)):
        assert accounts.user_of_link(*bad) is None
    for weak in ("short", "1234567890", "password123"):
        with pytest.raises(FairleadError):
            accounts.set_password(user, weak)
    accounts.set_password(user, "a fine long one 7")
    assert accounts.user_of_link(uid, token) is None
    user.refresh_from_db()
    assert user.check_password("a fine long one 7")


def test_names_of_accounts_are_checked(user):
    from fairlead.server.services.accounts import make_administrator

    for name in ("ada", "", "a b", "x" * 200):
        with pytest.raises(FairleadError):
            make_administrator(name)
