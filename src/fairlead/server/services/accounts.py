"""People who sign in: so far administrators, who begin with a link that works once."""

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_decode, urlsafe_base64_encode

from fairlead.errors import FairleadError


def make_administrator(name: str) -> User:
    """An account without a password. Raises ``FairleadError`` for a name that is taken or odd."""
    user = User(username=name, is_staff=True, is_superuser=True)
    user.set_unusable_password()
    try:
        user.clean_fields()
        with transaction.atomic():
            user.save()
    except ValidationError as error:
        said = " ".join(error.messages)
        raise FairleadError(f"{name[:150]!a} is no name of an account: {said}") from error
    except IntegrityError as error:
        raise FairleadError(
            f"there is an account {name} already", hint="take another name"
        ) from error
    return user


def one_time_path(user: User) -> str:
    """The address where the user sets a password; once that is done it leads nowhere."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"/welcome/{uid}/{default_token_generator.make_token(user)}/"


def user_of_link(uid: str, token: str) -> User | None:
    """Whose link it is, ``None`` where it was used, is too old or was made up."""
    try:
        key = int(urlsafe_base64_decode(uid))
    except ValueError:
        return None
    if not 0 < key < 1 << 31:
        return None
    user = User.objects.filter(pk=key, is_active=True).first()
    return user if user and default_token_generator.check_token(user, token) else None


def set_password(user: User, text: str) -> None:
    """Raises ``FairleadError`` with everything that is wrong with the password, a line each."""
    try:
        validate_password(text, user)
    except ValidationError as error:
        raise FairleadError("\n".join(error.messages)) from error
    user.set_password(text)
    user.save(update_fields=["password"])
