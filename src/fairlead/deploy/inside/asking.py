# One request, put before programs that ask. http.client would do, and takes longer to load than
# most releases take to answer.
import socket
import time


class Wrong(Exception):
    """There was no answer."""


def request(door, host, path, timeout, secure=False):
    """Status, headers by lower-case name, and text; `door` is a socket's path, or a port here.

    The time is that of the whole answer, however slowly it trickles. HTTP/1.0 (RFC 1945): the
    answer ends with the connection, and is never cut into chunks.
    """
    until = time.time() + timeout
    late = Wrong("%s did not answer in %g s" % (path, timeout))
    told = "https" if secure else "http"
    lines = ("GET %s HTTP/1.0" % path, "Host: %s" % host, "User-Agent: fairlead")
    more = ("X-Forwarded-Proto: %s" % told,) if isinstance(door, str) else ()
    try:
        asking = opened(door, timeout)
    except socket.timeout:
        raise late
    except OSError as error:
        if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
            raise Wrong("nothing listens yet where %s is asked" % path)
        raise Wrong("%s: %s" % (path, error))
    try:
        if secure and not more:
            asking = wrapped(asking, host)
        asking.sendall("\r\n".join(lines + more + ("", "")).encode())
        data = b""
        while len(data) < 1 << 20:
            asking.settimeout(max(until - time.time(), 0.001))
            piece = asking.recv(1 << 16)
            if not piece:
                break
            data += piece
    except socket.timeout:
        raise late
    except OSError as error:
        raise Wrong("%s: %s" % (path, error))
    finally:
        asking.close()
    head, _, body = data.partition(b"\r\n\r\n")
    first, *rest = head.decode("latin-1").split("\r\n")
    words = first.split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        raise Wrong("%s: the connection ended without an answer" % path)
    pairs = (line.partition(":") for line in rest)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return int(words[1]), headers, body.decode("utf-8", "replace")


def ended(text, seen):
    """What does not run any more, or not still, of what shell text tells; nothing for all well.

    `seen` keeps when each process was started: one that was started again has ended meanwhile.
    """
    import subprocess

    # The shell gets it on its input, so that no argument grows large.
    told = subprocess.run(
        ["sh"], input=text.encode(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    for line in told.stdout.decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) < 4 or words[0] != "process":
            continue
        since = words[4] if len(words) > 4 else ""
        if words[3] != "running" or seen.setdefault(words[2], since) != since:
            return words[2]
    return ""


def opened(door, timeout):
    if not isinstance(door, str):
        return socket.create_connection(("127.0.0.1", door), timeout)
    asking = socket.socket(socket.AF_UNIX)
    try:
        asking.settimeout(timeout)
        asking.connect(door)
    except OSError:
        asking.close()
        raise
    return asking


def wrapped(asking, host):
    import ssl

    # Whether the certificate is good is not the release's business, and the name is not ours.
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(asking, server_hostname=host)
