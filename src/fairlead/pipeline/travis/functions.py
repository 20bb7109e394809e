"""The bash functions that a session's script stands on, and those Travis supplies to its users.

They must bear whatever a step sets: ``errexit``, ``nounset``, ``noclobber``, another ``IFS``. A
step is evaluated in a plain function call, never in a condition, so that its own ``set -e`` holds;
and in a function, as Travis does, so that ``local`` and ``return`` work in it.
"""

FUNCTIONS = r"""
__fairlead_step=-1
__fairlead_mark="${FAIRLEAD_MARK-}"
unset TRAVIS_TEST_RESULT TRAVIS_CMD FAIRLEAD_MARK
if [[ -n "${__fairlead_mark}" ]]; then exec {__fairlead_out}>&1; fi
ANSI_RED=$'\033[31;1m'
ANSI_GREEN=$'\033[32;1m'
ANSI_YELLOW=$'\033[33;1m'
ANSI_RESET=$'\033[0m'
ANSI_CLEAR=$'\033[0K'

__fairlead_event() {
  if [[ -n "${__fairlead_events}" ]]; then
    builtin printf '{"t":"step","op":"%s","index":%d%s}\n' "$1" "$2" "${3-}" \
      >>"${__fairlead_events}" || :
  fi
  if [[ -n "${__fairlead_mark}" ]]; then
    builtin printf '\034%s\035' "${__fairlead_mark}" >&"${__fairlead_out}" || :
  fi
}

__fairlead_end() {
  if [[ "${__fairlead_step}" != -1 ]]; then
    __fairlead_event end "${__fairlead_step}" ",\"code\":$1"
    __fairlead_step=-1
  fi
}

__fairlead_run() {
  __fairlead_step="$1"
  __fairlead_event start "$1"
  export TRAVIS_CMD="$2"
  set --
  eval "${TRAVIS_CMD}"
}

__fairlead_setup() {
  __fairlead_run "$1" "$3"
  local code="$?"
  __fairlead_end "${code}"
  if [[ "${code}" != 0 ]]; then
    builtin printf '%sThe command "%s" failed and exited with %s during %s.%s\n' \
      "${ANSI_RED-}" "$3" "${code}" "$2" "${ANSI_RESET-}" >&2
    exit 2
  fi
}

__fairlead_script() {
  __fairlead_run "$1" "$3"
  local code="$?"
  __fairlead_end "${code}"
  travis_result "${code}"
}

__fairlead_after() {
  __fairlead_run "$1" "$3"
  __fairlead_end "$?"
}

__fairlead_finish() {
  exit "${TRAVIS_TEST_RESULT:-0}"
}

travis_result() {
  export TRAVIS_TEST_RESULT="$((${TRAVIS_TEST_RESULT:-0} | ($1 != 0)))"
}

travis_terminate() {
  exit "$1"
}

travis_retry() {
  local __result=0 __count __errexit=""
  if [[ "$-" == *e* ]]; then __errexit=1; fi
  for __count in 1 2 3; do
    set +e
    "$@"
    __result="$?"
    if [[ -n "${__errexit}" ]]; then set -e; fi
    if [[ "${__result}" == 0 ]]; then return 0; fi
    if [[ "${__count}" != 3 ]]; then
      builtin printf '\n%sThe command "%s" failed. Retrying, %d of 3.%s\n\n' \
        "${ANSI_RED-}" "$*" "$((__count + 1))" "${ANSI_RESET-}" >&2
      sleep 1
    fi
  done
  builtin printf '\n%sThe command "%s" failed 3 times.%s\n\n' \
    "${ANSI_RED-}" "$*" "${ANSI_RESET-}" >&2
  return "${__result}"
}

__fairlead_watch() {
  # Time passes in reading what never comes: a program that sleeps would outlive us and hold our
  # output open, if we were ended just when it had begun.
  local minute never
  builtin exec {never}<> <(:)
  for ((minute = 2; minute <= $2 + 1; minute++)); do
    builtin read -r -t 60 -u "${never}" _ || :
    if ((minute <= $2)); then
      builtin printf 'Still running (%d of %d): %s\n' "${minute}" "$2" "$3"
    fi
  done
  builtin printf '\n%sTimeout (%d minutes) reached. Terminating "%s"%s\n\n' \
    "${ANSI_RED-}" "$2" "$3" "${ANSI_RESET-}"
  kill -9 "$1"
}

travis_wait() {
  local __minutes=20 __log __command __watch __result=0
  if [[ "${1-}" =~ ^[0-9]+$ ]]; then
    __minutes="$1"
    shift
  fi
  __log="$(mktemp)"
  builtin printf 'Still running (1 of %d): %s\n' "${__minutes}" "$*"
  "$@" >|"${__log}" 2>&1 &
  __command="$!"
  __fairlead_watch "${__command}" "${__minutes}" "$*" &
  __watch="$!"
  wait "${__command}" 2>/dev/null || __result="$?"
  kill -9 "${__watch}" 2>/dev/null || :
  wait "${__watch}" 2>/dev/null || :
  builtin printf '\nThe command %s exited with %d.\n\nLog:\n\n' "$*" "${__result}"
  cat "${__log}"
  rm -f "${__log}"
  return "${__result}"
}

travis_fold() {
  builtin printf 'travis_fold:%s:%s\r%s' "${1-}" "${2-}" "${ANSI_CLEAR-}"
}

travis_nanoseconds() {
  date -u +%s%N
}

travis_time_start() {
  TRAVIS_TIMER_ID="$(builtin printf '%08x' "$((RANDOM * RANDOM))")"
  TRAVIS_TIMER_START_TIME="$(travis_nanoseconds)"
  export TRAVIS_TIMER_ID TRAVIS_TIMER_START_TIME
  builtin printf 'travis_time:start:%s\r%s' "${TRAVIS_TIMER_ID}" "${ANSI_CLEAR-}"
}

travis_time_finish() {
  local __result="$?" __end __start="${TRAVIS_TIMER_START_TIME:-0}"
  __end="$(travis_nanoseconds)"
  builtin printf 'travis_time:end:%s:start=%s,finish=%s,duration=%s\r%s' \
    "${TRAVIS_TIMER_ID-}" "${__start}" "${__end}" "$((__end - __start))" "${ANSI_CLEAR-}"
  return "${__result}"
}

trap '__fairlead_end "$?"' EXIT
"""
