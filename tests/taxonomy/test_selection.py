"""Selections: every rule, every reason, the same result again."""

from __future__ import annotations

import itertools
import random
import re
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synsetlab.errors import InputError, MissingColumnError, SynsetlabError, UnknownSynsetError
from synsetlab.taxonomy.selection import (
    STRATEGIES,
    Excluded,
    Selection,
    SelectionPolicy,
    Weights,
    antichain,
    choose,
    chosen_frame,
    compare,
    excluded_frame,
    merges_frame,
    select,
    strategies_frame,
    suggest_merges,
    terms_frame,
)

DOG, CAT, POODLE, ANIMAL, CARNIVORE = "n02084071", "n02121620", "n02113335", "n00015388", "n02075296"
TERRIER, HUSKY, PERSON, CHEF = "n02092468", "n02110185", "n00007846", "n09886403"
DOGS = SelectionPolicy(roots=(DOG,), antichain="first")


@pytest.fixture(scope="session")
def within(taxonomy):
    """Names of the families of carnivores, for random subsets."""
    return taxonomy.subtree(CARNIVORE)


# ---- no chosen synset above another


@settings(max_examples=40, deadline=None)
@given(data=st.data())
@pytest.mark.parametrize("way", ["deepest", "shallowest", "first"])
def test_antichain_by_definition(taxonomy, within, way, data):
    given_ = data.draw(
        st.lists(st.sampled_from([*within[:80], DOG, CARNIVORE, POODLE, TERRIER]), max_size=25)
    )
    kept, removed = antichain(taxonomy, given_, way)
    unique = list(dict.fromkeys(given_))
    assert sorted([*kept, *(each.wnid for each in removed)]) == sorted(unique)
    assert not any(taxonomy.is_ancestor(a, b) for a in kept for b in kept)
    if way == "first":
        expected: list[str] = []
        for wnid in unique:
            if not any(taxonomy.is_ancestor(a, wnid) or taxonomy.is_ancestor(wnid, a) for a in expected):
                expected.append(wnid)
    elif way == "deepest":
        expected = [a for a in unique if not any(taxonomy.is_ancestor(a, b) for b in unique)]
    else:
        expected = [a for a in unique if not any(taxonomy.is_ancestor(b, a) for b in unique)]
    assert kept == expected
    for each in removed:
        assert each.because in kept
        above = taxonomy.is_ancestor(each.wnid, each.because)
        assert above or taxonomy.is_ancestor(each.because, each.wnid)
        assert ("an ancestor" if above else "a descendant") in each.reason


def test_the_published_classes_are_an_antichain(taxonomy, shared_data):
    wnids = (shared_data / "taxonomy" / "imagenet_synsets.txt").read_text().split()
    for way in ("deepest", "shallowest", "first"):
        assert antichain(taxonomy, wnids, way) == (wnids, [])


def test_an_antichain_of_nothing_or_the_unknown(taxonomy):
    assert antichain(taxonomy, []) == ([], [])
    with pytest.raises(InputError, match="antichain='widest'"):
        antichain(taxonomy, [DOG], "widest")
    with pytest.raises(UnknownSynsetError):
        antichain(taxonomy, [DOG, "n02084442"])


# ---- every synset of the pool is chosen or has a reason


def explained(taxonomy, policy, folder="."):
    """The selection, once it is seen to account for the whole pool."""
    selection = select(taxonomy, policy, folder=folder)
    out = [each.wnid for each in selection.excluded]
    assert len(out) == len(set(out))
    assert list(selection.wnids) == sorted(set(selection.wnids))
    assert not set(out) & set(selection.wnids)
    assert out == sorted(out)
    assert all(each.reason for each in selection.excluded)
    return selection


def test_the_default_takes_the_most_specific(taxonomy):
    selection = explained(taxonomy, SelectionPolicy(roots=(DOG,)))
    assert list(selection.wnids) == taxonomy.leaves(DOG)
    assert selection.reasons() == {"antichain": 190 - len(selection)}
    assert "is an ancestor of" in selection.why(DOG)
    assert selection.why(POODLE).startswith(f"{POODLE} is an ancestor of")
    assert "no root lies above it" in selection.why(CAT)
    assert selection.why(HUSKY) == f"{HUSKY} is chosen."


