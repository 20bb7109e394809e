"""Django's test client, somebody who signed in, and builds of every kind."""

import pytest


@pytest.fixture
def client(database):
    """Nobody in particular."""
    from django.test import Client

    return Client(SERVER_NAME="localhost")


@pytest.fixture
def admin(database):
    """A client of somebody who signed in."""
    from django.contrib.auth.models import User
    from django.test import Client

    User.objects.filter(username="ada").delete()
    user = User.objects.create_superuser("ada", password="correct horse battery")
    client = Client(SERVER_NAME="localhost")
    client.force_login(user)
    return client


@pytest.fixture
def project(database):
    from fairlead.server.store.models import Project

    return Project.objects.create(name="bank")
