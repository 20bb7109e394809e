# Looks at a release that has just become live: the answers in nginx's access log, its health, its
# processes. Its one argument is JSON (see deploy.watch.question); ALIVE as for probe.
# Ends with 0 when the time is over, with 3 as soon as the release is bad: the last line says why.
import collections
import json
import os
import sys
import threading
import time

ASKED = json.loads(sys.argv[1])
TURN = 0.1
ASK = 1.0
LOOK = 2.0
STRIKES = 3
TAIL = 4 << 20
# A collapse is told from a few errors in a row by what fails in a short time, a slow rot by what
# fails in a longer one; SHARE is the least that counts as a collapse.
SHORT, LONG, SHARE = 1.0, 10.0, 0.5


class Log:
    """The lines of nginx's log since the switch, also where it is rotated meanwhile."""

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


def read(line):
    """When something was answered and whether badly; None for what is not the release's doing."""
    words = line.split()
    try:
        when, status = float(words[0]), int(words[1])
    except (ValueError, IndexError):
        return None
    # nginx's own 503: the site is closed, or somebody asks too often.
    if status == 503 and words[-1] == b"-":
        return None
    return when, status > 499


class Counted:
    """Answers in a stretch of time up to now, or in all time."""

    def __init__(self, seconds=None):
        self.seconds, self.answers, self.total, self.bad = seconds, collections.deque(), 0, 0

    def add(self, answer):
        self.total += 1
        self.bad += answer[1]
        if self.seconds:
            self.answers.append(answer)

    def share(self, now):
        while self.answers and self.answers[0][0] < now - self.seconds:
            self.total -= 1
            self.bad -= self.answers.popleft()[1]
        return self.total, self.bad


def too_much(counted, now, most):
    """The sentence on a stretch of time with too many errors, or nothing."""
    total, bad = counted.share(now)
    if total < ASKED["requests"] or bad <= most * total:
        return ""
    return "%d of %d answers were errors (%d %%, allowed are %g %%)" % (
        bad, total, round(100.0 * bad / total), 100.0 * most,
    )


class Health(threading.Thread):
    """Asks the live release again and again; `why` says that it is not well any more."""

    def __init__(self):
        threading.Thread.__init__(self, daemon=True)
        self.why = ""

    def run(self):
        strikes = 0
        while not self.why:
            wrong = self.ask() if ASKED["socket"] else ""
            strikes = strikes + 1 if wrong else 0
            if strikes >= STRIKES:
                self.why = wrong
            time.sleep(TURN if wrong else ASK)

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
        self.why, self.seen = "", {}

    def run(self):
        while not self.why:
            name = ended(os.environ["ALIVE"], self.seen)
            self.why = "%s does not run any more" % name if name else ""
            time.sleep(LOOK)


def main():
    log = Log(ASKED["log"]) if ASKED["log"] else None
    since = ASKED["since"]
    before, after = Counted(), Counted()
    short, long = Counted(SHORT), Counted(LONG)
    looking = [Health(), Processes()]
    for thread in looking:
        thread.start()
    until = time.time() + ASKED["seconds"]
    while True:
        now = time.time()
        for answer in filter(None, map(read, log.lines() if log else ())):
            if answer[0] < since:
                before.add(answer)
                continue
            for counted in (after, short, long):
                counted.add(answer)
        # A release is not blamed for what failed before it came.
        total, bad = before.share(now)
        most = max(ASKED["errors"], bad / total if total >= ASKED["requests"] else 0.0)
        why = (
            too_much(short, now, max(most, SHARE))
            or too_much(long, now, most)
            or too_much(after, now, most)
            or next((thread.why for thread in looking if thread.why), "")
        )
        total, bad = after.share(now)
        if why:
            print("bad %s" % why, flush=True)
            return 3
        if now >= until:
            print("good %d %d" % (total, bad), flush=True)
            return 0
        time.sleep(TURN)


code = main()
sys.stdout.flush()
os._exit(code)
