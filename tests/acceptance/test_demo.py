"""`make demo`, the whole way on a small application: what it shows, and that nothing is left."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from fairlead.util.fs import remove_tree
from fairlead.util.serving import serving

LATEST = 300
DEMO = Path(__file__).resolve().parents[2] / "tools" / "demo.py"
GOOD = 'jobs: {a: {python: none, run: "echo all is well"}}\n'
BAD = 'jobs: {a: {python: none, run: "echo something is wrong; exit 3"}}\n'
SLOW = 'jobs: {a: {python: none, run: "echo it runs; sleep 600"}}\n'


@pytest.fixture
def place():
    """A folder with a short name that PostgreSQL's user may enter; a server there is ended."""
    place = Path(tempfile.mkdtemp(prefix="fl-demo-", dir="/tmp"))
    place.chmod(0o755)
    yield place
    if found := serving(place / "kept" / "data"):
        with suppress(ProcessLookupError):
            os.kill(found.pid, signal.SIGKILL)
    remove_tree(place)


@pytest.fixture
def demo(place, person):
    """Start the demo on an application with this pipeline; of everything else only its words."""
    (place / "shop").mkdir()
    (place / "tmp").mkdir(mode=0o755)
    person |= {"TMPDIR": str(place / "tmp"), "FAIRLEAD_URL": "http://127.0.0.1:9"}

    def demo(pipeline, *words, **env):
        (place / "shop" / "fairlead.yml").write_text(pipeline)
        told = ("--app", str(place / "shop"), "--folder", str(place / "kept"), *words)
        return subprocess.Popen(
            (sys.executable, str(DEMO), *told), cwd=place, env=person | env, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    return demo


def ended(process):
    said = process.communicate(timeout=LATEST)[0]
    assert "Traceback" not in said
    return process.returncode, said


def left(place):
    """What is left in the temporary folder, and processes that work below the whole place."""
    found = [path.name for path in (place / "tmp").iterdir()]
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if entry.name.isdecimal() and str(place) in os.readlink(entry / "cwd"):
                found.append((entry / "comm").read_text())
    return found


def test_from_nothing_to_a_verdict(demo, place):
    code, said = ended(demo(GOOD))
    assert code == 0, said
    url = re.search(r"^Fairlead is at (http://\S+)/$", said, re.MULTILINE)[1]
    assert f"remote: build 1: {url}/p/shop/1/" in said
    shown = re.findall(r"^\$ (fairlead \w+|git \w+)", said, re.MULTILINE)
    assert shown == [
        "fairlead serve",
        "fairlead admin",
        "fairlead admin",
        "git push",
        "fairlead watch",
    ]
    assert re.search(r"^✓ passed: 1 job", said, re.MULTILINE)
    assert "fl_…" in said
    assert not re.search(r"fl_\w{6}", said)
    assert said.endswith("The server is stopped.\n")
    assert left(place) == []
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_interrupted_while_the_build_runs(demo, place):
    process = demo(SLOW)
    said = ""
    while "started" not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    process.send_signal(signal.SIGINT)
    code, rest = ended(process)
    assert code == 130, said + rest
    assert "The server is stopped." in rest
    assert left(place) == []


def test_a_server_that_is_kept(demo, place):
    code, said = ended(demo(GOOD, KEEP="1"))
    assert code == 0, said
    url = re.search(r"^The server goes on: (\S+)/$", said, re.MULTILINE)[1]
    link = re.findall(r"^ +(http\S+/welcome/\S+)$", said, re.MULTILINE)[-1]
    assert link.startswith(url)
    assert httpx.get(link, follow_redirects=True).status_code == 200
    (place / "kept" / "shop" / "fairlead.yml").write_text(BAD)
    again, more = ended(demo(GOOD, KEEP="1"))
    assert again == 1, more
    assert "failed: " in more
    assert f"Fairlead is at {url}/ already" in more
    assert f"remote: build 2: {url}/p/shop/2/" in more
    assert "make demo DEMO=stop" in more
    assert ended(demo(GOOD, "stop")) == (0, "Stopped, and removed.\n")
    assert not (place / "kept").exists()
    assert left(place) == []
    assert ended(demo(GOOD, "stop")) == (0, "No server was kept.\n")


def test_a_server_that_cannot_start(demo, place):
    (place / "kept").mkdir()
    (place / "kept" / "data").touch()
    code, said = ended(demo(GOOD, KEEP="1"))
    assert code == 2
    assert "error: the server did not start" in said
    assert "cannot write the data folder" in said
    assert left(place) == []


def test_without_a_server(demo, place):
    code, said = ended(demo(GOOD, "run", "--plain"))
    assert code == 0, said
    assert "all is well" in said or "passed" in said
    assert (place / "shop" / ".fairlead" / "runs" / "1").exists()


def test_words_that_are_not_for_it(demo):
    code, said = ended(demo(GOOD, "--events"))
    assert code == 2
    assert "DEMO='run --events'" in said
