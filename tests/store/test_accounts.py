"""Accounts, invitations, the log of both, and what stays of a person who is forgotten."""

from __future__ import annotations

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from synsetlab.errors import InputError, WorkspaceError
from synsetlab.store.schema import Invitation
from synsetlab.voting.consensus import check_counters

DOG = "n02084071"
sqlite_only = pytest.mark.parametrize("workspace", ["sqlite"], indirect=True)
"""What differs between databases is in the tests without this mark."""


@pytest.fixture
def accounts(workspace):
    return workspace.accounts


@pytest.fixture
def admin(accounts):
    return accounts.join(accounts.first_link(), "Ada", "hash-a")


@sqlite_only
def test_the_first_link_makes_the_administrator_once(accounts):
    assert not accounts.exist()
    token = accounts.first_link()
    assert not accounts.exist()
    assert accounts.invitation(token)["role"] == "admin"
    assert accounts.invitation(token)["role"] == "admin"  # looking at it does not use it
    ada = accounts.join(token, "  Ada ", "h")
    assert (ada.name, ada.role, ada.disabled) == ("Ada", "admin", False)
    assert accounts.exist()
    assert accounts.invitation(token) is None
    with pytest.raises(InputError, match="used"):
        accounts.join(token, "Eve", "h")


@sqlite_only
def test_the_link_of_an_earlier_start_ends(accounts):
    earlier, later = accounts.first_link(), accounts.first_link()
    assert accounts.invitation(earlier) is None
    assert accounts.invitation(later) is not None


@sqlite_only
def test_an_invitation_has_a_role_an_end_and_an_inviter(accounts, admin, workspace):
    token = accounts.invite("expert", by=admin.id, days=2)
    found = accounts.invitation(token)
    assert (found["role"], found["inviter"], found["name"]) == ("expert", "Ada", None)
    assert timedelta(days=1.9) < found["expires_at"] - datetime.now(UTC) < timedelta(days=2)
    with workspace.writer.transaction() as connection:
        assert connection.execute(sa.select(Invitation.token_hash)).scalars().all().count(token) == 0
        connection.execute(sa.update(Invitation).values(expires_at=datetime.now(UTC) - timedelta(seconds=1)))
    assert accounts.invitation(token) is None
    with pytest.raises(InputError, match="too old"):
        accounts.join(token, "Bob", "h")


@sqlite_only
@pytest.mark.parametrize(
    ("role", "days", "words"), [("boss", 7, "no role 'boss'"), ("viewer", 0, "365"), ("viewer", 400, "365")]
)
def test_an_invitation_that_means_nothing_is_refused(accounts, role, days, words):
    with pytest.raises(InputError, match=words):
        accounts.invite(role, by=None, days=days)


@sqlite_only
@pytest.mark.parametrize("name", ["erased-3", "Erased-3"])
def test_pseudonyms_are_nobodys_names(accounts, admin, name):
    with pytest.raises(InputError, match="kept for people who left"):
        accounts.invite("annotator", by=admin.id, name=name)
    with pytest.raises(InputError, match="kept for people who left"):
        accounts.join(accounts.invite("annotator", by=admin.id), name, "h")


@sqlite_only
def test_a_revoked_invitation_is_no_more(accounts, admin):
    token = accounts.invite("viewer", by=admin.id)
    accounts.revoke(accounts.invitations()[0]["id"], by=admin.id)
    assert accounts.invitation(token) is None
    assert accounts.invitations() == []


