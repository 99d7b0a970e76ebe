"""The whole line on a thousand real photographs, from the command line, to an exported release."""

from __future__ import annotations

import csv
import json

import pytest

from synsetlab import Workspace
from synsetlab.candidates.mapping import read_map_file
from synsetlab.cli import main
from synsetlab.release.verify import load_release
from synsetlab.simulate.classifier import predict_by_neighbours

pytestmark = [pytest.mark.real_data, pytest.mark.wordnet, pytest.mark.slow]


def write_manifest(file, clothing, mapping) -> None:
    """Each photograph is a candidate for its class, and every fourth for the next class too, wrongly."""
    classes = sorted(mapping)
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["path", "wnid", "licence", "author", "title"])
        for place, label in enumerate(classes):
            for number, photo in enumerate(sorted((clothing / label).iterdir())):
                row = ["CC0-1.0", "the clothing dataset", f"{label} {number}"]
                writer.writerow([photo.resolve(), mapping[label], *row])
                if number % 4 == 0:
                    writer.writerow([photo.resolve(), mapping[classes[(place + 1) % len(classes)]], *row])


def write_truth(file, workspace, mapping) -> dict[tuple[str, str], str]:
    """The class is the photograph's folder: an image shows a synset if its title begins with that class."""
    label_of = {wnid: label for label, wnid in mapping.items()}
    candidates = workspace.reader.candidates()
    truth = {
        (row["image_id"], row["wnid"]): "yes" if row["title"].split()[0] == label_of[row["wnid"]] else "no"
        for row in candidates.to_dict("records")
    }
    with file.open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["image_id", "wnid", "truth", "difficulty"])
        writer.writerows([image, wnid, known, "0.05"] for (image, wnid), known in truth.items())
    return truth


def run(*arguments: object) -> None:
    assert main([str(argument) for argument in arguments]) == 0, arguments


def test_a_thousand_photographs_become_a_release(tmp_path, shared_data, wordnet, root, capsys):
    mapping = read_map_file(root / "data" / "clothing_classes.csv")
    write_manifest(tmp_path / "rows.csv", shared_data / "clothing", mapping)
    home = tmp_path / "ws"
    run("init", home)
    run("import", "manifest", tmp_path / "rows.csv", "-w", home)
    run("dedup", "run", "-w", home)
    with Workspace.open(home) as workspace:
        assert workspace.reader.counts()["images"] == 1000
        truth = write_truth(tmp_path / "truth.csv", workspace, mapping)
    assert len(truth) == 1250
    for seed in range(4):  # vote, judge, vote on what is undecided, ...
        run("votes", "simulate", "--truth", tmp_path / "truth.csv", "--seed", seed, "-w", home)
        run("consensus", "run", "-w", home)
    run("consensus", "rebuild", "--check", "-w", home)
    release = tmp_path / "release"
    run("freeze", "-o", release, "--seed", 3, "-w", home)
    run("verify", release)
    run("export", release, "--format", "imagefolder", "-o", tmp_path / "exported", "-w", home)
    images = load_release(release)["images"]
    exported = list((tmp_path / "exported").rglob("*.JPEG"))
    assert len(exported) == len(images)
    right = [truth[row["image_id"], row["wnid"]] == "yes" for row in images.to_dict("records")]
    assert sum(right) / len(right) >= 0.96  # the nominal .95 of the policy, and some
    assert sum(right) >= 900
    assert images.groupby("wnid").size().min() >= 80
    with Workspace.open(home) as workspace:
        predict_by_neighbours(release, workspace).to_csv(tmp_path / "guesses.csv", index=False)
    capsys.readouterr()
    score = (
        "evaluate",
        "--release",
        release,
        "--split",
        "val",
        "--predictions",
        tmp_path / "guesses.csv",
        "--json",
    )
    run(*score)
    scored = json.loads(capsys.readouterr().out)
    assert 0 < scored["top5_error"] <= scored["top1_error"] < 0.9
