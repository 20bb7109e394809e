"""Plans from ``.travis.yml``, with the semantics of Travis CI."""

from fairlead.pipeline.travis.planner import plan

__all__ = ["plan"]