def test_shallowest_and_off(taxonomy):
    assert explained(taxonomy, replace(DOGS, antichain="shallowest")).wnids == (DOG,)
    assert list(explained(taxonomy, replace(DOGS, antichain="off")).wnids) == taxonomy.subtree(DOG)


def test_depth_and_height(taxonomy):
    chosen = explained(taxonomy, replace(DOGS, antichain="off", depth=(9, 10), max_height=0))
    assert chosen.wnids
    for wnid in taxonomy.subtree(DOG):
        fits = 9 <= taxonomy.depth_min(wnid) <= 10 and taxonomy.height(wnid) == 0
        assert (wnid in chosen) == fits
    assert chosen.why(DOG) == f"{DOG} has depth 8, outside 9 to 10 (depth)."
    deep = explained(taxonomy, replace(DOGS, antichain="off", depth=(14, 19), depth_kind="max"))
    assert all(taxonomy.depth_max(wnid) >= 14 for wnid in deep.wnids)


def test_lists_win_over_measures_and_exclusions_over_lists(taxonomy, tmp_path):
    (tmp_path / "in.txt").write_text(f"{TERRIER}\n")
    (tmp_path / "out.csv").write_text(f"wnid,why\n{HUSKY},cold\n")
    policy = replace(
        DOGS, depth=(0, 7), include=(CAT,), include_file="in.txt", exclude_file="out.csv",
        exclude_subtrees=("n02087122",),
    )  # fmt: skip
    chosen = explained(taxonomy, policy, tmp_path)
    assert set(chosen.wnids) == {CAT, TERRIER} - set(taxonomy.subtree("n02087122"))
    assert CAT in chosen
    assert chosen.why(TERRIER).endswith("is excluded by name or branch (exclude).")
    assert chosen.why(HUSKY).endswith("is excluded by name or branch (exclude).")
    assert dict(chosen.inputs).keys() == {"include_file", "exclude_file"}


def test_what_is_included_wins_the_antichain(taxonomy):
    for way in ("deepest", "shallowest", "first"):
        chosen = explained(taxonomy, replace(DOGS, include=(TERRIER,), antichain=way))
        assert TERRIER in chosen
        assert not set(taxonomy.descendants(TERRIER)) & set(chosen.wnids)
        assert DOG not in chosen
        assert taxonomy.induce(chosen.wnids).ancestor_pairs == []
    assert HUSKY in explained(taxonomy, SelectionPolicy(roots=(DOG,), include=(TERRIER,)))


def test_particular_things_that_are_listed_get_a_reason(taxonomy, tmp_path):
    plato = taxonomy.search("Plato")[0].wnid
    (tmp_path / "list.txt").write_text(f"{plato}\n{POODLE}\n")
    policy = SelectionPolicy(within="list.txt", persons="keep")
    found = select(taxonomy, policy, folder=tmp_path)
    assert found.wnids == (POODLE,)
    assert [(each.wnid, each.rule) for each in found.excluded] == [(plato, "instance")]
    both = tuple(sorted((plato, POODLE)))
    assert select(taxonomy, replace(policy, instances=True), folder=tmp_path).wnids == both
    assert select(taxonomy, replace(policy, include=(plato,)), folder=tmp_path).wnids == both
    assert select(taxonomy, replace(policy, roots=()), folder=tmp_path).wnids == both


