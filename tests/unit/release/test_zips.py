import hashlib
import zipfile

from fairlead.release.zips import rewrite_wheel


def wheel(path, names, *, time, mode):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a/"), b"")
        for name in names:
            info = zipfile.ZipInfo(name, time)
            info.external_attr = mode << 16
            archive.writestr(info, f"text of {name}")
    return path


def test_a_wheel_built_at_another_time_under_another_umask_becomes_the_same(tmp_path):
    names = ["a-1.dist-info/METADATA", "b.py", "a.py", "a-1.dist-info/RECORD"]
    first = wheel(tmp_path / "1.whl", names, time=(1999, 1, 2, 3, 4, 6), mode=0o100600)
    second = wheel(tmp_path / "2.whl", names[::-1], time=(2026, 5, 4, 3, 2, 0), mode=0o100664)

    for path in (first, second):
        rewrite_wheel(path)

    digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (first, second)}
    assert len(digests) == 1
    with zipfile.ZipFile(first) as archive:
        assert archive.namelist() == ["a.py", "b.py", *sorted(names[::3])]
        assert archive.read("b.py") == b"text of b.py"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.whl", "2.whl"]


def test_programs_stay_programs(tmp_path):
    path = wheel(
        tmp_path / "1.whl", ["a-1.data/scripts/run"], time=(2000, 1, 1, 0, 0, 0), mode=0o100777
    )

    rewrite_wheel(path)

    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].external_attr >> 16 == 0o100755
