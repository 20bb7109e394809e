"""What is told from a project's files: targets, interfaces, processes, static files, locks."""

import pytest

from fairlead.model.environment import Migrations, Process
from fairlead.pipeline.environments.told import lock_of, slug
from fairlead.pipeline.environments.webline import read_web
from fairlead.pipeline.tree import MemoryTree

MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")\n'
SETTINGS = 'STATIC_URL = "assets/"\nSTATIC_ROOT = BASE_DIR / "build" / "staticfiles"\n'


@pytest.fixture
def app(one, files):
    """The app of an environment in a project of just these files."""

    def app(found, text=""):
        files.clear()
        files.update(found)
        return one(text).app

    return app


@pytest.mark.parametrize(
    ("found", "target", "interface", "server"),
    [
        ({"wsgi.py": "application = make()"}, "wsgi:application", "wsgi", "gunicorn"),
        ({"src/shop/wsgi.py": "app = create_app()"}, "shop.wsgi:app", "wsgi", "gunicorn"),
        ({"main.py": "app: FastAPI = FastAPI(title='x')"}, "main:app", "asgi", "uvicorn"),
        ({"shop/main.py": "app = fastapi.FastAPI()"}, "shop.main:app", "asgi", "uvicorn"),
        ({"shop/asgi.py": "application = make()"}, "shop.asgi:application", "asgi", "uvicorn"),
        ({"app.py": "app = Flask(__name__)"}, "app:app", "wsgi", "gunicorn"),
        ({"shop/__init__.py": "app = Flask('shop')"}, "shop:app", "wsgi", "gunicorn"),
        ({"app.py": "app = Flask('a')", "wsgi.py": "from app import app\napplication = app"}, "wsgi:application", "wsgi", "gunicorn"),
        ({"tests/app.py": "app = Flask('a')", "shop/app.py": "app = Flask('b')"}, "shop.app:app", "wsgi", "gunicorn"),
    ],
)  # fmt: skip
def test_the_application(app, found, target, interface, server):
    app = app(found)
    assert (app.target, app.interface, app.server) == (target, interface, server)


def test_no_application_where_none_is_at_the_top_of_a_module(read, files):
    files.clear()
    files["app.py"] = "if app == 1:\n    app = Flask('x')\n"
    assert read("environments: {a: {hosts: b}}").environments[0].app.target == ""


def test_a_django_project(one, app, files):
    found = app(
        {
            "manage.py": MANAGE,
            "mysite/settings.py": SETTINGS,
            "mysite/wsgi.py": "",
            "mysite/asgi.py": "",
        }
    )
    assert (found.kind, found.target, found.interface) == (
        "django",
        "mysite.wsgi:application",
        "wsgi",
    )
    assert found.static == (("/assets/", "build/staticfiles"),)
    prod = one()
    assert prod.build_static == "python manage.py collectstatic --noinput"
    assert prod.migrations == Migrations(
        command="python manage.py migrate --noinput", pending="python manage.py migrate --plan"
    )
    served = one("app: {server: uvicorn}").app
    assert (served.target, served.interface, served.server) == (
        "mysite.asgi:application", "asgi", "uvicorn",
    )  # fmt: skip


def test_django_settings_in_a_package_and_static_by_default(app):
    manage = MANAGE.replace("mysite.settings", "mysite.settings.prod")
    base = "STATIC_URL = '/static/'\nSTATIC_ROOT = os.path.join(BASE_DIR, 'static_root')\n"
    found = app({"manage.py": manage, "mysite/settings/base.py": base, "mysite/wsgi.py": ""})
    assert found.target == "mysite.wsgi:application"
    assert found.static == (("/static/", "static_root"),)


def test_django_with_asgi_alone(app):
    found = app({"manage.py": MANAGE, "mysite/asgi.py": ""})
    assert (found.target, found.interface, found.server) == (
        "mysite.asgi:application", "asgi", "uvicorn",
    )  # fmt: skip


def test_a_package_with_static_files(app):
    found = app({"src/shop/wsgi.py": "app = x()", "src/shop/static/a.css": ""})
    assert found.static == (("/static/", "src/shop/static"),)


def test_a_procfile(one, app):
    procfile = "web: gunicorn shop.wsgi -w 3 --threads=4\nqueue: python -m q\nbeat: celery beat\nrelease: ./migrate\n"
    found = app(
        {"Procfile": procfile}, "app: {workers: {queue: {count: 2}, beat: {count: 0}}, threads: 5}"
    )
    assert (found.target, found.processes, found.threads) == ("shop.wsgi:application", 3, 5)
    assert found.workers == (Process(name="queue", command="python -m q", count=2),)
    assert one().migrations.command == "./migrate"