@pytest.mark.parametrize(
    "end",
    [
        lambda accounts, rogue, by: accounts.set_disabled(rogue.id, True, by=by),
        lambda accounts, rogue, by: accounts.set_role(rogue.id, "curator", by=by),
        lambda accounts, rogue, by: accounts.promote(accounts.invite("viewer", by=by), rogue.id),
        lambda accounts, rogue, by: accounts.erase(rogue.id, by=by),
    ],
    ids=["shut", "role", "role by a link", "erased"],
)
def test_the_links_of_an_administrator_end_with_it(accounts, admin, end):
    rogue = accounts.join(accounts.invite("admin", by=admin.id), "Rogue", "h")
    theirs = [
        accounts.invite("admin", by=rogue.id, name="Mallory"),
        accounts.invite("admin", by=rogue.id, account=admin.id),
    ]
    others = [accounts.invite("viewer", by=admin.id), accounts.invite("admin", by=None)]
    end(accounts, rogue, admin.id)
    for token in theirs:
        assert accounts.invitation(token) is None
        with pytest.raises(InputError, match="used"):
            accounts.join(token, "Mallory", "h2")
    assert accounts.get(admin.id).password == "hash-a"
    assert all(accounts.invitation(token) for token in others)


@sqlite_only
def test_the_links_of_a_shut_administrator_stay_ended_when_it_is_opened_again(accounts, admin):
    rogue = accounts.join(accounts.invite("admin", by=admin.id), "Rogue", "h")
    before = [
        accounts.invite("admin", by=rogue.id),
        accounts.invite("admin", by=admin.id, account=rogue.id),
    ]
    accounts.set_disabled(rogue.id, True, by=admin.id)
    meanwhile = accounts.invite("admin", by=rogue.id)  # of a request that was on its way
    new_password = accounts.invite("admin", by=admin.id, account=rogue.id)
    assert accounts.invitation(meanwhile) is None
    accounts.set_disabled(rogue.id, False, by=admin.id)
    assert [accounts.invitation(token) for token in before] == [None, None]
    assert accounts.invitation(new_password)["account"] == "Rogue"


@sqlite_only
def test_the_last_administrator_stays_also_by_a_link(accounts, admin):
    token = accounts.invite("viewer", by=admin.id)
    with pytest.raises(InputError, match="only administrator"):
        accounts.promote(token, admin.id)
    assert accounts.get(admin.id).role == "admin"


@sqlite_only
@pytest.mark.parametrize("name", ["Ada", "ADA", "ada", "\uff21da"])
def test_two_people_do_not_look_alike(accounts, admin, name):
    token = accounts.invite("annotator", by=admin.id)
    with pytest.raises(InputError, match="taken"):
        accounts.join(token, name, "h")
    assert accounts.invitation(token) is not None  # and the link still works
    assert accounts.join(token, "Bob", "h").role == "annotator"


@sqlite_only
def test_votes_of_someone_else_are_not_taken_over(accounts, admin, workspace):
    workspace.writer.ensure_annotator("Maria")
    open_to_all = accounts.invite("annotator", by=admin.id)
    with pytest.raises(InputError, match="votes under the name maria already"):
        accounts.join(open_to_all, "maria", "h")
    meant = accounts.invite("annotator", by=admin.id, name="Maria")
    assert accounts.join(meant, "whatever else", "h").name == "Maria"


