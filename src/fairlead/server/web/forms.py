"""What people fill in. Texts of several values are a line each."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from fairlead.server.store.models import Project
from fairlead.server.store.scopes import Scope
from fairlead.triggers.manual import Parameter


class Words(forms.CharField):
    """Short texts, separated by commas or lines."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("required", False)
        super().__init__(**options)

    def prepare_value(self, value: Any) -> Any:
        """As it is filled in."""
        return ", ".join(value) if isinstance(value, list | tuple) else value

    def clean(self, value: Any) -> list[str]:
        """As it is kept."""
        text = super().clean(value).replace("\n", ",")
        return [word.strip() for word in text.split(",") if word.strip()]


class ProjectForm(forms.Form):
    """A new project."""

    name = forms.CharField(
        max_length=100,
        help_text="Lower-case letters, digits, - and _. It is part of every address.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    kind = forms.ChoiceField(
        label="Repository",
        choices=[
            (Project.Kind.HOSTED, "Hosted here: push to it"),
            (Project.Kind.MIRRORED, "Elsewhere: Fairlead fetches it"),
        ],
    )
    url = forms.CharField(
        label="Address of the repository",
        required=False,
        help_text="For one elsewhere: https://…, ssh://… or user@host:path.",
    )
    default_branch = forms.CharField(label="Default branch", initial="main", max_length=255)


class SettingsForm(forms.Form):
    """What can be changed of a project; names are those of its row, but for ``RULES``."""

    enabled = forms.BooleanField(
        required=False, label="Builds are accepted", help_text="Off, nothing starts a build."
    )
    default_branch = forms.CharField(max_length=255)
    url = forms.CharField(required=False, label="Address of the repository")
    poll_every = forms.IntegerField(
        min_value=0, label="Look every", help_text="Seconds between two looks; 0 for never."
    )
    protected = Words(
        label="Protected branches", help_text="Globs; they only take pushes that pass."
    )
    events = forms.MultipleChoiceField(
        required=False,
        label="Events that are built",
        choices=[("push", "Pushes"), ("tag", "Tags"), ("pull_request", "Pull requests")],
        help_text="All if none is chosen.",
        widget=forms.CheckboxSelectMultiple,
    )
    branches = Words(label="Branches", help_text="Globs, such as main, release/*; all if empty.")
    tags = Words(label="Tags", help_text="Globs, such as v*; all if empty.")
    paths = Words(label="Paths", help_text="Globs; a push that changes none of them is not built.")
    approve = forms.ChoiceField(
        label="Pull requests from forks wait for approval",
        choices=[("first", "each commit once"), ("always", "every build"), ("never", "never")],
    )
    drafts = forms.BooleanField(required=False, label="Build drafts of pull requests")
    forks = forms.BooleanField(
        required=False,
        label="Build pull requests from forks",
        help_text="They get no secrets.",
    )
    cancel_superseded = forms.BooleanField(
        required=False, label="A newer build of a branch cancels the older one"
    )
    cron = forms.CharField(
        required=False,
        max_length=100,
        label="Schedule",
        help_text="Minute, hour, day, month, weekday, such as 30 3 * * 1-5; empty for none.",
    )
    zone = forms.CharField(max_length=80, label="Time zone", help_text="Such as Europe/Berlin.")
    skip_built = forms.IntegerField(
        min_value=0,
        max_value=8784,
        label="Unless built in the last hours",
        help_text="Hours; 0 builds at every turn.",
    )
    labels = Words(label="Labels", help_text="What a worker must offer to build it.")
    concurrency = forms.IntegerField(
        min_value=0, max_value=1000, label="Builds at once", help_text="0 for no limit."
    )
    priority = forms.IntegerField(min_value=-100, max_value=100, help_text="Higher comes first.")
    keep_days = forms.IntegerField(min_value=0, label="Keep for days", help_text="0 for ever.")
    keep_builds = forms.IntegerField(min_value=0, label="Keep builds", help_text="0 for all.")


RULES = ("events", "branches", "tags", "paths", "approve", "drafts", "forks", "zone", "skip_built")
"""The fields of ``SettingsForm`` that are kept together as the project's triggers."""


class RunForm(forms.Form):
    """A build by hand. ``declared`` are the project's questions; without any, all is taken."""

    what = forms.ChoiceField(
        label="Build",
        choices=[("branch", "the tip of a branch"), ("tag", "a tag"), ("commit", "a commit")],
    )
    ref = forms.CharField(label="Its name", max_length=255)
    jobs = Words(label="Only these jobs", help_text="Their ids; all if empty.")
    labels = Words(label="Labels of the worker", help_text="The project's if empty.")

    def __init__(
        self, *args: Any, declared: Sequence[Parameter] | None = None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._declared = declared
        for one in declared or ():
            self.fields[f"{_ASKED}{one.name}"] = _question(one)
        if declared is None:
            self.fields["parameters"] = forms.CharField(
                required=False,
                max_length=20_000,
                widget=forms.Textarea(attrs={"rows": 3}),
                help_text="NAME=value, one a line; the build's steps see them as variables.",
            )

    def given(self) -> dict[str, str]:
        """The parameters as they were filled in."""
        told = self.cleaned_data
        if self._declared is not None:
            return {one.name: _answer(told[f"{_ASKED}{one.name}"]) for one in self._declared}
        pairs = [line.partition("=") for line in told["parameters"].splitlines() if line.strip()]
        return {name.strip(): value.strip() for name, _, value in pairs}


_ASKED = "parameter-"


def _question(one: Parameter) -> forms.Field:
    told: dict[str, Any] = {
        "label": one.name,
        "help_text": one.description,
        "initial": one.default,
        "required": one.default is None and one.kind != "flag",
    }
    if one.kind == "flag":
        return forms.BooleanField(**told | {"initial": one.default in ("true", "yes", "1")})
    if one.kind == "choice":
        return forms.ChoiceField(choices=[(name, name) for name in one.choices], **told)
    return forms.CharField(max_length=4096, **told)


def _answer(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(max_length=100, help_text="Who or what uses it.")
    scopes = forms.MultipleChoiceField(
        label="It may",
        choices=[
            (Scope.READ, "read: see builds, logs and artifacts"),
            (Scope.BUILD, "build: start, cancel, restart and approve"),
            (Scope.PUSH, "push: to hosted repositories"),
            (Scope.DEPLOY, "deploy: releases to environments, and back"),
            (Scope.ADMIN, "admin: all of this, projects, tokens and settings"),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    project = forms.CharField(
        required=False, max_length=100, help_text="Its name; every project if empty."
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        label="Expires after days",
        help_text="Never if empty.",
    )


class SignInForm(forms.Form):
    """Name and password."""

    username = forms.CharField(
        label="Name",
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "username", "autofocus": True, "autocapitalize": "none"}
        ),
    )
    password = forms.CharField(
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """A new password, twice."""

    _NEW: ClassVar = {"autocomplete": "new-password"}
    password = forms.CharField(
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs=_NEW),
        help_text="At least eight characters, and not one that many others use.",
    )
    again = forms.CharField(
        max_length=1000,
        strip=False,
        label="The same again",
        widget=forms.PasswordInput(attrs=_NEW),
    )

    def clean(self) -> dict[str, Any]:
        """Both must be the same."""
        told = super().clean() or {}
        if "again" in told and told["again"] != told.get("password"):
            self.add_error("again", "this is another one")
        return told
