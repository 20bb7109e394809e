"""Nothing is lost or doubled: whenever one comes, goes and comes back, whatever is killed."""

import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor


def write_lines(writing, count, *, seed=1, pause=0.0):
    """Numbered lines, cut anywhere, over several steps; ends the job."""
    chance = random.Random(seed)
    data = b"".join(b"line %d %s\n" % (n, b"x" * chance.randrange(80)) for n in range(1, count + 1))
    at = 0
    for step in range(3):
        writing.step(step, f"step {step}")
        end = len(data) * (step + 1) // 3
        while at < end:
            size = chance.choice((1, 30, 300, 3000))
            writing.write(data[at : min(at + size, end)], step)
            at = min(at + size, end)
            time.sleep(pause)
    writing.end()
    return data.decode().split("\n")[:-1]


def assert_whole(reader, expected):
    assert reader.numbers == list(range(1, len(expected) + 1))
    assert reader.texts == expected


def test_a_log_that_grows_is_read_line_by_line_until_the_verdict(writing, reader):
    watched = reader()
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        expected = write_lines(writing, 400)
        reading.result(60)
    assert_whole(watched, expected)
    assert watched.ended["attempt_state"] == "passed"
    assert [step["name"] for step in watched.ended["steps"]] == ["step 0", "step 1", "step 2"]


def test_one_who_comes_back_misses_and_repeats_nothing(writing, reader):
    watched = reader()
    chance = random.Random(7)
    with ThreadPoolExecutor(1) as pool:
        written = pool.submit(write_lines, writing, 600, pause=0.002)
        while watched.ended is None:
            left = chance.randrange(1, 6)
            begun = len(watched.told) + len(watched.numbers)
            watched.read(
                lambda seen, left=left, begun=begun: (
                    len(seen.told) + len(seen.numbers) >= begun + left
                )
            )
        expected = written.result(60)
    assert_whole(watched, expected)


def test_a_killed_web_process_costs_no_line(writing, reader, web):
    watched = reader()
    with ThreadPoolExecutor(2) as pool:
        written = pool.submit(write_lines, writing, 900, pause=0.004)
        reading = pool.submit(watched.read_through, 120)
        for number in (signal.SIGKILL, signal.SIGTERM):
            time.sleep(0.7)
            web.stop(number)
            web.start()
        expected = written.result(120)
        reading.result(120)
    assert_whole(watched, expected)


def test_a_restarted_database_costs_no_line(writing, reader, postgres):
    from django.db import connection

    watched = reader()
    first, second = b"".join(b"before %d\n" % n for n in range(50)), b"after 1\nafter 2\n"
    writing.write(first)
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while len(watched.numbers) < 50:
            time.sleep(0.01)
        postgres.stop()
        postgres.start()
        connection.close()
        connection.close_pool()
        writing.write(second)
        writing.end()
        reading.result(60)
    assert_whole(watched, (first + second).decode().split("\n")[:-1])


def test_a_log_made_one_file_meanwhile_is_read_on(writing, reader):
    watched = reader()
    writing.write(b"".join(b"line %d\n" % n for n in range(30000)))
    watched.read(lambda seen: len(seen.numbers) >= 1)
    seen = len(watched.numbers)
    assert 0 < seen < 30000
    writing.end()
    writing.compact()
    watched.read()
    assert_whole(watched, [f"line {n}" for n in range(30000)])


def test_a_file_made_under_a_reader_is_read_on(writing, reader):
    watched = reader()
    writing.write(b"one\ntwo\n")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while len(watched.numbers) < 2:
            time.sleep(0.01)
        writing.write(b"three\n")
        writing.end()
        writing.compact()
        reading.result(30)
    assert_whole(watched, ["one", "two", "three"])


def test_the_line_without_an_end_is_shown_and_then_replaced(writing, reader):
    watched = reader()
    writing.write(b"done\n50 %")
    watched.read(lambda seen: any(name == "open" for name, _ in seen.told))
    assert watched.numbers == [1]
    assert "50 %" in dict(watched.told)["open"]
    writing.write(b" and 100 %\n")
    writing.end()
    watched.read()
    assert_whole(watched, ["done", "50 % and 100 %"])


def test_an_attempt_that_was_taken_over_ends_its_stream(writing, reader):
    watched = reader()
    writing.write(b"one\n")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while not watched.numbers:
            time.sleep(0.01)
        from fairlead.server.store.models import LogChunk
        from fairlead.server.store.notify import tell

        LogChunk.objects.all().delete()
        writing.attempt.delete()
        tell(writing.build.pk)
        reading.result(30)
    assert watched.ended["gone"]


def test_an_attempt_whose_workers_were_lost_for_good_is_over_with_its_build(writing, reader):
    from fairlead.server.store.models import Build
    from fairlead.server.store.notify import tell

    watched = reader()
    writing.write(b"one\n")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while not watched.numbers:
            time.sleep(0.01)
        Build.objects.update(state="errored")
        tell(writing.build.pk)
        reading.result(30)
    assert watched.ended["build"] == "errored"
    assert_whole(watched, ["one"])


def test_tests_are_told_once_with_their_messages(writing, reader):
    watched = reader()
    writing.step(0, expected=3)
    writing.test("good", "passed")
    writing.test("bad <b>", "failed", "assert <script>")
    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(watched.read)
        while not any(name == "tests" for name, _ in watched.told):
            time.sleep(0.01)
        writing.test("worse", "errored", "boom")
        writing.end("failed")
        reading.result(30)
    import json

    told = [json.loads(data) for name, data in watched.told if name == "tests"]
    assert [test["name"] for each in told for test in each["failed"]] == ["bad <b>", "worse"]
    assert told[-1]["bad"] == 2
    assert told[-1]["passed"] == 1


def test_threads_do_not_grow_with_viewers(writing, reader, web):
    writing.write(b"hello\n")
    before = len(list(_threads(web)))
    readers = [reader() for _ in range(30)]
    threads = [threading.Thread(target=each.read) for each in readers]
    for thread in threads:
        thread.start()
    while not all(each.numbers for each in readers):
        time.sleep(0.02)
    assert len(list(_threads(web))) <= before + 3
    writing.end()
    for thread in threads:
        thread.join(30)
    assert all(each.ended for each in readers)


def _threads(web):
    from pathlib import Path

    return Path(f"/proc/{web.process.pid}/task").iterdir()
