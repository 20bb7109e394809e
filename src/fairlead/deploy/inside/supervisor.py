# Asks supervisor for things: begin|finish|state APP ROOT SLOT PROCESS...
# supervisorctl would do, but it starts slowly and waits `startsecs` seconds for each start.
# The calls are those of http://supervisord.org/api.html.
import http.client
import os
import socket
import sys
import time
import xmlrpc.client

DO, APP, ROOT, SLOT, NAMES = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:]
SOCKETS = (ROOT + "/run/supervisor.sock", "/run/supervisor.sock", "/var/run/supervisor.sock")
BAD_NAME, ALREADY_STARTED, NOT_RUNNING = 10, 60, 70
LONGEST = 300.0
STATES = {
    "RUNNING": "running",
    "STARTING": "running",
    "STOPPING": "running",
    "STOPPED": "stopped",
    "EXITED": "failed",
    "BACKOFF": "failed",
    "FATAL": "failed",
    "UNKNOWN": "failed",
}


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.host)


class Transport(xmlrpc.client.Transport):
    def make_connection(self, host):
        path = next((path for path in SOCKETS if os.path.exists(path)), SOCKETS[1])
        connection = Connection("localhost", timeout=LONGEST)
        connection.host = path
        return connection


def call(method, process, *arguments):
    try:
        return getattr(server, method)("%s-%s-%s" % (APP, process, SLOT), *arguments)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode in (ALREADY_STARTED, NOT_RUNNING):
            return None
        if fault.faultCode == BAD_NAME:
            sys.exit(
                "supervisor knows no program %s-%s-%s: fairlead provision writes it"
                % (APP, process, SLOT)
            )
        sys.exit("supervisor: %s" % fault.faultString)
    except OSError as error:
        sys.exit("supervisor does not answer: %s" % error)


def word(process):
    state = call("getProcessInfo", process)
    # One that ended by itself and was never wanted to run is as good as stopped.
    return STATES.get(state["statename"], "failed"), state


def gone(process):
    return word(process)[1]["statename"] not in ("RUNNING", "STARTING", "STOPPING", "BACKOFF")


def refresh():
    """Have supervisor take over what changed in its files, for what is about to be started."""
    try:
        added, changed, _ = server.reloadConfig()[0]
    except (xmlrpc.client.Fault, OSError):
        return  # with a broken file it goes on with what it knows
    for process in NAMES:
        name = "%s-%s-%s" % (APP, process, SLOT)
        try:
            if name in changed:
                server.removeProcessGroup(name)
            if name in changed or name in added:
                server.addProcessGroup(name)
        except xmlrpc.client.Fault:
            pass  # it runs, and is left as it is


server = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=Transport()).supervisor
if DO == "begin":
    refresh()
    for name in NAMES:
        call("startProcess", name, False)
elif DO == "finish":
    for name in NAMES:
        call("stopProcess", name, False)
    until = time.time() + LONGEST
    while not all(gone(name) for name in NAMES) and time.time() < until:
        time.sleep(0.02)
else:
    for name in NAMES:
        print("process %s %s %s" % (SLOT, name, word(name)[0]))
