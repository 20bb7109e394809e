# Looks at a release from the moment it becomes live: its answers in nginx's access log (judging),
# its health, its processes. Its one argument is JSON (see deploy.watch.question); ALIVE as for
# probe. It is there before the switch and stays until descriptor 3 gives it a byte: `e` when the
# time is over, `b` to make the old release live again, which takes it one rename.
# Lines: `bad WHY` as soon as it is, `good ANSWERS ERRORS` at the end, `back` or `stays` after `b`.
import json
import os
import select
import sys
import threading
import time

ASKED = json.loads(sys.argv[1])
TURN = 0.03
ASK = 0.5
AGAIN = 0.1
LOOK = 2.0
STRIKES = 3
TAIL = 4 << 20
# Seconds in which a switch that was under way may still come through after `b`.
STAY = 10.0
LIVE, BACK = ASKED["slots"] + "/live", ASKED["slots"] + "/.back"


class Log:
    """The lines of nginx's log, also where it is rotated meanwhile."""

    def __init__(self, path):
        self.path, self.file, self.rest = path, None, b""
        self.open(first=True)

    def open(self, first=False):
        try:
            self.file = open(self.path, "rb")
        except OSError as error:
            self.file = None
            if first:
                print("note the access log cannot be read: %s" % error.strerror, flush=True)
            return
        if first:
            size = os.fstat(self.file.fileno()).st_size
            self.file.seek(max(size - TAIL, 0))

    def lines(self):
        if self.file is None:
            self.open()
        if self.file is None:
            return []
        data = self.file.read()
        if not data and self.moved():
            self.file.close()
            self.open()
            data = self.file.read() if self.file else b""
        parts = (self.rest + data).split(b"\n")
        self.rest = parts.pop()
        return parts

    def moved(self):
        try:
            now, ours = os.stat(self.path), os.fstat(self.file.fileno())
        except OSError:
            return False
        return now.st_ino != ours.st_ino or now.st_size < self.file.tell()


class Health(threading.Thread):
    """Asks the live release again and again; `why` says that it is not well any more."""

    def __init__(self):
        threading.Thread.__init__(self, daemon=True)
        self.why, self.settled = "", not ASKED["socket"]

    def run(self):
        strikes = 0
        while not self.why and ASKED["socket"]:
            wrong = self.ask()
            strikes = strikes + 1 if wrong else 0
            if strikes >= STRIKES:
                self.why = wrong
            self.settled = not wrong
            time.sleep(AGAIN if wrong else ASK)

    def ask(self):
        path = ASKED["path"]
        try:
            status = request(ASKED["socket"], ASKED["host"], path, ASKED["timeout"], ASKED["tls"])[0]
        except Wrong as wrong:
            return str(wrong)
        return "" if status == ASKED["status"] else "%s answers %d" % (path, status)


class Processes(threading.Thread):
    """Looks whether everything of the slot still runs; `why` says what does not."""

    def __init__(self):
        threading.Thread.__init__(self, daemon=True)
        self.why, self.seen, self.settled = "", {}, False

    def run(self):
        while not self.why:
            name = ended(os.environ["ALIVE"], self.seen)
            self.why = "%s does not run any more" % name if name else ""
            self.settled = True
            time.sleep(LOOK)


def switched():
    """When the slot became the live one, by this host's clock; None before that."""
    try:
        if os.readlink(LIVE) == ASKED["slot"]:
            return os.lstat(LIVE).st_ctime
    except OSError:
        pass
    return None


def turn_back():
    """Make the old slot live; whether it is. The link for it lies ready (see commands.switching)."""
    try:
        if switched() is None:
            return False
        if not ASKED["old"]:
            os.unlink(LIVE)
        elif os.readlink(BACK) == ASKED["old"]:
            os.rename(BACK, LIVE)
        else:
            return False
    except OSError:
        return False
    return True


def told():
    """The byte on descriptor 3 if it comes soon."""
    if not select.select([3], [], [], TURN)[0]:
        return b""
    byte = os.read(3, 1)
    if not byte:
        # Whoever deploys is gone.
        os._exit(0)
    return byte


def say(line):
    print(line, flush=True)


def go_back():
    """Turn back, also where the switch is only coming."""
    back = turn_back()
    say("back" if back else "stays")
    until = time.time() + STAY
    while not back and time.time() < until:
        time.sleep(TURN)
        back = turn_back()


def main():
    log = Log(ASKED["log"]) if ASKED["log"] else None
    judge = Judge(ASKED["errors"], ASKED["requests"])
    looking, bad, word = [], "", b""
    while True:
        # In this order: what was answered before the look at the link is not of the new release.
        lines = log.lines() if log else ()
        since = None if looking else switched()
        if since is not None:
            judge.since = since
            looking = [Health(), Processes()]
            for thread in looking:
                thread.start()
        for line in lines:
            judge.add(line)
        if looking and not bad:
            bad = judge.why() or next((thread.why for thread in looking if thread.why), "")
            if bad:
                say("bad %s" % bad)
        if word == b"b":
            return go_back()
        if word and (bad or all(thread.settled for thread in looking)):
            return bad or say("good %d %d" % (judge.all.total, judge.all.bad))
        if word:
            time.sleep(TURN)
        else:
            word = told()


main()
sys.stdout.flush()
os._exit(0)
