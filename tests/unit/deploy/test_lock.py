from fairlead.deploy.lock import Holder


def test_a_holder_in_words():
    holder = Holder(by="ada", since=1_700_000_000.0, machine="laptop", process=12)
    assert str(holder).startswith("ada from laptop (process 12) since 2023-11-1")


def test_one_of_whom_nothing_is_known():
    assert str(Holder()) == "somebody"