def test_a_web_line_of_ones_own(app):
    assert app({"Procfile": "web: serve --unix $SOCKET\n"}).command == "serve --unix $SOCKET"


def test_alembic(one, files):
    files["alembic.ini"] = ""
    assert one().migrations.command == "alembic upgrade head"


def test_web_lines_that_say_what_has_no_place(complaints, files):
    text = "environments: {prod: {hosts: a}}"
    files["Procfile"] = "web: waitress-serve --port=$PORT shop.wsgi:app\n"
    assert complaints(text) == [
        "Procfile:1:1: warning: this does not listen on `$SOCKET` (name the target with `app` in fairlead.yml)"
    ]
    files["Procfile"] = "web: gunicorn --preload -c gunicorn.py shop.wsgi:app\n"
    (line,) = complaints(text)
    assert line.startswith(
        "Procfile:1:1: warning: passed over, as a slot has its own command: --preload -c gunicorn.py"
    )


def test_two_web_lines_refuse_environments(complaints, files):
    files["Procfile"] = "web: gunicorn shop.wsgi\nweb: gunicorn shop.other\n"
    assert complaints("jobs: {a: b}") == []
    (line,) = complaints("environments: {prod: {hosts: a}}")
    assert line.startswith("Procfile:2:1: web is here twice")


@pytest.mark.parametrize(
    ("command", "values", "left"),
    [
        ("gunicorn shop.wsgi", {"server": "gunicorn", "interface": "wsgi", "target": "shop.wsgi:application"}, ()),
        ("exec gunicorn 'shop:make()' -b :$PORT --timeout 90", {"server": "gunicorn", "interface": "wsgi", "target": "shop:make()", "timeout": 90.0}, ()),
        ("A=1 python -m gunicorn --workers=$N a:b --log-file -", {"server": "gunicorn", "interface": "wsgi", "target": "a:b"}, ()),
        ("gunicorn -k uvicorn.workers.UvicornWorker a:b", {"server": "uvicorn", "interface": "asgi", "target": "a:b"}, ()),
        ("gunicorn shop.wsgi -c gunicorn.py --name shop", {"server": "gunicorn", "interface": "wsgi", "target": "shop.wsgi:application"}, ("-c gunicorn.py", "--name shop")),
        ("gunicorn -k gevent a:b", {"server": "gunicorn", "interface": "wsgi", "target": "a:b"}, ("-k gevent",)),
        ("uvicorn shop.main:app --host 0.0.0.0 --port $PORT --workers 2", {"server": "uvicorn", "interface": "asgi", "target": "shop.main:app", "processes": 2}, ()),
        ("/app/bin/uwsgi --http :$PORT --module shop.wsgi:app --master -p 4", {"server": "uwsgi", "interface": "wsgi", "target": "shop.wsgi:app", "processes": 4}, ()),
        ("uwsgi uwsgi.ini", {}, ()), ("node server.js", {}, ()), ("gunicorn 'open", {}, ()), ("", {}, ()),
    ],
)  # fmt: skip
def test_what_a_web_line_says(command, values, left):
    assert read_web(command) == (values, left)


@pytest.mark.parametrize(
    ("files", "lock"),
    [
        (["uv.lock", "requirements.txt"], "uv.lock"),
        (["requirements.txt", "requirements/run.txt"], "requirements.txt"),
        (["requirements/test.txt", "requirements/base.txt", "requirements/run.txt"], "requirements/run.txt"),
        (["requirements/test.txt"], ""),
    ],
)  # fmt: skip
def test_the_lock_that_goes_along(files, lock):
    hashed = "flask==3.0 \\\n    --hash=sha256:00\n"
    assert lock_of(MemoryTree(dict.fromkeys(files, hashed))) == lock
    assert lock_of(MemoryTree(dict.fromkeys(files, "flask\n"))) in {"uv.lock", ""}


@pytest.mark.parametrize(
    ("text", "name"), [("My Shop", "my-shop"), ("3d_shop", "app-3d-shop"), ("Ünïcode", "n-code"), ("日本", ""), ("a" * 40, "a" * 31)]
)  # fmt: skip
def test_names_for_hosts(text, name):
    assert slug(text) == name
