"""Package indexes as pip and uv are told of them."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fairlead.runner.environments import indexes
from fairlead.runner.environments.command import surroundings
from fairlead.runner.environments.indexes import Indexes, masked, read_indexes


@pytest.fixture
def home(tmp_path):
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": str(tmp_path / "absent.conf")}


def write(home, text, name=".config/pip/pip.conf"):
    path = os.path.join(home["HOME"], name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def test_pips_file_is_honoured(home):
    write(
        home,
        "[global]\nindex-url = https://pypi.local/simple\nextra-index-url =\n  https://a\n  https://b\n",
    )
    found = read_indexes(home)
    assert found.default == "https://pypi.local/simple"
    variables = found.for_uv()
    assert variables["UV_DEFAULT_INDEX"] == "https://pypi.local/simple"
    assert variables["UV_INDEX"] == "https://a https://b"
    assert variables["UV_INDEX_STRATEGY"] == "unsafe-best-match"


def test_later_files_and_variables_win(home):
    write(home, "[global]\nindex_url = https://old\n", ".pip/pip.conf")
    write(home, "[global]\nindex-url = https://new\n[install]\nno-index = true\n")
    assert read_indexes(home).default == "https://new"
    assert read_indexes(home).no_index
    named = write(home, "[global]\nindex-url = https://named\n", "named.conf")
    assert read_indexes(home | {"PIP_CONFIG_FILE": named}).default == "https://named"
    assert read_indexes(home | {"PIP_INDEX_URL": "https://variable"}).default == "https://variable"


def test_no_file_at_all_on_request(home):
    write(home, "[global]\nindex-url = https://new\n")
    assert read_indexes({"HOME": home["HOME"], "PIP_CONFIG_FILE": os.devnull}) == Indexes()


@pytest.mark.parametrize("text", ["no section", "[global]\nindex-url", "[global\n", "\x00"])
def test_broken_files_are_passed_over(home, text):
    write(home, text)
    write(home, "[global]\nindex-url = https://old\n", ".pip/pip.conf")
    assert read_indexes(home).default == "https://old"


def test_uvs_own_variables_win_over_all_of_pips(home):
    environ = home | {"UV_DEFAULT_INDEX": "https://uv", "PIP_EXTRA_INDEX_URL": "https://pip"}
    variables = read_indexes(environ).for_uv()
    assert variables["UV_DEFAULT_INDEX"] == "https://uv"
    assert "UV_INDEX" not in variables


def test_local_folders_that_are_gone_are_dropped(home, tmp_path):
    (tmp_path / "wheels").mkdir()
    environ = home | {
        "PIP_FIND_LINKS": f"{tmp_path}/wheels {tmp_path}/gone file://{tmp_path}/gone2"
    }
    found = read_indexes(environ)
    assert found.find_links == (f"{tmp_path}/wheels",)
    assert found.folders == (tmp_path / "wheels",)


SECRET = Indexes(
    default="https://user:token@pypi.local/simple",
    extra=("https://open/simple", "https://t0ken@closed/simple"),
)


def test_strangers_get_no_credentials():
    for variables in (SECRET.for_uv(private=False), SECRET.for_pip(private=False)):
        assert "token" not in str(variables)
        assert "t0ken" not in str(variables)
        assert "https://open/simple" in str(variables)
    assert "token" in str(SECRET.for_uv())
    own = Indexes(own=(("UV_DEFAULT_INDEX", "https://user:token@x/simple"),))
    assert own.for_uv(private=False) == {}


def test_credentials_are_masked_in_texts():
    text = masked("failed: https://user:pass@host/simple and git+https://tok@host/y.git@main")
    assert text == "failed: https://[secret]@host/simple and git+https://[secret]@host/y.git@main"


def test_identities_differ_with_the_places():
    assert Indexes().identity != SECRET.identity
    assert Indexes().identity == Indexes().identity


PERSON = {
    "PATH": "/home/me/.pyenv/shims:/usr/bin:/x/shims/",
    "HOME": "/home/me",
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": "/home/me/lib",
    "VIRTUAL_ENV": "/home/me/venv",
    "UV_LINK_MODE": "hardlink",
    "UV_HTTP_TIMEOUT": "7",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "GITHUB_TOKEN": "t0ken",
    "https_proxy": "http://proxy",
    "CC": "clang",
}


def test_builders_do_not_inherit_what_changes_the_build():
    env = surroundings(PERSON, Indexes(), trusted=True)
    assert env["PATH"] == "/usr/bin"
    gone = {"PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "VIRTUAL_ENV", "UV_LINK_MODE"}
    assert not (gone | {"PIP_REQUIRE_VIRTUALENV"}) & set(env)
    assert (env["UV_HTTP_TIMEOUT"], env["CC"], env["GITHUB_TOKEN"]) == ("7", "clang", "t0ken")
    assert env["UV_PYTHON_DOWNLOADS"] == "never"


def test_strangers_code_does_not_see_a_persons_variables():
    env = surroundings(PERSON, SECRET, trusted=False)
    assert "t0ken" not in str(env)
    assert (env["HOME"], env["https_proxy"]) == ("/home/me", "http://proxy")


LINES = st.sampled_from(
    (
        "[global]", "[install]", "[ global ]", "[DEFAULT]", "[]", "[a]]", "[a] b", "# a", " # a", "; a",
        "", "  ", "key = value", "KEY=value", "key: value", "key", "key =", "  more", "= value",
        "index_url = a = b", "index-url = c # d", "index-url: e", "cert = /f ; g", "key\x1c= \x0bh\r",
    )
)  # fmt: skip


@given(st.lists(LINES, max_size=8))
def test_plain_files_are_read_as_all_others(lines):
    text = "\n".join(lines)
    plain = indexes._plain_sections(text)
    assert plain is None or plain == indexes._sections(text)


def test_an_ordinary_file_is_plain():
    text = "[global]\ncert = /etc/ca.pem\n\n# ours\n[install]\nNo-Index = yes\n"
    assert indexes._plain_sections(text) == {
        "global": {"cert": "/etc/ca.pem"},
        "install": {"no-index": "yes"},
    }
