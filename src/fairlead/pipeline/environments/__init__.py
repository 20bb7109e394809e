"""``environments``, ``app`` and ``release`` of a pipeline file: where a project is deployed to.

``fairlead run`` does not read them and loads nothing of this.
"""

from .reading import Deployments, find_environments, read_environments

__all__ = ["Deployments", "find_environments", "read_environments"]
