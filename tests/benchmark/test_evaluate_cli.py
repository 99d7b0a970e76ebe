"""The command: its keys, its exit codes, its cost of loading, releases."""

from __future__ import annotations

import shutil
import subprocess
import sys
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from synsetlab import Workspace
from synsetlab.benchmark import mistakes, release_truth, send_back
from synsetlab.cli import main
from synsetlab.errors import InputError
from synsetlab.release import open_sealed
from synsetlab.release.verify import load_release

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Run = Callable[..., tuple[int, dict[str, Any]]]

KEYS = [
    "schema_version", "n", "excluded", "n_classes", "guesses", "ids", "order",
    *(f"top{k}_error" for k in range(1, 6)), *(f"top{k}_accuracy" for k in range(1, 6)),
    "multi_label_accuracy", "hierarchy", "hierarchical_error", "hierarchical_height", "root_height",
    "hierarchical_reason", "interval_level", "intervals", "seed", "per_class", "per_subtree",
    "per_frequency", "calibration", "warnings",
]  # fmt: skip


def test_the_keys(run: Run, truth: Path) -> None:
    code, found = run("evaluate", "--truth", truth, "--predictions", truth)
    assert code == 0
    assert list(found) == KEYS
    assert found["n"] == 4
    assert found["top1_error"] == 0
    assert found["intervals"]["top1_error"] == [0, 0]
    assert [row["wnid"] for row in found["per_class"]] == ["n02084071", "n02121620", "n02374451"]


@pytest.mark.usefixtures("wordnet")
def test_hierarchical_keys(run: Run, truth: Path) -> None:
    _, found = run("evaluate", "--truth", truth, "--predictions", truth)
    assert list(found["hierarchical_error"]) == [f"top{k}" for k in range(1, 6)]
    assert found["root_height"] == 19
    assert found["hierarchical_reason"] is None


def test_without_wordnet_the_flat_errors_are_there(truth: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from synsetlab.cli import main; "
        f"sys.exit(main(['evaluate', '--truth', {str(truth)!r}, '--predictions', {str(truth)!r}, '--json']))"
    )
    # An isolated interpreter with an empty data folder: there is no WordNet for it.
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"SYNSETLAB_DATA": str(tmp_path / "nothing"), "HOME": str(tmp_path), "PATH": "/nowhere"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert '"top1_error": 0.0' in done.stdout
    assert '"hierarchical_error": null' in done.stdout
    assert "WordNet" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Give either --release DIR or --truth FILE"),
        (["--truth", "x.csv", "--release", "y"], "Give either"),
        (["--truth", "x.csv", "--split", "val"], "--split goes with --release"),
        (["--release", "x", "--truth-ids", "wnid"], "--truth-ids goes with --truth"),
        (["--truth", "nowhere.csv"], "no file nowhere.csv"),
        (["--truth", "nowhere.csv", "--ids", "coco"], "coco"),
    ],
)
def test_wrong_use_exits_with_2(run: Run, arguments: list[str], said: str) -> None:
    code, found = run("evaluate", *arguments, "--predictions", "p.csv")
    assert code == 2
    assert said in found["error"]["message"]


def test_a_table_for_people(capsys: pytest.CaptureFixture[str], truth: Path) -> None:
    assert main(["evaluate", "--truth", str(truth), "--predictions", str(truth)]) == 0
    said = capsys.readouterr()
    assert "4 images of 3 classes" in said.out
    assert "top-1 error" in said.out
    assert "at most one guess" in said.err