def test_an_invitation_is_used_once_by_however_many(accounts, admin):
    token = accounts.invite("annotator", by=admin.id)
    made, refused = [], []

    def join(number):
        try:
            made.append(accounts.join(token, f"person {number}", "h"))
        except InputError as error:
            refused.append(error)

    threads = [threading.Thread(target=join, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(made), len(refused)) == (1, 7)


def test_every_change_ends_what_is_open_and_is_in_the_log(accounts, admin):
    bob = accounts.join(accounts.invite("annotator", by=admin.id), "Bob", "h")
    epochs = [bob.epoch]
    for change in (
        lambda: accounts.set_role(bob.id, "expert", by=admin.id),
        lambda: accounts.set_disabled(bob.id, True, by=admin.id),
        lambda: accounts.set_disabled(bob.id, False, by=admin.id),
        lambda: accounts.sign_out(bob.id, by=bob.id),
        lambda: accounts.set_password(bob.id, "h2", by=bob.id),
    ):
        change()
        epochs.append(accounts.get(bob.id).epoch)
    assert epochs == sorted(set(epochs))
    accounts.set_role(bob.id, "expert", by=admin.id)  # no change
    assert accounts.get(bob.id).epoch == epochs[-1]
    log = [(e["actor"], e["account"], e["kind"], e["before"], e["after"]) for e in accounts.log()]
    assert log[::-1] == [
        (None, None, "invited", "", "admin"),
        ("Ada", "Ada", "joined", "", "admin"),
        ("Ada", None, "invited", "", "annotator"),
        ("Bob", "Bob", "joined", "", "annotator"),
        ("Ada", "Bob", "role", "annotator", "expert"),
        ("Ada", "Bob", "disabled", "", ""),
        ("Ada", "Bob", "enabled", "", ""),
        ("Bob", "Bob", "signed-out", "", ""),
        ("Bob", "Bob", "password", "", ""),
    ]


def test_a_browser_that_was_left_is_signed_in_no_more(accounts, admin):
    bob = accounts.join(accounts.invite("annotator", by=admin.id), "Bob", "h")
    before = accounts.log()
    accounts.leave(bob.id, "one")
    assert accounts.signed_in(bob.id, bob.epoch, "one") is None
    assert accounts.signed_in(bob.id, bob.epoch, "two").name == "Bob"
    assert accounts.signed_in(admin.id, admin.epoch, "one").name == "Ada"
    assert accounts.log() == before
    accounts.sign_out(bob.id, by=bob.id)
    assert accounts.signed_in(bob.id, bob.epoch, "two") is None
    assert accounts.signed_in(bob.id, bob.epoch + 1, "two").name == "Bob"
    accounts.set_disabled(bob.id, True, by=admin.id)
    assert accounts.signed_in(bob.id, bob.epoch + 2, "two") is None


@sqlite_only
def test_the_last_administrator_stays(accounts, admin):
    for change in (
        lambda: accounts.set_role(admin.id, "viewer", by=admin.id),
        lambda: accounts.set_disabled(admin.id, True, by=admin.id),
        lambda: accounts.erase(admin.id, by=admin.id),
    ):
        with pytest.raises(InputError, match="only administrator"):
            change()
    accounts.join(accounts.invite("admin", by=admin.id), "Grace", "h")
    accounts.set_role(admin.id, "viewer", by=admin.id)
    assert accounts.get(admin.id).role == "viewer"


@sqlite_only
def test_a_new_password_comes_by_a_link_too(accounts, admin):
    token = accounts.invite("admin", by=admin.id, account=admin.id)
    assert accounts.invitation(token)["account"] == "Ada"
    again = accounts.join(token, "", "hash-b")
    assert (again.id, again.password) == (admin.id, "hash-b")
    assert again.epoch > admin.epoch


@pytest.mark.parametrize("how", ["by another link", "by themselves"])
def test_a_new_password_ends_the_other_links_for_one(accounts, admin, how):
    bob = accounts.join(accounts.invite("annotator", by=admin.id), "Bob", "h")
    older, newer = (accounts.invite("annotator", by=admin.id, account=bob.id) for _ in range(2))
    others = accounts.invite("admin", by=None, account=admin.id)
    if how == "by themselves":
        accounts.set_password(bob.id, "h2", by=bob.id)
        with pytest.raises(InputError, match="used"):
            accounts.join(newer, "", "h3")
    else:
        accounts.join(newer, "", "h2")
    with pytest.raises(InputError, match="used"):
        accounts.join(older, "", "h3")
    assert accounts.get(bob.id).password == "h2"
    assert accounts.invitation(others)["account"] == "Ada"
    again = accounts.invite("annotator", by=admin.id, account=bob.id)
    assert accounts.join(again, "", "h4").password == "h4"


def test_a_person_is_forgotten_and_their_votes_stay(filled, accounts, admin):
    bob = accounts.join(accounts.invite("expert", by=admin.id), "Bob", "h")
    writer, reader = filled.writer, filled.reader
    annotator = writer.ensure_annotator("Bob")
    questions = writer.claim(annotator, DOG, 3, batch="b")
    events = [{"id": str(uuid.uuid4()), "question_id": q, "answer": "yes"} for q in questions]
    writer.record_votes(annotator, events)
    verdict = {"question_id": questions[0], "verdict": "accept", "reason": "", "decided_by": "Bob"}
    writer.record_expert_verdicts([{"id": str(uuid.uuid4()), **verdict}])
    writer.judge_annotator("Bob", "exclude", by="Bob")
    writer.judge_annotator("Bob", "include", by="Ada")
    basket = filled.selection_file("Bob")
    basket.parent.mkdir()
    basket.write_text("n02084071\n")
    before = reader.votes()
    assert filled.forget(bob.id, by=admin.id) == f"erased-{bob.id}"
    assert [file.name for file in basket.parent.iterdir()] == [f"erased-{bob.id}.txt"]
    after = reader.votes()
    assert after.drop(columns="annotator").equals(before.drop(columns="annotator"))
    assert set(after["annotator"]) == {f"erased-{bob.id}"}
    assert reader.expert_verdicts()["decided_by"].tolist() == [f"erased-{bob.id}"]
    assert reader.annotator_verdicts()["decided_by"].tolist() == [f"erased-{bob.id}", "Ada"]
    assert check_counters(filled) == []
    assert accounts.get(bob.id) is None
    assert accounts.named("Bob") is None
    with filled.engine.connect() as connection:  # nowhere in any table
        for table in sa.inspect(connection).get_table_names():
            for row in connection.execute(sa.text(f'SELECT * FROM "{table}"')):
                assert "Bob" not in map(str, row), table
    for table in ("expert_verdict", "annotator_verdict", "account_event"):
        change = f"UPDATE {table} SET seq = seq"
        with pytest.raises(sa.exc.DBAPIError, match="append-only"), filled.engine.begin() as connection:
            connection.execute(sa.text(change))
    assert accounts.log(1)[0]["account"] == f"erased-{bob.id}"
    accounts.join(accounts.invite("annotator", by=admin.id), "Bob", "h")  # the name is free again


LONG = "\u4f50\u85e4" * 32
"""A name of 64 characters, which are 576 when they are quoted."""


@sqlite_only
@pytest.mark.parametrize("name", [LONG, LONG[:27], "x" * 64])
def test_a_person_of_a_long_name_is_forgotten_too(workspace, accounts, admin, name):
    person = accounts.join(accounts.invite("annotator", by=admin.id), name, "h")
    basket = workspace.selection_file(name)
    basket.parent.mkdir()
    basket.write_text("n02084071\n")
    basket.with_name(f".{basket.name}-12345678").write_text("")  # as it is written aside
    basket.with_name(f".{basket.name}-12345678").unlink()
    pseudonym = workspace.forget(person.id, by=admin.id)
    assert [file.name for file in basket.parent.iterdir()] == [f"{pseudonym}.txt"]


@sqlite_only
def test_files_of_long_names_are_one_for_each(workspace):
    digest = workspace.selection_file(LONG).stem
    names = [LONG, LONG[:-1], digest[:64], digest[1:65], "x" * 64]
    assert len({workspace.selection_file(name) for name in names}) == len(names)
    assert workspace.selection_file(LONG[:26]).name.startswith("%E4%BD%90")  # as before


@sqlite_only
def test_a_file_that_cannot_be_renamed_is_named(workspace, accounts, admin):
    bob = accounts.join(accounts.invite("annotator", by=admin.id), "Bob", "h")
    basket = workspace.selection_file("Bob")
    workspace.selection_file(f"erased-{bob.id}").mkdir(parents=True)  # in its way
    basket.write_text("n02084071\n")
    with pytest.raises(WorkspaceError, match="forgotten in the database") as caught:
        workspace.forget(bob.id, by=admin.id)
    assert str(basket) in caught.value.message
    assert str(workspace.folder) not in caught.value.shown + caught.value.remedy
    assert accounts.named("Bob") is None
