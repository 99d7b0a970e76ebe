"""A synset with few votes gains from what is known of its workers elsewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting import DawidSkene, HierarchicalDawidSkene, MajorityVote, encode_votes
from synsetlab.voting.scoring import score


def synsets(seed: int, small: int = 15) -> tuple[pd.DataFrame, dict[str, str]]:
    """Eight synsets of different difficulty and share of yes; the last has `small` tasks."""
    rng = np.random.default_rng(seed)
    skill = np.concatenate([rng.uniform(2.0, 3.0, 6), rng.uniform(-0.3, 0.4, 9)])
    lean = rng.normal(0, 0.5, 15)
    rows, truth = [], {}
    for synset in range(8):
        hard, share = rng.uniform(0.0, 0.8), rng.uniform(0.3, 0.8)
        for task in range(small if synset == 7 else 100):
            name = f"{synset}/{task}"
            yes = rng.random() < share
            truth[name] = "yes" if yes else "no"
            for worker in rng.choice(15, 5, replace=False):
                logit = (1 if yes else -1) * (skill[worker] - hard) + lean[worker]
                label = "yes" if rng.random() < 1 / (1 + np.exp(-logit)) else "no"
                rows.append((name, f"w{worker}", label, f"n{synset}"))
    return pd.DataFrame(rows, columns=["task", "worker", "label", "synset"]), truth


def test_a_synset_with_few_votes_borrows_strength() -> None:
    gained, alone, counted = [], [], []
    for seed in range(8):
        votes, truth = synsets(seed)
        few = votes[votes["synset"] == "n7"]
        answers = {task: label for task, label in truth.items() if task.startswith("7/")}
        together = HierarchicalDawidSkene().fit(votes).predict()
        gained.append(np.mean([together[task] == label for task, label in answers.items()]))
        alone.append(score(DawidSkene().fit(few), answers).accuracy)
        counted.append(score(MajorityVote().fit(few), answers).accuracy)
    assert np.mean(gained) > np.mean(alone) + 0.08
    assert np.mean(gained) > np.mean(counted) + 0.08


def test_it_finds_whose_synset_is_hard_and_who_is_careful() -> None:
    rng = np.random.default_rng(3)
    skill = {"careful": 0.97, "fair": 0.85, "weak": 0.7}
    rows = []
    for synset, (share, spoil) in {"easy": (0.8, 0.0), "hard": (0.3, 0.25)}.items():
        for task in range(400):
            truth = rng.random() < share
            for worker, right in skill.items():
                correct = rng.random() < right - spoil
                rows.append((f"{synset}{task}", worker, "yes" if truth == correct else "no", synset))
    votes = pd.DataFrame(rows, columns=["task", "worker", "label", "synset"])
    model = HierarchicalDawidSkene().fit(votes)
    assert model.converged_
    assert model.groups_.tolist() == ["easy", "hard"]
    diagonal = model.confusion_.diagonal(axis1=1, axis2=2).mean(axis=1)
    careful, fair, weak = (diagonal[model.votes_.workers.tolist().index(name)] for name in skill)
    assert careful > fair > weak
    easy, hard = model.group_confusion_.diagonal(axis1=1, axis2=2).mean(axis=1)
    assert easy > hard + 0.1
    assert model.group_prior_[0, 1] == pytest.approx(0.8, abs=0.1)
    assert model.group_prior_[1, 1] == pytest.approx(0.3, abs=0.15)
    np.testing.assert_allclose(model.confusion_.sum(axis=2), 1)
    np.testing.assert_allclose(model.group_prior_.sum(axis=1), 1)


def test_one_synset_labels_as_dawid_skene_does() -> None:
    votes, _ = synsets(1)
    one = votes[votes["synset"] == "n2"]
    same = HierarchicalDawidSkene().fit(one).predict()
    assert (same == DawidSkene().fit(one).predict()).mean() >= 0.9


def test_names_order_gold_and_unsure() -> None:
    votes, truth = synsets(2)
    model = HierarchicalDawidSkene(max_iter=20, tol=0)
    one = model.fit(votes).predict_proba()
    shuffled = votes.sample(frac=1, random_state=0).assign(worker=lambda frame: "x" + frame["worker"])
    other = HierarchicalDawidSkene(max_iter=20, tol=0).fit(shuffled).predict_proba()
    np.testing.assert_allclose(other.loc[one.index], one, atol=1e-9)
    mapping = dict(zip(votes["task"], votes["synset"], strict=True))
    unsure = votes.assign(label=votes["label"].where(votes.index % 7 > 0, "unsure"))
    encoded = encode_votes(unsure, not_classes=["unsure"])
    found = HierarchicalDawidSkene().fit(encoded, {"7/0": "no"}, groups=mapping)
    assert found.confusion_.shape == (15, 2, 3)
    assert found.predict()["7/0"] == "no"
    assert score(found, truth).accuracy > 0.8


def test_groups_are_checked() -> None:
    votes, _ = synsets(0)
    with pytest.raises(MissingColumnError, match="wnid"):
        HierarchicalDawidSkene().fit(votes, groups="wnid")
    with pytest.raises(InputError, match="two groups"):
        HierarchicalDawidSkene().fit(votes.assign(synset=[f"n{i}" for i in range(len(votes))]))
    with pytest.raises(InputError, match="no group"):
        HierarchicalDawidSkene().fit(votes, groups={"0/0": "n0"})
    with pytest.raises(InputError, match="mapping"):
        HierarchicalDawidSkene().fit(encode_votes(votes))
    with pytest.raises(InputError, match="needs the group"):
        HierarchicalDawidSkene().fit_encoded(encode_votes(votes))
    with pytest.raises(InputError, match="positive"):
        HierarchicalDawidSkene(worker_strength=0)
