"""A person who is forgotten: no name is left, however it was written, and votes count as before."""

from __future__ import annotations

import json
import uuid

import pytest
import sqlalchemy as sa

from synsetlab.errors import InputError
from synsetlab.store import schema as t
from synsetlab.store.erasure import pseudonymise
from synsetlab.voting.consensus import run_consensus, stored_model
from synsetlab.voting.policy import FixedPolicy

NAME = "Zuzana Wolfeschlegel"
OTHERS = ("ann", "bob", "cleo")


def vote(workspace, name: str, answer: str = "yes", questions=range(1, 11)) -> None:
    given = [{"id": str(uuid.uuid4()), "question_id": q, "answer": answer} for q in questions]
    workspace.writer.record_votes(workspace.writer.ensure_annotator(name), given)


def traces(workspace, word: str) -> list[str]:
    """Tables and columns that hold the word, in any case."""
    with workspace.engine.connect() as connection:
        return [
            f"{table.name}.{column}"
            for table in t.Base.metadata.sorted_tables
            for row in connection.execute(sa.select(table)).mappings()
            for column, value in row.items()
            if word.lower() in str(value).lower()
        ]


def fitted(workspace) -> None:
    for name in OTHERS:
        vote(workspace, name)
        vote(workspace, name, "no", [9, 10])
    vote(workspace, NAME, questions=range(1, 9))
    vote(workspace, NAME, "no", [9, 10])
    run_consensus(workspace, FixedPolicy(votes=3))


def test_the_fitted_skill_follows_the_votes(filled):
    fitted(filled)
    before, version = stored_model(filled), filled.reader.setting("answer_model_version")
    account = filled.accounts.admit(NAME, "annotator").id
    pseudonym = filled.forget(account, by=None)
    after = stored_model(filled)
    assert set(after.by_annotator) == {*OTHERS, pseudonym}
    for answer in ("yes", "no"):
        assert after.evidence(pseudonym, answer) == before.evidence(NAME, answer)
        assert after.evidence(pseudonym, answer) != after.evidence(None, answer)
    assert filled.reader.setting("answer_model_version") != version, "a server that runs reads it anew"
    assert traces(filled, "wolfe") == []


def test_a_run_keeps_no_name_that_was_forgotten_while_it_judged(filled, monkeypatch):
    record = filled.writer.record_decisions

    def record_late(policy, rows):
        record(policy, rows)
        filled.forget_without_account(NAME)

    monkeypatch.setattr(filled.writer, "record_decisions", record_late)
    fitted(filled)
    assert set(stored_model(filled).by_annotator) == set(OTHERS)
    assert traces(filled, "wolfe") == []


def test_a_pseudonym_that_is_taken_is_left_to_whom_it_is(filled):
    for name in ("erased-1", "Erased-1-2", "Anna"):
        vote(filled, name)
    account = filled.accounts.admit("Anna", "annotator").id
    assert account == 1
    assert filled.forget(account, by=None) == "erased-1-3"
    assert set(filled.reader.votes()["annotator"]) == {"erased-1", "Erased-1-2", "erased-1-3"}


def test_every_spelling_goes(filled):
    writer = filled.writer
    spellings = (NAME, NAME.lower(), f"{NAME} ", NAME.replace(" ", "  "))
    for name in spellings[:2]:
        vote(filled, name)
    vote(filled, "spam")
    image = filled.reader.images()["id"].iloc[0]
    with writer.transaction() as connection:  # as earlier versions wrote them
        number = connection.execute(sa.select(t.Annotator.id).where(t.Annotator.name == "spam")).scalar_one()
        now = connection.execute(sa.select(t.Image.imported_at)).scalars().first()
        by = {"decided_at": now, "verdict": "exclude", "annotator_id": number}
        rows = [{**by, "decided_by": name} for name in spellings]
        connection.execute(sa.insert(t.AnnotatorVerdict), rows)
        by = {"decided_at": now, "verdict": "keep", "image_id": image, "cluster_id": image}
        rows = [{**by, "decided_by": name} for name in (*spellings, "policy")]
        connection.execute(sa.insert(t.DuplicateVerdict), rows)
        run = {"kind": "relabel", "argument": spellings[2], "started_at": now}
        connection.execute(sa.insert(t.ImportRun), run)
    filled.accounts.invite("annotator", by=None, name=NAME.upper())
    for name in spellings[:2]:
        filled.selection_file(name).parent.mkdir(exist_ok=True)
        filled.selection_file(name).write_text("n02084071\n")
    assert filled.forget(filled.accounts.admit(NAME, "expert").id, by=None) == "erased-1"
    assert traces(filled, "wolfe") == []
    assert set(filled.reader.votes()["annotator"]) == {"erased-1", "erased-1-2", "spam"}
    assert filled.reader.duplicate_verdicts()["decided_by"].tolist()[-1] == "policy"
    assert [file.name for file in (filled.folder / "selections").iterdir()] == ["erased-1.txt"]
    assert filled.accounts.invitations() == []


def test_someone_without_an_account_is_forgotten_too(filled):
    fitted(filled)
    filled.writer.judge_annotator("bob", "exclude", by="worker-01", reason="no")
    before = filled.reader.votes(effective=False)
    assert filled.forget_without_account("ANN") == "erased-person"
    assert filled.forget_without_account("worker-01") == "erased-person-2"
    after = filled.reader.votes(effective=False)
    assert after.drop(columns="annotator").equals(before.drop(columns="annotator"))
    assert set(after["annotator"]) == {"erased-person", "bob", "cleo", NAME}
    assert filled.reader.annotator_verdicts()["decided_by"].tolist() == ["erased-person-2"]
    assert "erased-person" in stored_model(filled).by_annotator
    assert [event["kind"] for event in filled.accounts.log(2)] == ["erased", "erased"]
    for name, words in (("ann", "Nobody called 'ann'"), ("policy", "Nobody"), ("erased-person", "pseudonym")):
        with pytest.raises(InputError, match=words):
            filled.forget_without_account(name)


def test_a_model_holds_only_people_of_the_workspace(filled):
    """A spelling of the name that is no annotator's would be nobody's skill, and a name all the same."""
    fitted(filled)
    kept = json.loads(filled.reader.setting("answer_model"))
    kept["by_annotator"][NAME.lower()] = kept["by_annotator"][NAME]
    filled.writer.set_settings({"answer_model": json.dumps(kept)})
    with filled.writer.transaction() as connection:
        pseudonymise(connection, NAME, "erased-9")
    assert set(stored_model(filled).by_annotator) == {*OTHERS, "erased-9"}
