"""Signing in and out, and the first time, by a link that works once."""

from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.errors import FairleadError
from fairlead.server.access import actor_of
from fairlead.server.api.limits import Limiter
from fairlead.server.services import accounts
from fairlead.server.web.answer import show
from fairlead.server.web.forms import PasswordForm, SignInForm

_TRIES = 10
_TRIES_OF_ALL = 60
"""Sign-ins a minute: for one name, and from one address, which may be a proxy's."""

_limiter = Limiter()
_BACKEND = "django.contrib.auth.backends.ModelBackend"


@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Name and password; then where one wanted to go."""
    wanted = safe_next(request)
    form = SignInForm(request.POST or None)
    status = 200 if request.method == "GET" else 400
    if request.method == "POST" and form.is_valid():
        if wait := _too_often(request, form.cleaned_data["username"]):
            form.add_error(None, f"Too many tries: the next one in {wait} seconds.")
            status = 429
        elif user := authenticate(request, **form.cleaned_data):
            login(request, user)
            return HttpResponseRedirect(wanted)
        else:
            form.add_error(None, "There is no account with this name and password.")
    return show(
        request,
        actor_of(request),
        "sign-in.html",
        status=status,
        here="sign-in",
        form=form,
        wanted=wanted,
    )


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """The session ends."""
    logout(request)
    return HttpResponseRedirect("/")


@never_cache
@csrf_protect
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, uid: str, token: str) -> HttpResponse:
    """Set a password by a link that works once, and be signed in."""
    user = accounts.user_of_link(uid, token)
    actor = actor_of(request)
    if user is None:
        return show(
            request,
            actor,
            "error.html",
            status=410,
            heading="This link does not work any more",
            text="It was used before, or is too old. `fairlead admin` makes a new one.",
        )
    form = PasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            accounts.set_password(user, form.cleaned_data["password"])
        except FairleadError as error:
            form.add_error("password", str(error))
        else:
            login(request, user, backend=_BACKEND)
            return HttpResponseRedirect("/")
    status = 400 if form.is_bound else 200
    return show(
        request, actor, "welcome.html", status=status, here="sign-in", form=form, name=user.username
    )


def _too_often(request: HttpRequest, name: str) -> int:
    """After how many seconds another try is looked at; 0 for now."""
    by_name = _limiter.take(f"name {name.casefold()}", _TRIES)
    by_address = _limiter.take(f"address {request.META.get('REMOTE_ADDR', '')}", _TRIES_OF_ALL)
    return max(by_name.wait, by_address.wait)


def safe_next(request: HttpRequest) -> str:
    """Where to go afterwards: a place of ours, else the first page."""
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    ours = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else "/"
