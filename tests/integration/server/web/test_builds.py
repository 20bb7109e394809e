"""The builds of a project."""


def test_the_page(admin, project):
    from fairlead.server.store.models import Build

    for number in range(1, 61):
        Build.objects.create(
            project=project,
            number=number,
            event="push",
            branch="main",
            trigger=b"{}",
            state="passed" if number % 3 else "failed",
            message=f"Change {number}",
            commit="a" * 40,
        )
    page = admin.get("/p/bank/").content.decode()
    assert "Change 60" in page
    assert "Change 31<" in page
    assert "Change 30<" not in page
    page = admin.get("/p/bank/60/")
    assert page.status_code == 200, page.content
    for path in ("run", "settings/", "deliveries/"):
        assert admin.get(f"/p/bank/{path}").status_code == 200, path
    for path in ("/queue/", "/tokens/", "/new/"):
        assert admin.get(path).status_code == 200, path


def test_the_password_of_a_mirrors_address_is_not_shown(admin, database):
    from fairlead.server.store.models import Project

    url = "https://robot:hush-hush@example.org/bank.git"
    Project.objects.create(name="bank", kind="mirrored", url=url)
    page = admin.get("/p/bank/").content.decode()
    assert page.count("https://example.org/bank.git") == 2
    assert "hush" not in page
