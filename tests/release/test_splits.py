"""Dealing out: no group crosses splits, quotas hold, the order of rows and earlier splits are respected."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from synsetlab.release.splits import NO_SPLIT, SplitPlan, cap_classes, deal, quotas

SIZES = [
    {"train": 0.8, "val": 0.1, "test": 0.1},
    {"train": "rest", "val": 2, "test": 3},
    {"val": 2, "test": 1},
    {"a": 0.5, "b": 0.5},
]
ROWS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 15)), min_size=1, max_size=80)


def arrays(rows, seed):
    label, group = (np.array(column, np.int32) for column in zip(*rows, strict=True))
    key = np.random.default_rng(seed).integers(0, 2**63, 16).astype(np.uint64)
    return label, group, key


def free():
    return np.full(16, NO_SPLIT, np.int8)


def counts(label, group, found, name, split):
    return int(((label == name) & (found[group] == split)).sum())


@given(ROWS, st.integers(0, 2**32 - 1), st.sampled_from(SIZES))
def test_quotas_are_never_exceeded_and_order_is_nothing(rows, seed, sizes):
    plan = SplitPlan.of(sizes)
    label, group, key = arrays(rows, seed)
    found = deal(label, group, key, free(), plan)
    for name in set(label.tolist()):
        room = plan.quotas(int((label == name).sum()))
        for split, quota in enumerate(room):
            if split != plan.rest:
                assert counts(label, group, found, name, split) <= quota
    order = np.random.default_rng(seed).permutation(label.size)
    assert (deal(label[order], group[order], key, free(), plan) == found).all()
    if plan.rest != NO_SPLIT:
        assert (found[group] != NO_SPLIT).all()


@given(
    st.lists(st.integers(1, 4), min_size=1, max_size=25),
    st.integers(0, 6),
    st.integers(0, 6),
    st.integers(0, 999),
)
def test_numbers_are_met_exactly_wherever_whole_groups_make_them_up(sizes, val, test, seed):
    group = np.repeat(np.arange(len(sizes), dtype=np.int32), sizes)
    label = np.zeros(group.size, np.int32)
    key = np.random.default_rng(seed).integers(0, 2**63, len(sizes)).astype(np.uint64)
    fixed = np.full(len(sizes), NO_SPLIT, np.int8)
    found = deal(label, group, key, fixed, SplitPlan.of({"train": "rest", "val": val, "test": test}))
    reachable = {(0, 0)}
    for size in sizes:
        reachable |= {(a + size, b) for a, b in reachable} | {(a, b + size) for a, b in reachable}
    have = (counts(label, group, found, 0, 1), counts(label, group, found, 0, 2))
    assert have[0] <= val
    assert have[1] <= test
    if (val, test) in reachable:
        assert have == (val, test)


@given(ROWS, ROWS, st.integers(0, 2**32 - 1), st.sampled_from(SIZES[:2]))
def test_what_was_dealt_stays_when_images_are_added(rows, more, seed, sizes):
    plan = SplitPlan.of(sizes)
    label, group, key = arrays(rows, seed)
    first = deal(label, group, key, free(), plan)
    fixed = free()
    fixed[group] = first[group]
    label, group, key = arrays([*rows, *more], seed + 1)
    second = deal(label, group, key, fixed, plan)
    assert (second[fixed != NO_SPLIT] == fixed[fixed != NO_SPLIT]).all()


@given(ROWS, st.integers(1, 12), st.integers(0, 999), st.data())
def test_a_cap_is_exact_and_keeps_what_is_held(rows, cap, seed, data):
    label, group, key = arrays(rows, seed)
    held = np.array(data.draw(st.lists(st.booleans(), min_size=label.size, max_size=label.size)))
    stay = cap_classes(label, group, key, held, cap)
    assert stay[held].all()
    for name in set(label.tolist()):
        of_class = label == name
        assert stay[of_class].sum() == max(min(of_class.sum(), cap), (of_class & held).sum())


@given(st.integers(0, 5000), st.lists(st.integers(1, 100), min_size=1, max_size=5))
def test_quotas_add_up(total, weights):
    shares = {f"s{i}": weight / sum(weights) for i, weight in enumerate(weights)}
    found = quotas(total, shares)
    assert sum(found.values()) == total
    assert all(abs(found[name] - total * share) < 1 for name, share in shares.items())


def test_ilsvrc_sizes():
    """50 for validation and 100 for test of each of the classes, the rest for training."""
    label = np.repeat(np.arange(7, dtype=np.int32), 200)
    group = np.arange(label.size, dtype=np.int32) // 2  # everything has a twin
    key = np.random.default_rng(0).integers(0, 2**63, group.max() + 1).astype(np.uint64)
    plan = SplitPlan.of({"train": "rest", "val": 50, "test": 100})
    found = deal(label, group, key, np.full(key.size, NO_SPLIT, np.int8), plan)
    table = [[counts(label, group, found, name, split) for split in range(3)] for name in range(7)]
    assert table == [[50, 50, 100]] * 7


@pytest.mark.parametrize(("sizes", "needed", "rest"), [(SIZES[0], 1, 0), (SIZES[1], 6, 0), (SIZES[2], 3, -1)])
def test_plans(sizes, needed, rest):
    plan = SplitPlan.of(sizes)
    assert (plan.needed, plan.rest) == (needed, rest)
