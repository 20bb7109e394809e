"""The variables a step sees: few, known, and none of the person's own."""

from collections.abc import Iterable, Mapping

from fairlead.model import Job, Trigger

# What leads to package indexes, certificates and proxies: without it nothing installs.
PASSED_ON = (
    "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_FIND_LINKS", "PIP_TRUSTED_HOST",
    "PIP_DEFAULT_TIMEOUT", "PIP_DISABLE_PIP_VERSION_CHECK", "UV_DEFAULT_INDEX", "UV_INDEX",
    "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_NATIVE_TLS", "SSL_CERT_FILE", "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE", "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY",
    "NO_PROXY", "TZ",
)  # fmt: skip

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def step_variables(
    job: Job,
    trigger: Trigger,
    *,
    host: Mapping[str, str],
    layer: Mapping[str, str],
    run: int = 1,
    attempt: int = 1,
    extra: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """All variables of a job's steps.

    ``host`` is the person's environment, of which only ``PASSED_ON`` gets through; ``layer``
    comes from the Python environment (its PATH is put in front), ``extra`` from services and
    secrets. A session job's own ``env`` is left out: its script evaluates it in bash.
    """
    variables = {name: host[name] for name in PASSED_ON if name in host}
    variables |= {"LANG": "C.UTF-8", "CI": "true", "FAIRLEAD": "true", "TERM": "dumb"}
    variables |= {"FAIRLEAD_JOB": job.id, "FAIRLEAD_STAGE": job.stage}
    variables |= {
        "FAIRLEAD_RUN": str(run),
        "FAIRLEAD_ATTEMPT": str(attempt),
        "FAIRLEAD_EVENT": trigger.event,
        "FAIRLEAD_COMMIT": trigger.commit or "",
    }
    variables |= {"FAIRLEAD_BRANCH": trigger.branch or "", "FAIRLEAD_TAG": trigger.tag or ""}
    variables |= layer
    front = layer.get("PATH", "")
    variables["PATH"] = f"{front}:{SYSTEM_PATH}" if front else SYSTEM_PATH
    variables |= dict(extra)
    if not job.session:
        variables |= dict(job.env)
    return variables