def test_candidates_and_imageability(taxonomy, tmp_path):
    (tmp_path / "counts.csv").write_text(f"\ufeffwnid,count\r\n{POODLE},500\r\n{HUSKY},499.5\r\n", "utf-8")
    (tmp_path / "scores.tsv").write_text(f"name\twnid\tscore\nx\t{POODLE}\t3.9\ny\t{TERRIER}\t4\n")
    policy = replace(DOGS, antichain="off", candidates="counts.csv", min_candidates=500)
    chosen = explained(taxonomy, policy, tmp_path)
    assert chosen.wnids == (POODLE,)
    assert chosen.why(HUSKY) == f"{HUSKY} has 499.5 expected candidates, fewer than 500 (candidates)."
    assert "has 0 expected candidates" in chosen.why(DOG)
    seen = replace(DOGS, antichain="off", imageability="scores.tsv", min_imageability=4)
    chosen = explained(taxonomy, seen, tmp_path)
    assert chosen.wnids == (TERRIER,)
    assert chosen.why(POODLE) == f"{POODLE} has imageability 3.9, less than 4 (imageability)."
    assert "has no imageability score" in chosen.why(HUSKY)
    votes = [f"{POODLE},ann,5", f"{POODLE},bob,1", f"{HUSKY},ann,5", f"{HUSKY},bob,2", f"{HUSKY},bob,4"]
    (tmp_path / "votes.csv").write_text("\n".join(["wnid,worker,score", *votes]))
    voted = explained(taxonomy, replace(seen, imageability="votes.csv"), tmp_path)
    assert voted.why(POODLE) == f"{POODLE} has imageability 3, less than 4 (imageability)."
    assert HUSKY in voted.wnids
    kept = explained(taxonomy, replace(seen, missing_imageability="keep"), tmp_path)
    assert set(kept.wnids) == set(taxonomy.subtree(DOG)) - {POODLE}


def test_persons_stay_out_unless_listed_safe(taxonomy, tmp_path):
    policy = SelectionPolicy(roots=(PERSON,), antichain="off")
    none = explained(taxonomy, policy)
    assert none.wnids == ()
    assert "names no list of safe ones" in none.why(CHEF)
    assert explained(taxonomy, replace(policy, include=(CHEF,))).wnids == ()  # by name or not
    (tmp_path / "safe.txt").write_text(f"{CHEF}\n")
    assert explained(taxonomy, replace(policy, safe="safe.txt"), tmp_path).wnids == (CHEF,)
    unsafe = replace(policy, safe="safe.txt", unsafe="safe.txt")
    assert explained(taxonomy, unsafe, tmp_path).why(CHEF).endswith("is listed as unsafe (safety).")
    assert explained(taxonomy, replace(policy, safe="safe.txt", persons="exclude"), tmp_path).wnids == ()
    assert CHEF in explained(taxonomy, replace(policy, persons="keep"))


def test_the_published_person_lists(taxonomy, shared_data):
    folder = shared_data / "taxonomy"
    policy = SelectionPolicy(
        roots=(PERSON,), within="imagenet22k_synsets.txt", antichain="off",
        safe="person_safe_synsets.txt", unsafe="person_unsafe_synsets.txt",
    )  # fmt: skip
    chosen = explained(taxonomy, policy, folder)
    assert len(chosen) == 1_239
    assert chosen.reasons() == {"safety": 2_833 - 1_239, "instance": 3}


def test_quotas_and_size(taxonomy):
    policy = replace(DOGS, antichain="deepest", quotas={TERRIER: 3}, strategy="random", size=20)
    chosen = explained(taxonomy, policy)
    assert len(chosen) == 20
    assert len(set(chosen.wnids) & set(taxonomy.subtree(TERRIER))) <= 3
    full = explained(taxonomy, replace(policy, size=None))
    assert len(set(full.wnids) & set(taxonomy.subtree(TERRIER))) == 3
    late = next(each for each in full.excluded if each.rule == "quota")
    assert late.because == TERRIER
    assert "after the quota of n02092468 (terrier) was full" in late.reason
    assert explained(taxonomy, replace(policy, quotas={DOG: 0})).wnids == ()
    with pytest.raises(InputError, match="size is 1, and 2 synsets are included"):
        select(taxonomy, replace(policy, size=1, include=(POODLE, HUSKY)))


def test_an_empty_pool_is_an_error(taxonomy, tmp_path):
    (tmp_path / "cats").write_text(CAT)
    with pytest.raises(InputError, match="The pool is empty"):
        select(taxonomy, replace(DOGS, within="cats"), folder=tmp_path)
    assert select(taxonomy, replace(DOGS, roots=(), within="cats"), folder=tmp_path).wnids == (CAT,)


# ---- strategies and what they are worth


