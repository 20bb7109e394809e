"""Plans for projects that have no pipeline file, told from what is in them."""

from fairlead.pipeline.detect.planner import Detection, detect, explain, plan

__all__ = ["Detection", "detect", "explain", "plan"]
