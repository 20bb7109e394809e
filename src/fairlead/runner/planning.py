"""The one place that decides whose pipeline file counts."""

from collections.abc import Mapping

from fairlead.model import Plan, Trigger
from fairlead.runner.checkout import Source
from fairlead.runner.checkout.repository import PIPELINE_FILES
from fairlead.settings import Settings


def plan_source(
    source: Source, trigger: Trigger, settings: Settings, environ: Mapping[str, str]
) -> Plan:
    """Plan a project: ``fairlead.yml``, else ``.travis.yml``, else what its files tell.

    Raises ``PipelineError`` with every problem of the file, or when there is nothing to go by.
    """
    tree = source.tree
    for name in PIPELINE_FILES:
        if (data := tree.read(name)) is not None:
            from fairlead.pipeline.native import plan as native
            from fairlead.runner.remembered import remembering

            reading = remembering(source.store / "pipeline")
            return native.plan(data, name, tree, trigger, load=reading)
    if (data := tree.read(".travis.yml")) is not None:
        from fairlead.pipeline import travis
        from fairlead.runner.secrets import load

        secrets = load(settings.config, source.root)
        return travis.plan(data, ".travis.yml", tree, trigger, secrets=secrets.ciphers)
    from fairlead.pipeline import detect

    return detect.plan(tree, trigger, present_versions(settings, environ))


def present_versions(settings: Settings, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Full versions of the CPython interpreters on this machine."""
    from fairlead.runner.pythons import find

    found = find(settings.home, environ)
    return tuple(sorted({i.version for i in found if i.implementation == "cpython"}))
