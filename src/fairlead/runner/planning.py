"""The one place that decides whose pipeline file counts."""

from collections.abc import Mapping
from typing import cast

from fairlead.model import Plan, Trigger
from fairlead.runner.checkout import Source
from fairlead.runner.checkout.repository import PIPELINE_FILES
from fairlead.runner.remembered import Facts, remembering
from fairlead.settings import Settings

_CIPHERS = "ciphers"
_PYTHONS = "pythons"


def plan_source(
    source: Source, trigger: Trigger, settings: Settings, environ: Mapping[str, str]
) -> Plan:
    """Plan a project: ``fairlead.yml``, else ``.travis.yml``, else what its files tell.

    Raises ``PipelineError`` with every problem of the file, or when there is nothing to go by.
    """

    def ciphers() -> dict[str, str]:
        from fairlead.runner.secrets import load

        return load(settings.config, source.root).ciphers

    facts = Facts(
        source.tree,
        {_CIPHERS: ciphers, _PYTHONS: lambda: present_versions(settings, environ)},
    )
    return remembering(source.store / "plan", trigger, facts, lambda: _plan(facts, trigger))


def _plan(facts: Facts, trigger: Trigger) -> Plan:
    for name in PIPELINE_FILES:
        if (data := facts.read(name)) is not None:
            from fairlead.pipeline.native import plan as native

            return native.plan(data, name, facts, trigger)
    if (data := facts.read(".travis.yml")) is not None:
        from fairlead.pipeline import travis

        ciphers = cast("dict[str, str]", facts.ask(_CIPHERS))
        return travis.plan(data, ".travis.yml", facts, trigger, secrets=ciphers)
    from fairlead.pipeline import detect

    return detect.plan(facts, trigger, cast("tuple[str, ...]", facts.ask(_PYTHONS)))


def present_versions(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Full versions of the CPython interpreters on this machine."""
    from fairlead.runner.pythons import find

    found = find(settings.home, environ)
    return tuple(sorted({i.version for i in found if i.implementation == "cpython"}))
