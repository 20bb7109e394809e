"""Tokens: made here, shown once, revoked."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from fairlead.errors import FairleadError
from fairlead.server.access import Actor, Scope
from fairlead.server.services import projects, tokens
from fairlead.server.store.models import Token
from fairlead.server.web.answer import show
from fairlead.server.web.forms import TokenForm
from fairlead.server.web.gate import admits

_MOST = 200


@never_cache
@require_http_methods(["GET", "POST"])
@admits(Scope.ADMIN)
def show_tokens(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All of them, and the form for another; a new one's secret is shown this once."""
    form = TokenForm(request.POST or None, initial={"scopes": ["read", "build"], "days": 365})
    secret = ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = _issue(actor, form)
        except FairleadError as error:
            form.add_error(None, str(error))
        else:
            form = TokenForm(initial={"scopes": ["read", "build"], "days": 365})
    rows = Token.objects.select_related("user", "project").order_by("-id")[:_MOST]
    return show(
        request,
        actor,
        "tokens.html",
        here="tokens",
        form=form,
        secret=secret,
        tokens=rows,
        now=timezone.now(),
    )


@require_POST
@admits(Scope.ADMIN)
def revoke_token(request: HttpRequest, actor: Actor, key: int) -> HttpResponseRedirect:
    """From now on it opens nothing."""
    del actor
    token = Token.objects.filter(pk=key).first() if key < 1 << 62 else None
    if token is None:
        raise Http404("there is no such token")
    tokens.revoke(token)
    messages.success(request, f"{token.name} is revoked.")
    return HttpResponseRedirect("/tokens/")


def _issue(actor: Actor, form: TokenForm) -> str:
    told = form.cleaned_data
    user = User.objects.filter(pk=actor.user_id).first() if actor.user_id else None
    days = told["days"]
    _, secret = tokens.issue(
        told["name"],
        told["scopes"],
        user=user,
        project=projects.by_name(told["project"]) if told["project"] else None,
        expires=timezone.now() + timedelta(days=days) if days else None,
    )
    return secret