def test_the_objective_by_hand(taxonomy):
    weights = Weights(alpha=2, beta=3, gamma=5, cost=7, n_min=10, d_low=9, d_high=19)
    policy = replace(DOGS, antichain="off", weights=weights, size=4)
    counts, quality, costs = {POODLE: 10, HUSKY: 9}, {POODLE: 0.5, HUSKY: 1}, {POODLE: 4, HUSKY: 2, DOG: 8}
    from synsetlab.taxonomy.selection import Objective

    pool = taxonomy.subtree(DOG)
    worth = Objective(
        taxonomy, pool, 4, weights=policy.weights, candidates=counts, quality=quality, costs=costs
    )([POODLE, HUSKY])
    covered = {a for wnid in (POODLE, HUSKY) for a in (wnid, *taxonomy.ancestors(wnid))} & set(pool)
    values = {term.name: term.value for term in worth.terms}
    assert values == {
        "C_cov": len(covered) / 190,
        "C_hier": 1 / 190,  # the husky has too few candidates
        "Q_label": 1.5 / 4,
        "C_cost": (4 / 8 + 2 / 8) / 4,
    }
    assert worth.value == pytest.approx(2 * len(covered) / 190 + 3 / 190 + 5 * 1.5 / 4 - 7 * 0.75 / 4)
    assert worth.explain().splitlines()[-1] == f"U = {worth.value:.4f}"
    assert [line.split()[2] for line in worth.explain().splitlines()[:4]] == list(values)


def test_ambiguous_words_are_of_less_quality(taxonomy):
    from synsetlab.taxonomy.selection import Objective

    senses = len(taxonomy.senses("dog"))
    (quality,) = (term.value for term in Objective(taxonomy, [DOG], 1)([DOG]).terms if term.name == "Q_label")
    assert quality == 1 / senses


def test_greedy_is_greedy(taxonomy):
    """Each step of the lazy search takes the best of all."""
    policy = replace(DOGS, strategy="greedy", size=12, weights=Weights(beta=0.5, gamma=0.2, cost=0.1))
    choice = choose(taxonomy, policy)
    chosen: list[str] = []
    for _ in range(12):
        near = {w for c in chosen for w in (c, *taxonomy.ancestors(c), *taxonomy.descendants(c))}
        free = [wnid for wnid in taxonomy.subtree(DOG) if wnid not in near]
        chosen.append(max(free, key=lambda w: (round(choice.objective([*chosen, w]).value, 12), -int(w[1:]))))
    assert sorted(chosen) == list(choice.selection.wnids)


def test_greedy_is_near_the_best_of_all(taxonomy):
    policy = replace(DOGS, roots=(TERRIER,), antichain="off", size=3, strategy="greedy",
                     weights=Weights(beta=0, gamma=0, cost=0))  # fmt: skip
    choice = choose(taxonomy, policy)
    pool = taxonomy.subtree(TERRIER)
    best = max(choice.objective(three).value for three in itertools.combinations(pool, 3))
    assert choice.worth.value >= (1 - 1 / 2.718281828) * best


def test_without_a_size_greedy_stops_where_it_gains_nothing(taxonomy):
    policy = replace(DOGS, strategy="greedy", weights=Weights(alpha=1, beta=0, gamma=0, cost=2))
    choice = choose(taxonomy, policy)
    assert 0 < len(choice.selection) < 190
    assert choice.selection.reasons()["gain"] > 0
    for wnid in random.Random(1).sample(taxonomy.subtree(DOG), 20):
        assert choice.objective({*choice.selection.wnids, wnid}).value <= choice.worth.value + 1e-12


def test_popularity_takes_the_most_candidates(taxonomy, tmp_path):
    (tmp_path / "n.csv").write_text(f"wnid,count\n{HUSKY},9\n{POODLE},8\n{DOG},10\n")
    policy = SelectionPolicy(roots=(DOG,), strategy="popularity", size=2, candidates="n.csv", antichain="off")
    assert explained(taxonomy, policy, tmp_path).wnids == (DOG, HUSKY)
    first = explained(taxonomy, replace(policy, antichain="first"), tmp_path)
    assert first.wnids == (DOG,)
    assert {each.rule for each in first.excluded} == {"antichain"}


def test_random_depends_on_the_seed_and_not_on_others(taxonomy):
    policy = replace(DOGS, antichain="deepest", strategy="random", size=30)
    one, two = select(taxonomy, policy), select(taxonomy, replace(policy, seed=1))
    assert one.wnids != two.wnids
    fewer = select(taxonomy, replace(policy, exclude=(next(iter(one.wnids)),)))
    assert len(set(one.wnids) & set(fewer.wnids)) == 29


