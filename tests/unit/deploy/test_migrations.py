from fairlead.deploy.migrations import advice, change


def test_what_is_new_and_what_is_lacking(release, about):
    manifest = release(
        migrations=("a/2.py", "a/3.py"), irreversible=("a/3.py",), maintenance=("a/2.py",)
    ).manifest
    live = about(7, migrations=("a/1.py", "a/2.py"), irreversible=("a/1.py",))
    found = change(manifest, live)
    assert found.new == ("a/3.py",)
    assert found.lacking == ("a/1.py",)
    assert found.irreversible == ("a/3.py",)
    assert found.closing == ()
    assert found.over == ("a/1.py",)


def test_an_empty_site_is_not_closed(release):
    found = change(release(migrations=("a/1.py",), maintenance=("a/1.py",)).manifest, None)
    assert found.new == ("a/1.py",)
    assert found.closing == ()


def test_advice_says_what_a_person_has_to_think_of(release, about):
    live = about(7)
    plain = change(release(migrations=("a/1.py",)).manifest, live)
    assert "add now what is needed, and remove later" in " ".join(advice(plain))
    hard = change(
        release(migrations=("a/1.py",), irreversible=("a/1.py",), maintenance=("a/1.py",)).manifest,
        live,
    )
    words = " ".join(advice(hard))
    assert "the site is closed" in words
    assert "cannot be gone back over" in words
    assert advice(change(release().manifest, live)) == ()


def test_many_migrations_are_not_all_named(release):
    names = tuple(f"app/migrations/{number:04}.py" for number in range(9))
    (sentence,) = advice(change(release(migrations=names).manifest, None))
    assert "and 6 more" in sentence
