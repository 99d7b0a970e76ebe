"""Policies are refused by name, value and remedy; never with a trace."""

from __future__ import annotations

import pytest

from synsetlab.errors import InputError
from synsetlab.release import ReleasePolicy


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('version = "1"', "MAJOR.MINOR.PATCH"),
        ('version = "01.0.0"', "MAJOR.MINOR.PATCH"),
        ("version = 1", "version must be a text, not 1"),
        ("splits = 3", "splits must name splits with their sizes, not 3"),
        ("splits = {}", "not {}"),
        ("splits = {train = 0.5}", "add up to 1"),
        ("splits = {train = true}", "splits.train is True"),
        ('splits = {train = "all"}', "splits.train is 'all'"),
        ("splits = {train = -1, val = 3}", "at least 0"),
        ("splits = {train = nan}", "between 0 and 1"),
        ("splits = {train = 0.5, val = 50}", "mixes"),
        ('splits = {train = 0.5, val = "rest"}', "mixes"),
        ('splits = {train = "rest", val = "rest"}', "to take the rest"),
        ("splits = {train = 0, val = 0}", "No split takes an image"),
        ('splits = {"../up" = 1.0}', "names '../up'"),
        ("colour = 3", "'colour'"),
        ("min_per_class = ", "not a policy"),
        ("min_per_class = 1.5", "whole number, not 1.5"),
        ("max_per_class = 0", "at least 1"),
        ("max_per_class = 2\nmin_per_class = 3", "below min_per_class"),
        ('require_licence = "yes"', "true or false, not 'yes'"),
        ('group_by = "author"', "a list of texts"),
        ('group_by = ["colour"]', "names 'colour'"),
        ('sealed = ["hidden"]', "names 'hidden'"),
        ('sealed = ["test", "test"]', "twice"),
        ('excluded_synsets = ["dog"]', "no wnid"),
        ("cross_split_distance = 65", "at most 64"),
        ("min_precision = 99", "at most 1"),
        ('small_classes = "keep"', "small_classes is 'keep'"),
        ("[sampling]\nstrategy = 'top'", "sampling has no split"),
        ("[sampling]\nsplit = 'test'\nstrategy = 'top'", "has the size 0.1 in splits"),
        ("splits = {test = 5}\n[sampling]\nsplit = 'test'", "sampling.reference or sampling.histogram"),
        ("splits = {test = 5}\n[sampling]\nsplit = 'test'\nhistogram = [1.0]", "list of 5 weights"),
        ("splits = {test = 5}\n[sampling]\nsplit = 'test'\ncolour = 1", "'sampling.colour'"),
        ("sampling = 3", "sampling must be a table, not 3"),
    ],
)
def test_bad_policies_are_named(tmp_path, text, named):
    file = tmp_path / "policy.toml"
    file.write_text(text)
    with pytest.raises(InputError) as refused:
        ReleasePolicy.from_file(file)
    assert named in refused.value.message
    assert str(file) in refused.value.message
    assert refused.value.remedy


def test_json_with_a_mark_and_no_object(tmp_path):
    (tmp_path / "policy.json").write_bytes('\ufeff{"splits": {"train": 1}, "name": "Ä"}'.encode())
    assert ReleasePolicy.from_file(tmp_path / "policy.json").splits == {"train": 1}
    (tmp_path / "policy.json").write_text("[1]")
    with pytest.raises(InputError, match="not a policy"):
        ReleasePolicy.from_file(tmp_path / "policy.json")


def test_a_policy_comes_back_from_its_json(tmp_path):
    policy = ReleasePolicy(splits={"train": "rest", "test": 5}, sampling={"split": "test", "strategy": "top"})
    (tmp_path / "p.json").write_text(policy.as_json())
    assert ReleasePolicy.from_file(tmp_path / "p.json") == policy
    assert ReleasePolicy.from_file(tmp_path / "p.json").hash == policy.hash
