"""Gates: each says what is against a release, how many, and what to do."""

from __future__ import annotations

import csv
import json

import pytest

from synsetlab.cli import main
from synsetlab.errors import InputError
from synsetlab.release import ReleasePolicy, check_gates, freeze, write_audit_sample
from synsetlab.release.audit import wilson
from synsetlab.release.verify import load_release, read_release

WNIDS = ("n02084071", "n02121620", "n02374451")


def gates(workspace, **fields):
    options = {name: fields.pop(name) for name in ("audit",) if name in fields}
    return {block.gate: block for block in check_gates(workspace, ReleasePolicy(**fields), **options)}


def test_nothing_blocks_a_plain_release(voted):
    assert gates(voted) == {}
    assert gates(voted, min_votes=3, require_decisions=True, require_no_disputes=True) == {}
    assert gates(voted, cross_split_distance=0, excluded_synsets=["n00001740"]) == {}


def test_each_gate_counts(voted):
    accepted = voted.reader.questions().query("outcome == 'accepted'")
    found = gates(
        voted,
        require_licence=True,
        require_attribution=True,
        min_votes=4,
        excluded_synsets=[WNIDS[0]],
        min_precision=0.9,
        cross_split_distance=30,
    )
    assert set(found) == {
        "licence", "attribution", "min_votes", "excluded_synsets", "precision", "cross_split_pairs"
    }  # fmt: skip
    assert found["attribution"].count == found["min_votes"].count == len(accepted)
    assert found["excluded_synsets"].examples == [WNIDS[0]]
    for block in found.values():
        assert block.remedy
        assert block.count >= len(block.examples)
    assert found["min_votes"].examples == sorted(accepted["image_id"])[:5]


def test_hashes_of_two_kinds_are_not_compared(voted):
    images = voted.reader.images()["id"].tolist()
    rows = [{"id": image, "phash": f"{place:016x}", "phash_name": "a"} for place, image in enumerate(images)]
    voted.writer.set_phashes([*rows[:-1], {**rows[-1], "phash_name": "b"}])
    with pytest.raises(InputError, match="different kinds: a, b"):
        gates(voted, cross_split_distance=0)
    assert gates(voted) == {}


def test_what_waits_for_an_expert_or_is_open_blocks(voted):
    questions = voted.reader.questions()
    ids = questions.loc[questions["outcome"] == "rejected", "id"].tolist()
    from synsetlab.review.escalation import give_verdict

    give_verdict(voted, int(ids[0]), "more-votes", by="maria")
    assert gates(voted, require_decisions=True)["decisions"].count == 1
    assert gates(voted, require_no_disputes=True) == {}


def test_the_command_lists_them(voted, tmp_path, capsys):
    (tmp_path / "policy.toml").write_text("require_licence = true\n")
    arguments = ["freeze", "--check", "--policy", str(tmp_path / "policy.toml"), "-w", str(voted.folder)]
    assert main([*arguments, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ready"] is told["ok"] is False
    (block,) = told["blocking"]
    assert set(block) == {"gate", "count", "examples", "remedy", "message"}
    assert told["blocks"] == [block["message"]]
    assert block["gate"] == "licence"
    assert main(["freeze", "--check", "-w", str(voted.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ready"], told["blocking"]) == (True, [])


def fill(file, answer):
    with file.open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    for number, row in enumerate(rows):
        row["correct"] = answer(number)
    with file.open("w", newline="") as opened:
        writer = csv.DictWriter(opened, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)


def test_an_audit_is_drawn_filled_in_and_kept_in_the_release(voted, tmp_path):
    file = tmp_path / "audit.csv"
    rows = write_audit_sample(voted, file)
    assert rows == fill(file, lambda _: "yes") == 60  # three classes, twenty images of each
    assert gates(voted, min_precision=0.9, audit=file) == {}
    assert gates(voted, min_precision=0.99, audit=file)["precision"].count == 0  # 60 of 60: at least .94
    freeze(voted, tmp_path / "a", policy=ReleasePolicy(min_precision=0.9), audit=file)
    audit = read_release(tmp_path / "a")["audit"]
    assert (audit["precision"], audit["synsets"], audit["images"]) == (1.0, 3, 60)
    assert audit["interval"][0] == pytest.approx(60 / (60 + 1.959963984540054**2))
    assert "Experts looked at 60 images" in (tmp_path / "a" / "DATASHEET.md").read_text()
    fill(file, lambda number: "no" if number < 20 else "unsure" if number == 20 else "yes")
    block = gates(voted, min_precision=0.9, audit=file)["precision"]
    assert block.count == 21
    with pytest.raises(InputError, match="cannot be written"):
        write_audit_sample(voted, file)


def test_audits_that_cannot_be_used(voted, tmp_path):
    file = tmp_path / "audit.csv"
    write_audit_sample(voted, file)
    with pytest.raises(InputError, match="line 2: correct is ''"):
        gates(voted, audit=file)
    file.write_text(f"image,wnid,correct\n{'0' * 64},{WNIDS[0]},yes\n")
    with pytest.raises(InputError, match="does not hold"):
        gates(voted, audit=file)
    file.write_text("image,wnid,correct\n")
    with pytest.raises(InputError, match="no rows"):
        gates(voted, audit=file)


def test_wilson_against_published_values():
    """Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    for successes, trials, low, high in (
        (81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)
    ):  # fmt: skip
        assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_small_classes_are_dropped_or_merged(voted, tmp_path):
    dog, cat, horse = WNIDS
    voted.writer.add_synsets([], [{"parent": horse, "child": dog}])
    sizes = voted.reader.questions().query("outcome == 'accepted'").groupby("wnid").size()
    least = int(sizes[dog]) + 1
    assert sizes[horse] != sizes[dog] or sizes[cat] != sizes[dog]
    keep = {wnid for wnid in WNIDS if sizes[wnid] >= least}
    freeze(voted, tmp_path / "a", policy=ReleasePolicy(min_per_class=least))
    assert set(load_release(tmp_path / "a")["images"]["wnid"]) == keep
    assert read_release(tmp_path / "a")["left_out"][dog] == sizes[dog]
    freeze(voted, tmp_path / "b", policy=ReleasePolicy(min_per_class=least, small_classes="merge"))
    images = load_release(tmp_path / "b")["images"]
    assert (images["wnid"] == horse).sum() == sizes[dog] + sizes[horse]
    assert (images["asked_wnid"] == dog).sum() == sizes[dog]
    assert read_release(tmp_path / "b")["merged"] == {dog: horse}
