# Asks a release whether it is well until it says so often enough, or time is up.
# Its one argument is JSON (see deploy.probe.question); ALIVE is shell text that tells whether what
# should answer still runs, one line of `process SLOT PROCESS STATE` each.
import http.client
import json
import os
import socket
import subprocess
import sys
import time

ASKED = json.loads(sys.argv[1])
LARGEST = 1 << 20
PAUSE = 0.05


class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(ASKED["socket"])


def connection():
    if ASKED["socket"]:
        return Unix("localhost", timeout=ASKED["timeout"])
    if not ASKED["tls"]:
        return http.client.HTTPConnection("127.0.0.1", ASKED["port"], timeout=ASKED["timeout"])
    import ssl

    # Whether the certificate is good is not the release's business, and the name is not ours.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    class Tls(http.client.HTTPConnection):
        def connect(self):
            http.client.HTTPConnection.connect(self)
            self.sock = context.wrap_socket(self.sock, server_hostname=ASKED["host"])

    return Tls("127.0.0.1", ASKED["port"], timeout=ASKED["timeout"])


def dig(text, keys):
    try:
        value = json.loads(text)
        for key in keys.split("."):
            value = value[int(key)] if isinstance(value, list) else value[key]
        return str(value)
    except (ValueError, KeyError, IndexError, TypeError):
        return ""


def told(where, answer, text):
    kind, _, name = where.partition(":")
    if kind == "header":
        return answer.getheader(name) or ""
    if kind == "json":
        return dig(text, name)
    return ASKED["version"] if ASKED["version"] in text else ""


def once():
    """What is wrong with one answer; empty for a good one."""
    asking = connection()
    began = time.time()
    headers = {"Host": ASKED["host"], "User-Agent": "fairlead", "Connection": "close"}
    if ASKED["tls"] and ASKED["socket"]:
        headers["X-Forwarded-Proto"] = "https"
    try:
        asking.request("GET", ASKED["path"], headers=headers)
        answer = asking.getresponse()
        text = answer.read(LARGEST).decode("utf-8", "replace")
    except (socket.timeout, TimeoutError):
        return "%s did not answer in %g s" % (ASKED["path"], ASKED["timeout"])
    except (FileNotFoundError, ConnectionRefusedError):
        return "nothing listens yet where %s is asked" % ASKED["path"]
    except (OSError, http.client.HTTPException) as error:
        return "%s: %s" % (ASKED["path"], error)
    finally:
        asking.close()
    if time.time() - began > ASKED["timeout"]:
        return "%s took longer than %g s" % (ASKED["path"], ASKED["timeout"])
    if answer.status != ASKED["status"]:
        return "%s answered %d instead of %d" % (ASKED["path"], answer.status, ASKED["status"])
    if ASKED["body"] not in text:
        return "%s answered without %r" % (ASKED["path"], ASKED["body"])
    for where in ASKED["versions"]:
        found = told(where, answer, text)
        if found != ASKED["version"]:
            words = (ASKED["path"], where, found or "nothing", ASKED["version"])
            return "%s says in %s that it is %s instead of %s" % words
    return ""


def dead():
    """Why nothing will ever answer; empty where it still may."""
    if not os.environ.get("ALIVE"):
        return ""
    # The shell is given a copy of what it needs on its input, so that no argument grows large.
    asked = subprocess.run(
        ["sh"], input=os.environ["ALIVE"].encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    words = [line.split() for line in asked.stdout.decode("utf-8", "replace").splitlines()]
    bad = [line for line in words if len(line) == 4 and line[0] == "process" and line[3] != "running"]
    return "%s of %s ended as soon as it was started" % (bad[0][2], bad[0][1]) if bad else ""


def main():
    began, looked, good, tries, why = time.time(), time.time(), 0, 0, "never asked"
    while True:
        tries += 1
        wrong = once()
        good = 0 if wrong else good + 1
        if good >= ASKED["successes"]:
            print("well after %.2f s" % (time.time() - began))
            return 0
        why = wrong or why
        if wrong and time.time() - looked > 0.25:
            looked = time.time()
            ended = dead()
            if ended:
                why = ended
                break
        if time.time() - began > ASKED["patience"]:
            why = dead() or why
            break
        if wrong:
            time.sleep(PAUSE)
    sys.stderr.write("%s\n" % why)
    return 1


sys.exit(main())
