# Asks supervisor for things: begin|finish|state APP ROOT SLOT[,SLOT] PROCESS...
# supervisorctl would do, but it starts slowly and waits `startsecs` seconds for each start. The
# calls are those of http://supervisord.org/api.html, by XML-RPC, which is written by hand here:
# xmlrpc.client takes longer to load than supervisor takes to answer.
import os
import re
import socket
import sys
import time

DO, APP, ROOT, SLOTS = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4].split(",")
PROCESSES = sys.argv[5:]
NAMES = ["%s-%s-%s" % (APP, process, slot) for slot in SLOTS for process in PROCESSES]
SOCKETS = (ROOT + "/run/supervisor.sock", "/run/supervisor.sock", "/var/run/supervisor.sock")
BAD_NAME, ALREADY_STARTED, NOT_RUNNING = 10, 60, 70
FINE = (ALREADY_STARTED, NOT_RUNNING)
LONGEST = 300.0
RUNNING = ("RUNNING", "STARTING", "STOPPING")
MEMBER = r"<name>%s</name>\s*<value>(?:<string>|<int>)?([^<]*)<"
LEAF = r"<array><data>\s*((?:<value><string>[^<]*</string></value>\s*)*)</data></array>"


class Fault(Exception):
    def __init__(self, code, text):
        Exception.__init__(self, text)
        self.code = code


def call(method, *arguments):
    """The answer as text; a Fault where supervisor does not want to."""
    values = "".join(
        "<param><value><boolean>%d</boolean></value></param>" % argument
        if isinstance(argument, bool)
        else "<param><value><string>%s</string></value></param>" % argument
        for argument in arguments
    )
    body = (
        "<?xml version='1.0'?><methodCall><methodName>supervisor.%s</methodName>"
        "<params>%s</params></methodCall>" % (method, values)
    ).encode()
    asking = socket.socket(socket.AF_UNIX)
    try:
        asking.settimeout(LONGEST)
        asking.connect(next((path for path in SOCKETS if os.path.exists(path)), SOCKETS[1]))
        head = "POST /RPC2 HTTP/1.0\r\nContent-Type: text/xml\r\nContent-Length: %d\r\n\r\n" % len(body)
        asking.sendall(head.encode() + body)
        data = b""
        while True:
            piece = asking.recv(1 << 16)
            if not piece:
                break
            data += piece
    except OSError as error:
        sys.exit("supervisor does not answer: %s" % error)
    finally:
        asking.close()
    first, _, text = data.decode("utf-8", "replace").partition("\r\n\r\n")
    if " 200 " not in first.split("\r\n")[0] + " ":
        sys.exit("supervisor does not answer: %s" % first.split("\r\n")[0])
    if "<fault>" in text:
        code = re.search(MEMBER % "faultCode", text)
        why = re.search(MEMBER % "faultString", text)
        raise Fault(int(code.group(1)) if code else 0, why.group(1) if why else text)
    return text


def order(method, name):
    try:
        call(method, name, False)
    except Fault as fault:
        if fault.code == BAD_NAME:
            unknown(name)
        if fault.code not in FINE:
            sys.exit("supervisor: %s" % fault)


def unknown(name):
    sys.exit("supervisor knows no program %s: fairlead provision writes it" % name)


def states():
    """What supervisor calls the state of each of our programs, and when it was started last."""
    found = {}
    for struct in call("getAllProcessInfo").split("<struct>")[1:]:
        told = [re.search(MEMBER % member, struct) for member in ("name", "statename", "start")]
        if all(told):
            name, state, start = (one.group(1) for one in told)
            found[name] = state, start
    for name in NAMES:
        if name not in found:
            unknown(name)
    return found


def refresh():
    """Have supervisor take over what changed in its files, for what is about to be started."""
    try:
        lists = re.findall(LEAF, call("reloadConfig"))
    except Fault:
        return  # with a broken file it goes on with what it knows
    added, changed = [re.findall("<string>([^<]*)<", one) for one in lists[:2]] or ([], [])
    for name in NAMES:
        try:
            if name in changed:
                call("removeProcessGroup", name)
            if name in changed or name in added:
                call("addProcessGroup", name)
        except Fault:
            pass  # it runs, and is left as it is


def wait_while(wanted):
    """Wait until none of our programs is in one of these states."""
    until = time.time() + LONGEST
    while time.time() < until:
        now = states()
        if not any(now[name][0] in wanted for name in NAMES):
            return
        time.sleep(0.02)


if DO == "begin":
    refresh()
    wait_while(("STOPPING",))  # supervisor forgets to start what still ends
    for name in NAMES:
        order("startProcess", name)
elif DO == "finish":
    for name in NAMES:
        order("stopProcess", name)
    wait_while(RUNNING)
else:
    now = states()
    for slot in SLOTS:
        for process in PROCESSES:
            state, start = now["%s-%s-%s" % (APP, process, slot)]
            word = "running" if state in RUNNING else "stopped" if state == "STOPPED" else "failed"
            print("process %s %s %s %s" % (slot, process, word, start))
