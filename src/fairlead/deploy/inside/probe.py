# Asks a release whether it is well until it says so often enough, or time is up.
# Its one argument is JSON (see deploy.probe.question); ALIVE is shell text that tells whether what
# should answer still runs, one line of `process SLOT PROCESS STATE` each.
import json
import os
import sys
import time

ASKED = json.loads(sys.argv[1])
PAUSE, LOOK = 0.05, 0.25
SEEN = {}


def dig(text, keys):
    try:
        value = json.loads(text)
        for key in keys.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return str(value)
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def told(where, headers, text):
    kind, _, name = where.partition(":")
    if kind == "header":
        return headers.get(name.lower(), "")
    if kind == "json":
        return dig(text, name)
    return ASKED["version"] if ASKED["version"] in text else ""


def once():
    """Whether there was an answer, and what is wrong with it; empty for a good one."""
    path = ASKED["path"]
    door = ASKED["socket"] or ASKED["port"]
    try:
        status, headers, text = request(door, ASKED["host"], path, ASKED["timeout"], ASKED["tls"])
    except Wrong as wrong:
        return False, str(wrong)
    if status != ASKED["status"]:
        return True, "%s answered %d instead of %d" % (path, status, ASKED["status"])
    if ASKED["body"] not in text:
        return True, "%s answered without %r" % (path, ASKED["body"])
    for where in ASKED["versions"]:
        found = told(where, headers, text)
        if found != ASKED["version"]:
            words = (path, where, found or "nothing", ASKED["version"])
            return True, "%s says in %s that it is %s instead of %s" % words
    return True, ""


def dead():
    """Why nothing will ever answer; empty where it still may."""
    alive = os.environ.get("ALIVE")
    name = ended(alive, SEEN) if alive else ""
    return "%s ended as soon as it was started" % name if name else ""


def main():
    began, looked, good, tries, why = time.time(), time.time(), 0, 0, "never asked"
    while True:
        tries += 1
        answered, wrong = once()
        good = 0 if wrong else good + 1
        if good >= ASKED["successes"]:
            print("well after %.2f s" % (time.time() - began))
            return 0
        why = wrong or why
        # The longer it takes the less often: what is live needs the processor. Whatever answers runs.
        waited = time.time() - began
        if not answered and time.time() - looked > max(LOOK, waited / 2):
            looked = time.time()
            ended = dead()
            if ended:
                why = ended
                break
        if waited > ASKED["patience"]:
            why = dead() or why
            break
        if wrong:
            time.sleep(max(PAUSE, waited / 20))
    sys.stderr.write("%s\n" % why)
    return 1


sys.exit(main())
