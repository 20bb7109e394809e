"""What would change on hosts, as text."""

from fairlead.cli.view.changes import changes_text, ended_text
from fairlead.cli.view.look import Look
from fairlead.deploy.provision.carry import Outlook, Provisioned
from fairlead.deploy.provision.diff import Change

LOOK = Look(width=80, colour=False, unicode=True)
SITE = Change(part="nginx", title="change /etc/site", lines=("@@ -1 +1 @@", "-old", "+new", ""))
START = Change(part="nginx", title="start nginx")
CLOCK = Change(part="clock", title="write /etc/timezone", lines=("+Etc/UTC",))


def test_changes_stand_under_their_part_with_the_lines_that_differ():
    found = (
        Outlook(host="web1", system="debian 12", changes=(CLOCK, SITE, START), notes=("mind",)),
    )
    assert changes_text(found, LOOK).splitlines() == [
        "web1 (debian 12): 3 changes",
        "  clock",
        "    write /etc/timezone",
        "      +Etc/UTC",
        "  nginx",
        "    change /etc/site",
        "      @@ -1 +1 @@",
        "      -old",
        "      +new",
        "",
        "    start nginx",
        "  note: mind",
    ]


def test_what_a_file_holds_cannot_speak_to_the_terminal():
    change = Change(part="nginx", title="change /etc/site", lines=("-\x1b]0;title\x07\x1b[2Jold",))
    told = changes_text((Outlook(host="web1", changes=(change,)),), LOOK)
    assert told.endswith("      -old")


def test_brief_leaves_the_lines_away():
    told = changes_text((Outlook(host="web1", changes=(SITE,)),), LOOK, brief=True)
    assert told == "web1: 1 change\n  nginx\n    change /etc/site"


def test_hosts_that_need_the_same_are_shown_once():
    found = (
        Outlook(host="web1", system="debian 12", changes=(SITE,)),
        Outlook(host="web2", system="debian 12"),
        Outlook(host="web3", system="debian 12", changes=(SITE,)),
        Outlook(host="web4", error="web4: no answer"),
    )
    told = changes_text(found, LOOK)
    assert "web1, web3 (debian 12): 1 change" in told
    assert "web2 (debian 12): ✓ as wanted, nothing to change" in told
    assert "web4: error: web4: no answer" in told
    assert told.count("change /etc/site") == 1


def test_the_end_says_what_came_of_each_host():
    done = (
        Provisioned(host="web1", changed=(SITE, START)),
        Provisioned(host="web2"),
        Provisioned(host="web3", changed=(SITE,), left=(START,)),
        Provisioned(host="web4", error="nginx: the check fails"),
    )
    assert list(ended_text(done, LOOK)) == [
        "web1: ✓ 2 changes made",
        "web2: ✓ as wanted, nothing to change",
        "web3: ✗ still differs: start nginx",
        "web4: error: nginx: the check fails",
    ]


def test_colours_only_where_they_are_wanted():
    found = (Outlook(host="web1", changes=(SITE,)),)
    assert "\x1b[32m+new" in changes_text(found, Look(width=80, colour=True))
    assert "\x1b" not in changes_text(found, LOOK)
