import subprocess
import sys

import msgspec
import pytest

from fairlead.util.decoding import from_json, from_msgpack, from_plain, json_decoder


class Part(msgspec.Struct, tag="part"):
    number: int


class Other(msgspec.Struct, tag="other"):
    text: str = ""


def test_values_of_every_kind_are_read():
    assert from_json(b'{"type": "part", "number": 1}', Part) == Part(1)
    assert from_json('[{"type": "part", "number": 2}]', list[Part]) == [Part(2)]
    assert from_msgpack(msgspec.msgpack.encode({"a": 3}), dict[str, int]) == {"a": 3}
    assert from_plain({"type": "part", "number": 4}, Part) == Part(4)
    assert json_decoder(Part | Other).decode(b'{"type": "other"}') == Other()


def test_what_is_not_of_its_kind_is_refused():
    with pytest.raises(msgspec.ValidationError, match=r"\$\.number"):
        from_json(b'{"type": "part", "number": "1"}', Part)
    with pytest.raises(msgspec.ValidationError, match=r"\$\.number"):
        from_plain({"type": "part", "number": "1"}, Part)
    assert from_plain({"type": "part", "number": "1"}, Part, strict=False) == Part(1)


def test_what_is_no_text_is_refused_in_one_way():
    with pytest.raises(msgspec.DecodeError, match="utf-8"):
        from_json(b'{"type": "other", "text": "\xff"}', Other)
    with pytest.raises(msgspec.DecodeError, match="utf-8"):
        from_msgpack(b"\xa1\xff", str)


def test_a_hook_makes_what_msgspec_does_not_know():
    def made(kind, value):
        return kind(value, 16)

    assert json_decoder(dict[str, complex], lambda _, value: complex(value)).decode(
        b'{"a": "1j"}'
    ) == {"a": 1j}
    assert from_plain("7", complex, hook=lambda _, value: complex(value)) == 7


# Many types, each met by two threads for the first time at the same moment. It takes a process of
# its own, since what it guards against is the end of the process.
RACE = """
import sys, threading
from typing import Optional
import msgspec
from fairlead.util.decoding import from_json, from_msgpack, from_plain

sys.setswitchinterval(1e-6)
for turn in range(300):
    plain = [(f"f{n}", int | None | list[str]) for n in range(30)]
    inner = msgspec.defstruct("Inner", plain)
    kind = msgspec.defstruct("Outer", [(f"g{n}", Optional[inner]) for n in range(20)] + plain)
    values = {f"f{n}": 1 for n in range(30)} | {f"g{n}": None for n in range(20)}
    if turn % 3 == 0:
        read, data = from_json, msgspec.json.encode(values)
    elif turn % 3 == 1:
        read, data = from_msgpack, msgspec.msgpack.encode(values)
    else:
        read, data = from_plain, values
    ready = threading.Barrier(3)
    def go():
        ready.wait()
        read(data, kind)
    threads = [threading.Thread(target=go) for _ in range(3)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("read")
"""


def test_threads_may_meet_a_type_for_the_first_time_together():
    done = subprocess.run((sys.executable, "-c", RACE), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "read\n"), done.stderr
