"""The form that deploys something."""

from collections.abc import Sequence
from typing import Any

from django import forms

from fairlead.server.services.choosing import Wanted
from fairlead.server.store.models import Environment, Release
from fairlead.server.web.words import one_line

_NUMBER = ("release", "build")


class DeployForm(forms.Form):
    """What goes to an environment: a release, or what a branch, tag, commit or build stands for."""

    what = forms.ChoiceField(
        choices=[
            ("release", "a release"),
            ("branch", "the tip of a branch"),
            ("tag", "a tag"),
            ("commit", "a commit"),
            ("build", "what a build tested"),
        ],
        help_text="What is not built or packaged yet is, and is waited for.",
    )
    release = forms.ChoiceField(required=False)
    ref = forms.CharField(
        required=False,
        max_length=255,
        label="Branch, tag, commit or build",
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
        help_text="Its name or number, where it is not a release.",
    )
    hosts = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Only on",
        help_text="Every host if none is chosen.",
    )
    force = forms.BooleanField(
        required=False,
        label="Over the rules",
        help_text="Whatever its branch, and though its build did not pass. This is recorded.",
    )
    name = forms.CharField(
        required=False, max_length=100, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(
        self,
        *args: Any,
        environment: Environment,
        releases: Sequence[Release],
        force: bool,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        specification = environment.read()
        self._confirm = environment.name if specification.confirm else ""
        choices = [(str(one.number), _words(one)) for one in releases]
        _offer(self.fields["release"], choices or [("", "there is none yet")])
        hosts = [host.address for host in specification.hosts]
        _offer(self.fields["hosts"], [(host, host) for host in hosts])
        if len(hosts) < 2:  # noqa: PLR2004 — one is no choice
            del self.fields["hosts"]
        if not force:
            del self.fields["force"]
        if self._confirm:
            self.fields["name"].label = f"Write {environment.name} to confirm"
        else:
            del self.fields["name"]

    def clean(self) -> dict[str, Any]:
        """What was chosen must be named, and the environment where that is asked for."""
        told: dict[str, Any] = {"hosts": [], "force": False, **(super().clean() or {})}
        what = told.get("what")
        if what == "release" and not told.get("release"):
            self.add_error("release", "choose one")
        elif what and what != "release" and not told.get("ref"):
            self.add_error("ref", "this is needed")
        elif what == "build" and not _is_number(told["ref"]):
            self.add_error("ref", "a build is named by its number")
        if self._confirm and told.get("name") != self._confirm:
            self.add_error("name", f"write {self._confirm}")
        return told

    def wanted(self) -> Wanted:
        """What was chosen."""
        told = self.cleaned_data
        what = told["what"]
        text = told["release"] if what == "release" else told["ref"]
        values: dict[str, Any] = {what: int(text) if what in _NUMBER else text}
        return Wanted(**values)


def _offer(field: forms.Field, choices: list[tuple[str, str]]) -> None:
    if isinstance(field, forms.ChoiceField):
        field.choices = choices


def _words(release: Release) -> str:
    where = release.tag or release.branch
    subject = one_line(release.message, 60)
    words = f"{release.number} · {release.version}" + (f" · {one_line(where, 40)}" if where else "")
    return f"{words} · {subject}" if subject else words


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10  # noqa: PLR2004
