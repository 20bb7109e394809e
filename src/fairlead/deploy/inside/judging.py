# Judges a release by its answers in nginx's access log. Pure: all it knows is what it is told.
import collections
import math

# A collapse is told from a few errors by what fails in a short time, a slow rot by what fails in a
# longer one (seconds); SHARE is the least that counts as a collapse.
SHORT, LONG, SHARE = 0.5, 10.0, 0.5
# An old release may have been well on the whole and in trouble by the time it went.
LATELY = 60.0
# How many standard deviations are not chance any more; short times are looked at often.
SURE, SHORTLY = 3.5, 7.0


def read(line):
    """When an answer was begun, when it ended, and whether it was bad (see ACCESS_FORMAT).

    None for what is not a release's doing.
    """
    words = line.split()
    try:
        ended, status, took = float(words[0]), int(words[1]), float(words[2])
    except (ValueError, IndexError):
        return None
    # nginx's own 503: the site is closed, or somebody asks too often.
    if status == 503 and words[-1] == b"-":
        return None
    return ended - took, ended, status > 499


class Stretch:
    """The answers of the last seconds, and of as much longer as it takes for so many of them."""

    def __init__(self, seconds, least):
        self.seconds, self.least = seconds, least
        self.answers, self.total, self.bad = collections.deque(), 0, 0

    def add(self, when, bad):
        self.total += 1
        self.bad += bad
        if self.seconds == math.inf:
            return
        self.answers.append((when, bad))
        while self.total > self.least and self.answers[0][0] < when - self.seconds:
            self.total -= 1
            self.bad -= self.answers.popleft()[1]


class Judge:
    """Whether a release fails more than it may: `errors` of its answers, once it has `requests`.

    It may fail as often as the one before it did. `since` is when it became live.
    """

    def __init__(self, errors, requests):
        self.errors, self.requests, self.since = errors, max(requests, 1), math.inf
        self.before = [Stretch(seconds, requests) for seconds in (math.inf, LATELY)]
        self.all = Stretch(math.inf, requests)
        self.short, self.long = Stretch(SHORT, requests), Stretch(LONG, requests)

    def add(self, line):
        found = read(line)
        if found is None:
            return
        began, ended, bad = found
        # What the old release had begun is its own doing, however late it ends.
        for stretch in self.before if began < self.since else (self.all, self.short, self.long):
            stretch.add(ended, bad)

    def why(self):
        """The sentence on a stretch of time with too many errors, or nothing."""
        allowed = max([self.errors] + [self.borne(old) for old in self.before])
        looks = (self.short, SHARE, SHORTLY), (self.all, 0.0, SURE), (self.long, 0.0, SURE)
        for stretch, least, sure in looks:
            total, bad = stretch.total, stretch.bad
            if total >= self.requests and bad > max(most(total, allowed, sure), least * total):
                return "%d of %d answers were errors (%d %%, allowed are %g %%)" % (
                    bad, total, round(100.0 * bad / total), round(100.0 * allowed, 1),
                )
        return ""

    def borne(self, old):
        """The share of errors that was there before: as much as so few answers may stand for."""
        if old.total < self.requests:
            return 0.0
        return most(old.total, float(old.bad) / old.total, SURE) / old.total


def most(total, share, sure):
    """How many of so many answers are errors at most where so large a share of them is allowed."""
    share = min(share, 1.0)
    return share * total + sure * math.sqrt(share * (1.0 - share) * total)