def test_strategies_are_compared_on_one_objective(taxonomy):
    found = compare(taxonomy, replace(DOGS, size=15))
    assert list(found) == list(STRATEGIES)
    assert max(found, key=lambda name: found[name].worth.value) == "greedy"


def test_merges(taxonomy):
    terriers = taxonomy.leaves(TERRIER)
    merges = suggest_merges(taxonomy, [*terriers, CAT])
    assert (merges[0].wnid, merges[0].replaces) == (TERRIER, terriers)
    assert suggest_merges(taxonomy, [TERRIER, *terriers]) == []
    few = suggest_merges(taxonomy, ["n02110063", HUSKY], candidates={HUSKY: 5, "n02110063": 50}, n_min=20)
    assert (few[0].replaces, few[0].candidates) == (["n02110063", HUSKY], 55)


# ---- a value


def test_it_runs_again_to_the_same_bytes(taxonomy, tmp_path):
    policy = replace(DOGS, strategy="greedy", size=9, quotas={TERRIER: 2}, depth=(8, 12))
    selection = select(taxonomy, policy)
    selection.save(tmp_path / "s.json")
    assert Selection.read(tmp_path / "s.json") == selection
    again = select(taxonomy, Selection.read(tmp_path / "s.json").policy)
    assert (again, again.hash, again.as_json()) == (selection, selection.hash, selection.as_json())
    code = (
        "import sys; from synsetlab.taxonomy import load; from synsetlab.taxonomy.selection import *;"
        "print(select(load(), Selection.read(sys.argv[1]).policy).hash)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "s.json")], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == selection.hash


def test_a_changed_file_changes_the_hash(taxonomy, tmp_path):
    policy = replace(DOGS, candidates="n.csv")
    (tmp_path / "n.csv").write_text(f"wnid,count\n{HUSKY},9\n")
    one = select(taxonomy, policy, folder=tmp_path)
    (tmp_path / "n.csv").write_text(f"wnid,count\n{HUSKY},8\n")
    two = select(taxonomy, policy, folder=tmp_path)
    assert (one.wnids, one.policy.hash) == (two.wnids, two.policy.hash)
    assert one.hash != two.hash
    assert list(one.diff(two).inputs) == ["candidates"]


def test_differences(taxonomy):
    one = select(taxonomy, SelectionPolicy(roots=(DOG,)))
    two = select(taxonomy, SelectionPolicy(roots=(DOG,), exclude=(HUSKY,), include=(CAT,)))
    diff = one.diff(two)
    assert diff.added == [CAT]
    assert diff.removed == [Excluded(HUSKY, "exclude", "is excluded by name or branch")]
    assert diff.policy == {"include": ((), (CAT,)), "exclude": ((), (HUSKY,))}
    assert one.diff(one) == ([], [], {}, {})
    assert two.diff(one).removed[0].rule == "unseen"


def test_by_hand(tmp_path):
    selection = Selection.of([POODLE, DOG, POODLE], name="basket")
    assert selection.wnids == (DOG, POODLE)
    selection.save(tmp_path / "s.json")
    assert Selection.read(tmp_path / "s.json") == selection


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"kind": "x"}', '{"kind": "synsetlab-selection"}', "\0"]
)
def test_what_is_no_selection(tmp_path, content):
    (tmp_path / "s.json").write_text(content)
    with pytest.raises(InputError, match="no saved selection"):
        Selection.read(tmp_path / "s.json")


# ---- policies in files


