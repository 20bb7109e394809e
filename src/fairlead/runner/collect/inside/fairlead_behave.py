"""behave, 1.2.6 to 1.3: one line for each scenario, named as in behave's own JUnit files."""

import functools
import os
import traceback

import fairlead_collect as collect
from fairlead_hook import load

OUTCOMES = {
    "passed": "passed", "skipped": "skipped", "failed": "failed", "xfailed": "xfailed",
    "xpassed": "xpassed", "error": "errored", "hook_error": "errored", "undefined": "errored",
    "cleanup_error": "errored", "pending": "errored",
}

_config = [None]


def on_runner(module):
    """Watch runs; ``module`` is ``behave.runner``."""
    run = module.Runner.run
    run_model = module.ModelRunner.run_model

    @functools.wraps(run)
    def watched(self, *args, **kwargs):
        ours = begin(self)
        try:
            return run(self, *args, **kwargs)
        finally:
            if ours:
                _config[0] = None
                collect.leave()

    @functools.wraps(run_model)
    def counted(self, features=None, *args, **kwargs):
        try:
            if _config[0] is self.config:
                found = self.features if features is None else features
                collect.collected(sum(len(list(f.walk_scenarios())) for f in found))
        except Exception:
            pass
        return run_model(self, features, *args, **kwargs)

    module.Runner.run = watched
    module.ModelRunner.run_model = counted


def begin(runner):
    try:
        if runner.config.dry_run or not collect.enter("behave"):
            return False
        _config[0] = runner.config
        if collect.folder:
            load("fairlead_coverage").start()
        return True
    except Exception:
        return False


def on_model(module):
    """Watch scenarios, and the hooks around features; ``module`` is ``behave.model``."""
    module.Scenario.run = around(module.Scenario.run, start, scenario_line)
    module.Feature.run = around(module.Feature.run, None, feature_line)


def around(run, first, then):
    @functools.wraps(run)
    def watched(self, runner, *args, **kwargs):
        ours = runner.config is _config[0]
        if ours and first:
            quietly(first, self)
        result = run(self, runner, *args, **kwargs)
        if ours:
            quietly(then, self)
        return result

    return watched


def quietly(function, *args):
    try:
        function(*args)
    except Exception:
        pass


def start(scenario):
    collect.started(case(scenario, scenario.feature))


def scenario_line(scenario):
    outcome = OUTCOMES.get(scenario.status.name)
    if outcome is None:
        return
    step = culprit(scenario)
    message, details, output = told(scenario, step)
    if outcome == "failed" and not expected(step):
        outcome = "errored"
    fields = {"outcome": outcome, "seconds": round(scenario.duration or 0.0, 6)}
    if outcome in ("failed", "errored"):
        fields.update(message=message, details=details, output=output)
    collect.finished(case(scenario, scenario.feature), **fields)


def feature_line(feature):
    """A line for the feature itself where a hook around it failed."""
    if getattr(feature, "hook_failed", False):
        error = collect.text(getattr(feature, "error_message", None) or "a hook failed")
        message = error.strip().splitlines()[0]
        collect.finished(case(feature, feature), outcome="errored", message=message, details=error)


def case(element, feature):
    place = "%s:%d" % (collect.text(element.filename), element.line)
    return collect.case(
        suite="%s.%s" % (dotted(feature), collect.text(feature.name)),
        name=collect.text(element.name) or place,
        id=place,
        file=collect.relative(os.path.abspath(element.filename)),
        line=element.line,
    )


def dotted(feature):
    """The feature's file as behave's JUnit reporter writes it: below its path, with dots."""
    config, filename = _config[0], collect.text(feature.filename)
    for path in config.paths:
        if filename.startswith(path):
            filename = filename[len(path) + 1 :]
            break
    else:
        filename = os.path.relpath(filename, config.base_dir)
    return filename.rsplit(".", 1)[0].replace("/", ".")


def culprit(scenario):
    """The step that ended the scenario, or nothing where a hook did."""
    for step in scenario.all_steps:
        if step.status.name in ("failed", "error", "undefined", "pending", "hook_error"):
            return step
    return None


def expected(step):
    """Whether a check failed, rather than something unforeseen (behave's own distinction)."""
    if step is None or step.status.name == "undefined":
        return False
    return isinstance(step.exception, (AssertionError, type(None)))


def told(scenario, step):
    """(message, details, output): the step in words, its traceback, what was captured."""
    if step is None:
        error = collect.text(getattr(scenario, "error_message", None) or "a hook failed")
        return error.strip().splitlines()[0], error, captured(scenario)
    words = "%s %s" % (collect.text(step.keyword), collect.text(step.name))
    if step.status.name == "undefined":
        return "undefined step: " + words, "", ""
    error = step.exception
    problem = "".join(traceback.format_exception_only(type(error), error)) if error else ""
    trace = collect.text(step.error_message or "")
    if getattr(step, "exc_traceback", None) and "Traceback" not in trace:
        trace += "\n" + collect.text("".join(traceback.format_tb(step.exc_traceback)))
    place = "%s:%s" % (collect.text(step.filename), step.line)
    details = "%s  # %s\n%s" % (words, place, trace)
    return "%s: %s" % (words, collect.text(problem).strip()), details, captured(step)


def captured(element):
    report = getattr(element, "captured", None)
    return collect.text(report.make_report()) if report else ""