def test_the_room_is_cheap_to_enter() -> None:
    code = (
        "import sys, synsetlab.benchmark.scoring; "
        "print(sorted({'pandas', 'pyarrow', 'scipy', 'nltk', 'sqlalchemy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- releases


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace of three classes, some pictures of two of them; v2 of its releases seals test."""
    from synsetlab.release import ReleasePolicy, freeze
    from synsetlab.voting.consensus import run_consensus
    from synsetlab.voting.policy import FixedPolicy

    home = tmp_path_factory.mktemp("frozen")
    day = datetime(2026, 3, 4, tzinfo=UTC)
    with Workspace.create(home / "workspace") as workspace:
        chosen = [
            {"wnid": w, "lemmas": [w], "gloss": "made up", "path": ["entity", w], "chosen": True}
            for w in WNIDS
        ]
        workspace.writer.add_synsets(chosen, [])
        run = workspace.writer.start_import("folder", "made up")
        ids = [workspace.blobs.put(f"picture {number}".encode()) for number in range(90)]
        blank = {"format": "JPEG", "width": 4, "height": 3, "bytes": 9, "mean_color": "#000000"}
        images = [{"id": i, "phash": i[:16], "phash_name": "none", "imported_at": day, **blank} for i in ids]
        wnids = [(i, WNIDS[n % 3]) for n, i in enumerate(ids)] + [(ids[0], WNIDS[1])]
        members = [{"image_id": i, "wnid": wnid, "import_id": run} for i, wnid in wnids]
        workspace.writer.add_images(images, [], members)
        annotator = workspace.writer.ensure_annotator("ann")
        votes = [
            {
                "id": str(uuid.UUID(int=number)),
                "question_id": question["id"],
                "answer": "yes",
                "decided_at": day,
            }
            for number, question in enumerate(workspace.reader.questions().to_dict("records"))
        ]
        workspace.writer.record_votes(annotator, votes)
        run_consensus(workspace, FixedPolicy(votes=1), fit=False)
        freeze(workspace, home / "v1")
        freeze(workspace, home / "v2", policy=ReleasePolicy(sealed=["test"]))
    return home


@pytest.fixture(scope="module")
def release(home: Path) -> Path:
    return home / "v1"


WNIDS = ("n02084071", "n02121620", "n02374451")


@pytest.mark.parametrize("name", ["image_id", "export_name"])
def test_a_release_is_a_truth(run: Run, release: Path, tmp_path: Path, name: str) -> None:
    images = load_release(release)["images"]
    validation = images[images["split"] == "val"]
    assert len(validation)
    made = validation.drop_duplicates("image_id").rename(columns={name: "image"})
    made[["image", "wnid"]].to_csv(tmp_path / "p.csv", index=False)
    code, found = run("evaluate", "--release", release, "--predictions", tmp_path / "p.csv")
    assert code == 0
    assert found["n"] == validation["image_id"].nunique()
    assert found["multi_label_accuracy"] == 1
    assert found["n_classes"] == 3


def test_arrays_stand_in_the_order_of_export_names(run: Run, release: Path, tmp_path: Path) -> None:
    images = load_release(release)["images"]
    train = images[images["split"] == "train"].sort_values("export_name")
    np.save(tmp_path / "p.npy", train.drop_duplicates("image_id")["wnid"].map(WNIDS.index).to_numpy())
    options = ["--release", release, "--split", "train", "--predictions", tmp_path / "p.npy"]
    code, found = run("evaluate", *options)
    assert code == 0
    assert found["multi_label_accuracy"] == 1


def test_another_split_is_named(run: Run, release: Path, tmp_path: Path) -> None:
    images = load_release(release)["images"]
    images.rename(columns={"image_id": "image"})[["image", "wnid"]].to_csv(tmp_path / "p.csv", index=False)
    code, found = run("evaluate", "--release", release, "--predictions", tmp_path / "p.csv")
    assert code == 2
    assert "another split" in found["error"]["remedy"]
    code, found = run("evaluate", "--release", release, "--split", "dev", "--predictions", "p.csv")
    assert code == 2
    assert "train" in found["error"]["remedy"]
    code, found = run("evaluate", "--release", tmp_path, "--predictions", "p.csv")
    assert code == 1
    assert found["error"]["type"] == "ReleaseError"


# ---- sealed labels, and what goes back to review


def test_sealed_labels_come_from_their_file(run: Run, home: Path, tmp_path: Path) -> None:
    opened = open_sealed(home / "v2").drop_duplicates("image_id").rename(columns={"image_id": "image"})
    opened[["image", "wnid"]].to_csv(tmp_path / "p.csv", index=False)
    given = ["--release", home / "v2", "--split", "test", "--predictions", tmp_path / "p.csv"]
    code, found = run("evaluate", *given)
    assert code == 0
    assert found["multi_label_accuracy"] == 1
    assert found["n_classes"] == 3
    sealed = tmp_path / "kept.csv"
    sealed.write_bytes((home / "v2.sealed.csv").read_bytes())
    names = ["--model", "m", "--user", "u", "--date", "2026-03-05"]
    code, found = run("leaderboard", "submit", tmp_path / "board", *given, "--sealed", sealed, *names)
    assert code == 0
    assert found["submission"]["results"]["multi_label_accuracy"] == 1
    text = sealed.read_text("utf-8")
    sealed.write_text(text.replace(WNIDS[0], "n00000000"), "utf-8")
    code, found = run("evaluate", *given, "--sealed", sealed)
    assert code == 1
    assert "does not open" in found["error"]["message"]


def test_sealed_goes_with_a_release(run: Run, truth: Path) -> None:
    code, found = run("evaluate", "--truth", truth, "--predictions", truth, "--sealed", truth)
    assert code == 2
    assert "--sealed goes with --release" in found["error"]["message"]


def test_what_models_get_wrong_goes_back_to_review(home: Path, tmp_path: Path) -> None:
    shutil.copytree(home / "workspace", tmp_path / "workspace")
    truth = release_truth(home / "v1", "val")
    right = [
        truth.classes[code] for code in truth.pair_class[np.unique(truth.pair_image, return_index=True)[1]]
    ]
    other = [WNIDS[(WNIDS.index(name) + 1) % 3] for name in right]
    one = pd.DataFrame({"image": truth.images, "prediction": right, "score": 0.9})
    two = one.assign(prediction=[*other[:3], *right[3:]], score=[0.5, 0.9, 0.7, *[0.9] * len(right[3:])])
    table = mistakes(truth, two, two, one, ids="wnid")
    single = truth.sizes[:3] == 1
    assert table["models"].tolist() == [2] * len(table)
    assert set(table["image"]) >= {name for name, alone in zip(truth.images, single, strict=False) if alone}
    assert table["confidence"].is_monotonic_decreasing
    assert mistakes(truth, one).empty
    with Workspace.open(tmp_path / "workspace") as workspace:
        assert send_back(workspace, table, by="maria") == len(table)
        questions = workspace.reader.questions().set_index(["image_id", "wnid"])
        assert {
            questions.loc[key, "outcome"] for key in zip(table["image_id"], table["wnid"], strict=True)
        } == {"open"}
        said = workspace.reader.expert_verdicts()
        assert said["reason"].str.contains("suspected label error: 2 of the models say").all()
    with pytest.raises(InputError, match="no class 'n00000000'"):
        mistakes(truth, one, wnid="n00000000")
    with pytest.raises(InputError, match="have no image ids"):
        send_back(workspace, table.drop(columns="image_id"), by="maria")