def test_a_policy_in_toml_and_json(tmp_path):
    (tmp_path / "p.toml").write_text(
        f'roots = ["{DOG}"]\ndepth = [2, 5]\nquotas = {{{TERRIER} = 3}}\n[weights]\nalpha = 2\n', "utf-8"
    )
    policy = SelectionPolicy.from_file(tmp_path / "p.toml")
    assert policy == SelectionPolicy(
        roots=(DOG,), depth=(2, 5), quotas={TERRIER: 3}, weights=Weights(alpha=2)
    )
    (tmp_path / "p.json").write_text(policy.as_json())
    assert SelectionPolicy.from_file(tmp_path / "p.json") == policy
    assert policy.hash == SelectionPolicy.from_file(tmp_path / "p.json").hash


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("root = []", "there is no 'root'.*"),
        ('roots = "n02084071"', "roots must be a list"),
        ('roots = ["dog"]', "'dog' is no wnid"),
        ('strategy = "best"', "strategy = 'best' is unknown"),
        ("depth = [5, 2]", "5 is above 2"),
        ("depth = 5", "two numbers"),
        ("size = -1", "size must be a whole number"),
        ("size = 1.5", "size must be a whole number"),
        ("size = true", "size must be a whole number"),
        ("instances = 1", "instances must be true or false"),
        ("quotas = 3", "quotas must be a table"),
        ("[quotas]\ndog = 3", "'dog' is no wnid"),
        ("[weights]\nlambda = 3", "there is no 'lambda'"),
        ("[weights]\nalpha = -1", r"weights\.alpha"),
        ("[weights]\nalpha = nan", r"weights\.alpha"),
        ("[weights]\nd_low = 9\nd_high = 3", r"weights\.d_low \(9\)"),
        ("weights = 3", "weights must be a table"),
        ("min_candidates = 3", "needs expected candidates"),
        ("min_imageability = 3", "needs scores"),
        ("candidates = 3", "candidates must be a text"),
        ("roots = []", "has no pool"),
        (f'include = ["{DOG}"]\nexclude = ["{DOG}"]', "both in include and in exclude"),
        ("roots = [", "is not a policy"),
    ],
)
def test_policies_that_cannot_be_used(tmp_path, content, message):
    (tmp_path / "p.toml").write_text(content)
    with pytest.raises(InputError, match=f"p.toml.*{message}"):
        SelectionPolicy.from_file(tmp_path / "p.toml")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("wnid,count\nn02084442,3\n", UnknownSynsetError, "line 2: n02084442"),
        (f"wnid,count\n{DOG},many\n", InputError, "line 2: 'many' is no number"),
        (f"wnid,count\n{DOG},nan\n", InputError, "'nan' is no number"),
        (f"wnid,count\n{DOG}\n", InputError, "too few columns"),
        (f"wnid,count\n{DOG},1\n{DOG},2\n", InputError, "line 3: .* has the number 1 in an earlier line"),
        ("name,count\ndog,3\n", MissingColumnError, "no column 'wnid'"),
        (f"wnid,a,b\n{DOG},1,2\n", MissingColumnError, "no column 'count'"),
        ("", InputError, "is empty"),
    ],
)
def test_numbers_that_cannot_be_used(taxonomy, tmp_path, content, error, message):
    (tmp_path / "n.csv").write_text(content)
    with pytest.raises(error, match=message):
        select(taxonomy, replace(DOGS, candidates="n.csv"), folder=tmp_path)


def test_a_file_that_is_not_there(taxonomy, tmp_path):
    with pytest.raises(SynsetlabError, match=r"candidates names 'n\.csv'"):
        select(taxonomy, replace(DOGS, candidates="n.csv"), folder=tmp_path)


# ---- the page


def test_the_page_lists_every_field():
    page = (Path(__file__).resolve().parents[2] / "docs" / "selection.md").read_text("utf-8")
    rows = re.findall(r"^\| (`\w+`(?:, `\w+`)*) \|", page, re.MULTILINE)
    shown = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert {field.name for field in fields(SelectionPolicy)} <= shown
    assert all(f"`{field.name}`" in page for field in fields(Weights))


def test_frames_for_the_eye(taxonomy):
    choices = compare(taxonomy, replace(DOGS, size=5))
    table = strategies_frame(choices)
    assert list(table.columns) == ["classes", "C_cov", "C_hier", "Q_label", "C_cost", "U"]
    assert list(table.index) == list(STRATEGIES)
    terms = terms_frame(choices)
    assert list(terms.columns) == ["value", "weight", "contribution", "meaning"]
    assert terms["contribution"].groupby("strategy").sum().to_dict() == pytest.approx(table["U"].to_dict())
    selection = choices["random"].selection
    assert chosen_frame(taxonomy, selection)["wnid"].tolist() == list(selection.wnids)
    assert len(excluded_frame(taxonomy, selection)) == 185
    merges = suggest_merges(taxonomy, taxonomy.leaves(TERRIER))
    assert merges_frame(taxonomy, merges)["wnid"].tolist() == [merge.wnid for merge in merges]
