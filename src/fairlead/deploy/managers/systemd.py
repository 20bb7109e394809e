"""systemd: one template unit a process, whose instances are the slots.

The application's user may do four things with exactly its units, each by a command of its own, so
that what sudo allows is a list of whole commands: start, stop, reset-failed and show (a host
without D-Bus answers root alone).
"""

_FUNCTIONS = r"""
unit() { printf '%s-%s@%s.service' __APP__ "$2" "$1"; }
begin() {
  slot=$1; shift
  for process; do
    sudo -n systemctl start "$(unit "$slot" "$process")" || {
      # Started too often of late: that was another release.
      sudo -n systemctl reset-failed "$(unit "$slot" "$process")"
      sudo -n systemctl start "$(unit "$slot" "$process")"
    }
  done
}
finish() {
  slot=$1; shift
  for process; do sudo -n systemctl stop "$(unit "$slot" "$process")" & done
  wait
  for process; do sudo -n systemctl reset-failed "$(unit "$slot" "$process")" 2>/dev/null || :; done
}
state() {
  slots=$1; shift
  for slot in $(printf %s "$slots" | tr , ' '); do for process; do
    sudo -n systemctl show "$(unit "$slot" "$process")" | awk -F= -v at="$slot $process" '
      $1 == "ActiveState" { active = $2 }
      $1 == "NRestarts" { again = $2 }
      END {
        good = active == "active" || active == "reloading" || active == "deactivating"
        word = "stopped"
        if (good && again == 0) word = "running"
        else if (active != "inactive") word = "failed"
        print "process", at, word
      }' &
  done; done
  wait
}
"""


class Systemd:
    """Units ``<app>-<process>@<slot>.service``."""

    kind = "systemd"

    def functions(self, app: str, root: str) -> str:
        """See ``managers.base``."""
        del root
        return _FUNCTIONS.replace("__APP__", app)

    def name(self, app: str, process: str, slot: str) -> str:
        """``bank-web@blue.service``."""
        return f"{app}-{process}@{slot}.service"
