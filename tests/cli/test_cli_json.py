"""What every command prints under ``--json``: the keys of this table, of its help, and of what it prints."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

ROOT = Path(__file__).resolve().parents[2]

IMPORTED = "found, new_images, new_candidates, known, failed [path, reason, detail]"
CHANCE = "entropy_bits, chance_pairs, auto_distance"
OFFER = "name, folder, pictures, identity, version, terms_sha256, approval, domains, days, withdrawn"
DECIDED = "id, offer, state, until, reason"
LOOKED_AT = "images, failed [path, reason, detail], skipped"

KEYS = {
    "init": "workspace, schema",
    "demo": "folder, synsets, images, failed, clusters, annotators, votes, outcomes {outcome: questions}",
    "wordnet install": "path, source, origin, made, tried [source, origin, reason], version, synsets, index",
    "wordnet status": "installed, path, source, origin, compiled, index, version",
    "doctor": "checks [name, status, found, remedy], ok",
    "import folder": IMPORTED,
    "import urls": IMPORTED,
    "import manifest": IMPORTED,
    "import imagefolder": IMPORTED,
    "import coco": IMPORTED,
    "import ilsvrc": IMPORTED,
    "synsets search": "results [wnid, lemmas, gloss, score]",
    "synsets show": "wnid, lemmas, gloss, examples, parents, children, instances, ancestors, paths, "
    "depth_min, depth_max, height, subtree_size",
    "synsets tree": "tree {wnid, lemmas, subtree_size, children}",
    "synsets lca": "results [wnid, height, depth_min]",
    "synsets subtree": "wnid, count, wnids",
    "synsets induce": "nodes, edges, internal, root_height, ancestor_pairs; "
    "with --lists also wnids, edge_list, internal_wnids, ancestor_pair_list",
    "synsets select": "name, hash, policy_hash, strategy, count, wnids, considered, "
    "excluded {rule: synsets}, objective {U, terms [name, value, weight, contribution, meaning]}, output; "
    "with --against also diff {added, removed [wnid, rule, reason, because], policy, inputs}; "
    "with --compare also strategies [strategy, count, U, C_cov, C_hier, Q_label, C_cost]; "
    "with --merges also merges [wnid, lemmas, replaces, reason, candidates]",
    "synsets map": "from, classes, results [line, value, wnid, lemmas, ambiguous, "
    "candidates [wnid, lemmas, gloss, score, kind]], unknown [line, value]",
    "dedup run": "images, hashed, pairs, clusters, dropped, to_review, returned, entropy_bits, "
    "auto_distance, hash, policy_hash",
    "dedup clusters": "clusters [cluster_id, image_id, verdict, decided_by, policy_hash]",
    "dedup verdict": "image_id, verdict",
    "dedup scan": f"{LOOKED_AT}, pairs [a, b, distance, verdict], clusters, keep, drop; "
    "with --placeholders also placeholders [path, name]",
    "dedup hash": f"{LOOKED_AT}, hash, output",
    "dedup pairs": f"hashes, pairs, output, max_distance, {CHANCE}",
    "dedup index add": "index, hash, added, first, hashes",
    "dedup index query": "index, hash, hashes, asked, pairs, known, output, max_distance",
    "dedup against": f"{LOOKED_AT}, hash, indexed, pairs [a, b, distance, verdict], known, to_review, "
    f"by_split, by_wnid, {CHANCE}",
    "dedup calibrate": "reviewed, distances [distance, same, reviewed, precision, low, high], "
    "histogram [distance, pairs], auto",
    "dedup sample": "pairs, output",
    "dedup conflicts": "conflicts [cluster_id, kind, wnids, members [image_id, wnid, outcome]]",
    "dedup report": "candidates, distinct, new, codec, classes [wnid, candidates, distinct, new, "
    "mean_picture_bytes, mean_distance, quota], imports [import_id, kind, found, new_files, new]",
    "votes gold suggest": "suggested, disagreements, patterns, tasks, output",
    "votes stop": "policy, policy_json, policy_hash, tasks, workers, votes_used, votes_available, "
    "saved_share, votes_per_task, stopped, decided_share, escalated_share, "
    "outcomes {decided, ambiguous, exhausted}, scored; "
    "null without --truth: accuracy, accuracy_decided, accuracy_all, accuracy_majority_all, "
    "accuracy_majority_equal, curve [votes_per_task, accuracy, accuracy_majority]",
    "votes status": "synsets [wnid, lemma, questions, votes, accepted, rejected, ambiguous, open], votes, "
    "annotators, remaining {questions, votes, cost, expert_share, waiting}",
    "votes export": "output, votes",
    "votes import": "rows, new_votes",
    "votes simulate": "votes, annotators",
    "votes aggregate": "method, ties, tasks, workers, votes, superseded, n_classes, classes, labelled, "
    "abstained, gold_used, gold_unused, iterations, converged, output; "
    "null without --truth: accuracy, accuracy_ties_shared, right, scored, unscored; "
    "null unless the method is auto: chosen, why, candidates, alarm, alarms",
    "votes agreement": "krippendorff_alpha, krippendorff_reason, krippendorff_alpha_interval, "
    "krippendorff_interval_reason, fleiss_kappa, fleiss_reason, fleiss_kappa_ragged, fleiss_ragged_reason, "
    "cohen_kappa, cohen_reason, cohen_pairs, percent_agreement, tasks, workers, votes, answers, "
    "tasks_with_one_vote, superseded, interval_level, intervals {coefficient: low and high}, bootstrap, "
    "seed; with --pairs also pairs [first, second, tasks, agreement, cohen_kappa]; "
    "with --by also groups [group, tasks, votes, krippendorff_alpha, fleiss_kappa_ragged, "
    "percent_agreement]",
    "votes annotators": "workers, votes, flagged, annotators [worker, votes, agreement, accuracy, "
    "informedness, right, right_low, right_high, gold_votes, gold_right, gold_accuracy, gold_low, gold_high, "
    "p_below, median_ms, fast_share, drift_p, drift_at, drift_before, drift_after, flips, alone, favourite, "
    "favourite_share, flags, confusion [truth, answer, votes, share, low, high], "
    "gold_confusion [truth, answer, votes, share, low, high] or null]; "
    "with --without also changes [task, before, after, votes_left]",
    "votes problems": "problems [wnid, lemma, kind, text, annotator, at]",
    "votes quiz": "quiz",
    "votes plan": "target, prior, skill {mean, sd, sensitivity, specificity, annotators}, correlation, "
    "prices {vote, expert, wrong_accept, wrong_reject, expert_accuracy}, draws, seed, plans [policy, votes, "
    "mean_votes, accuracy, decided_accuracy, expert_share, wrong_accept, wrong_reject, cost, price, "
    "standard_error, cost_standard_error, definition], recommended {policy, votes, mean_votes, accuracy, "
    "decided_accuracy, expert_share, wrong_accept, wrong_reject, cost, price, standard_error, "
    "cost_standard_error, definition} or null, reason, p_majority [votes, probability], "
    "skipped [policy, reason]",
    "consensus run": "policy_hash, fitted, changed, outcomes {accepted, rejected, ambiguous, open}",
    "consensus rebuild": "ok, problems",
    "consensus keep": "vote_policy, changed",
    "consensus exclude": "annotator, excluded, changed",
    "consensus controls": "added, synsets [wnid, added]",
    "review list": "waiting, questions [question_id, image_id, wnid, posterior, n_yes, n_no, n_unsure, "
    "reason]",
    "review verdict": "question_id, verdict, outcome",
    "freeze": "folder, identity, version, images, classes, splits {split: images}, sealed; "
    "with --check instead ok, blocks, ready, blocking [gate, count, examples, remedy, message]; "
    "with --draw-audit instead audit, rows",
    "verify": "ok, identity, problems",
    "diff": "added, removed, relabelled [image_id, old, new], moved [image_id, old, new], "
    "classes [wnid, old, new], policy {field: old and new}",
    "export": "folder, format, files, left_out [image, reason], sealed_boxes; "
    "with --list instead formats [name, summary, pictures]",
    "evaluate": "n, excluded, n_classes, guesses, ids, order, top1_error .. top5_error, "
    "top1_accuracy .. top5_accuracy, multi_label_accuracy, hierarchy, hierarchical_error {top1 .. top5}, "
    "hierarchical_height {top1 .. top5}, root_height, hierarchical_reason, interval_level, "
    "intervals {measure: [low, high]}, seed, per_class [wnid, n, top1_error .. top5_error, "
    "hierarchical_top1_error, hierarchical_top5_error], "
    "per_subtree [wnid, name, classes, n, top1_error .. top5_error, "
    "hierarchical_top1_error, hierarchical_top5_error], "
    "per_frequency [low, high, n, top1_error .. top5_error, "
    "hierarchical_top1_error, hierarchical_top5_error], "
    "calibration {scale, n, ece, nll, brier, bins [low, high, n, confidence, accuracy], reason}, warnings; "
    "with --confusion also confusion [wnid, guess, n, share, lca, lca_name, lca_height], "
    "confusion_by_ancestor [wnid, name, height, n, share]; "
    "with --against also comparison {measure: differences and tests}",
    "leaderboard submit": "new, submission {id, format, model, user, date, note, "
    "predictions {name, sha256}, test_set {name, identity, split}, "
    "results {n, n_classes, guesses, top1_error .. top5_error, multi_label_accuracy, "
    "hierarchical_top1_error, hierarchical_top5_error, interval_level, intervals {measure: [low, high]}}}",
    "leaderboard show": "metric, submissions [rank, model, user, date, id, note, predictions_sha256, "
    "test_set, split, identity, n, top1_error, top5_error, hierarchical_top1_error, "
    "hierarchical_top5_error, multi_label_accuracy, intervals {measure: [low, high]}]",
    "leaderboard export": "path, submissions",
    "access offer": OFFER,
    "access list": f"offers [{OFFER}]",
    "access withdraw": "name, withdrawn",
    "access requests": "requests [id, offer, state, person, email, institution, purpose, asked_at, "
    "decided_at, decided_by, until, reason, terms_sha256]",
    "access approve": DECIDED,
    "access decline": DECIDED,
    "access revoke": DECIDED,
    "access forget": "id, forgotten",
    "access log": "downloads [at, request_id, offer, person, email, institution, identity, file, bytes, "
    "terms_sha256]",
    "accounts list": "accounts [name, role, disabled, created_at, seen_at, erased_at, votes]",
    "accounts invite": "link, role, name or null",
    "accounts role": "name, role, disabled",
    "accounts disable": "name, role, disabled",
    "accounts enable": "name, role, disabled",
    "accounts forget": "pseudonym",
    "accounts log": "events [at, actor, account, kind, before, after]",
    "workspace copy": "workspace, database, rows {table: number}, pictures",
    "workspace backup": "file, rows {table: number}",
    "workspace restore": "database, rows {table: number}, before",
    "serve": "url, admin_link or null",
}
"""Command to its keys beside ``schema_version``. A change here breaks other people's programs."""


# ---- the notation


def parse(text: str) -> dict[str, dict[str, Any]]:
    """Keys by the option that brings them (``""`` for always): name to None, or to (bracket, keys)."""
    text = re.sub(r"\([^()]*\)", "", " ".join(text.split()))
    text = re.split(r"\.(?=\s+[A-Z]|\s*$)", text)[0]
    found: dict[str, dict[str, Any]] = {}
    for part in text.split(";"):
        condition = re.match(r"\s*(with (--[\w-]+) (also|instead)|null (?:without|unless) [^:]+:)\s", part)
        if condition is None:
            found[""] = parse_keys(part)
        elif condition.group(2) is None:
            found[""].update(parse_keys(part[condition.end() :]))
        else:
            before = found[""] if condition.group(3) == "also" else {}
            found[condition.group(2)] = {**before, **parse_keys(part[condition.end() :])}
    return found


def parse_keys(text: str) -> dict[str, Any]:
    keys: dict[str, Any] = {}
    for item in split_outside_brackets(text):
        if span := re.fullmatch(r"(\w*?)(\d)(\w*) \.\. \1(\d)\3", item):
            first, last = int(span.group(2)), int(span.group(4))
            keys.update({f"{span.group(1)}{n}{span.group(3)}": None for n in range(first, last + 1)})
            continue
        plain = re.fullmatch(r"(\w+)(?:\s*([\[{])(.*)[\]}])?(?: or null| for [\w ]+)?", item)
        assert plain, f"{item!r} is no key in {text!r}"
        name, bracket, inner = plain.groups()
        if bracket:
            keys[name] = (bracket, {} if ":" in inner else parse_keys(inner))
        else:
            keys[name] = None
    return keys


def split_outside_brackets(text: str) -> Iterator[str]:
    depth, start = 0, 0
    for place, letter in enumerate(text):
        depth += letter in "[{"
        depth -= letter in "]}"
        if letter == "," and depth == 0:
            yield text[start:place].strip()
            start = place + 1
    yield text[start:].strip()


def faults(payload: Any, keys: dict[str, Any], place: str = "") -> list[str]:
    """Where an object has other keys than it should."""
    found = []
    if set(payload) != set(keys):
        found.append(f"{place or 'object'}: {sorted(set(payload) ^ set(keys))} on one side only")
    for name in set(payload) & set(keys):
        value, inner = payload[name], keys[name]
        if inner is None or value is None:
            continue
        assert isinstance(value, list if inner[0] == "[" else dict), f"{place}.{name} is {value!r}"
        rows = value if inner[0] == "[" else [value]
        found += [fault for row in rows if inner[1] for fault in faults(row, inner[1], f"{place}.{name}")]
    return found


def test_the_notation_is_read() -> None:
    read = parse(
        "a, b [c, d1 .. d3] or null, e (f, g) {h: i}, j {k}; with --x also l; with --y instead m. N o."
    )
    keys = {
        "a": None,
        "b": ("[", {"c": None, "d1": None, "d2": None, "d3": None}),
        "e": ("{", {}),
        "j": ("{", {"k": None}),
    }
    assert read == {"": keys, "--x": {**keys, "l": None}, "--y": {"m": None}}


def test_other_keys_are_found() -> None:
    keys = parse("a, b [c]")[""]
    assert faults({"a": 1, "b": [{"c": 1}]}, keys) == []
    assert faults({"a": 1, "b": [{"d": 1}]}, keys) == [".b: ['c', 'd'] on one side only"]
    assert faults({"b": []}, keys) == ["object: ['a'] on one side only"]


# ---- the table and the help


def commands_with_json() -> dict[str, click.Command]:
    spec = importlib.util.spec_from_file_location("make_cli", ROOT / "docs" / "make_cli.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {
        context.command_path.removeprefix("synsetlab "): command
        for context, command in module.commands()
        if any("--json" in param.opts for param in command.params)
    }


COMMANDS = commands_with_json()


def test_the_table_is_whole() -> None:
    assert set(KEYS) == set(COMMANDS)


@pytest.mark.parametrize("path", sorted(COMMANDS))
def test_help_names_the_keys(path: str) -> None:
    _, mark, said = (COMMANDS[path].help or "").partition("JSON:")
    assert mark, f"{path} --help does not say what --json prints"
    assert parse(said.split("\n\n")[0]) == parse(KEYS[path])


# ---- the table and what is printed


@pytest.fixture
def holds(run):
    """Run a command under ``--json`` and hold its object to the table; lists named in `filled` have rows."""

    def check(path: str, *arguments: object, filled: str = "", code: int = 0) -> dict[str, Any]:
        ran = run(*path.split(), *arguments, "--json")
        assert ran.code == code, ran.out + ran.err
        payload = ran.json
        keys = parse(KEYS[path])
        option = next((given for given in arguments if given in keys), "")
        assert faults({k: v for k, v in payload.items() if k != "schema_version"}, keys[str(option)]) == []
        for name in filled.split():
            assert payload[name], f"{path}: {name} is empty, so that its rows were not looked at"
        return payload

    return check


def test_set_up(holds, tmp_path, wordnet) -> None:
    assert holds("init", tmp_path / "new")["workspace"] == str(tmp_path / "new")
    assert holds("wordnet install")["synsets"] == 82115
    assert holds("wordnet status")["installed"] is True
    assert holds("doctor", "-w", tmp_path / "new", filled="checks")["ok"] is True


def test_custody(holds, workspace, tmp_path) -> None:
    made = holds("workspace backup", tmp_path / "monday.sqlite", "-w", workspace)
    assert made["rows"]["image"] > 0
    assert holds("workspace copy", workspace, tmp_path / "copy")["rows"] == made["rows"]
    restored = holds("workspace restore", tmp_path / "monday.sqlite", "-w", tmp_path / "copy")
    assert restored["rows"] == made["rows"]


def test_demo(holds, tmp_path, wordnet) -> None:
    built = holds("demo", tmp_path / "demo", "--images", 16, "--workers", 1)
    assert (built["synsets"], built["images"]) == (16, 16)


def test_import(holds, workspace, photos, tmp_path) -> None:
    mapping = ("--map", "hat=n03497657", "--map", "shoe=n04199027")
    found = holds("import folder", photos, *mapping, "-w", workspace, filled="failed")
    reasons = {row["path"]: row["reason"] for row in found["failed"]}
    assert reasons == {"hat/bomb.png": "too-large", "hat/cut.jpg": "truncated"}
    assert (found["found"], found["new_images"]) == (9, 6)  # of nine files two are broken and one is a copy
    again = holds("import folder", photos, *mapping, "-w", workspace)
    assert (again["new_images"], again["new_candidates"], again["known"]) == (0, 0, 7)
    (tmp_path / "rows.csv").write_text("path,wnid\nnowhere.jpg,n03497657\n")
    holds("import manifest", tmp_path / "rows.csv", "-w", workspace, filled="failed")
    (tmp_path / "splits").mkdir()
    shutil.copytree(photos / "hat", tmp_path / "splits" / "train" / "n03497657")
    holds("import imagefolder", tmp_path / "splits", "-w", workspace, filled="failed")
    (tmp_path / "urls.txt").write_text("n03497657_1\thttp://127.0.0.1:9/hat.jpg\n")
    holds("import urls", tmp_path / "urls.txt", "-w", workspace, filled="failed")


def test_synsets(holds, tmp_path, wordnet) -> None:
    (tmp_path / "wnids.txt").write_text("n02084071\nn02121620\n")
    assert holds("synsets search", "dog", filled="results")["results"][0]["wnid"] == "n02084071"
    holds("synsets show", "n02084071")
    holds("synsets tree", "n02084071")
    holds("synsets lca", "n02084071", "n02121620", filled="results")
    holds("synsets subtree", "n02084071", filled="wnids")
    holds("synsets induce", tmp_path / "wnids.txt")
    holds("synsets induce", tmp_path / "wnids.txt", "--lists", filled="edge_list")
    (tmp_path / "policy.toml").write_text('roots = ["n02092468"]\n')
    holds("synsets select", tmp_path / "policy.toml", "-o", tmp_path / "before.json", filled="wnids")
    holds("synsets select", tmp_path / "policy.toml", "--compare", filled="strategies")
    holds("synsets select", tmp_path / "policy.toml", "--merges", filled="merges")
    (tmp_path / "policy.toml").write_text('roots = ["n02092468"]\nsize = 3\n')
    compared = holds("synsets select", tmp_path / "policy.toml", "--against", tmp_path / "before.json")
    assert compared["diff"]["removed"]
    (tmp_path / "names.txt").write_text("dog\nqqqzx\n")
    holds("synsets map", tmp_path / "names.txt", "--from", "names", filled="results unknown")


def test_dedup_of_a_workspace(holds, workspace) -> None:
    holds("dedup run", "-w", workspace)
    row = holds("dedup clusters", "-w", workspace, filled="clusters")["clusters"][0]
    given = holds("dedup verdict", row["image_id"][:20], "keep", "--curator", "maria", "-w", workspace)
    assert given["image_id"] == row["image_id"]
    holds("dedup conflicts", "-w", workspace)
    holds("dedup report", "-w", workspace, filled="classes imports")
    holds("dedup calibrate", "-w", workspace)


def test_dedup_of_folders(holds, photos, tmp_path) -> None:
    (photos / "hat" / "thing.bin").write_bytes(b"\0\1\2")
    found = holds("dedup scan", photos, filled="failed skipped pairs clusters keep drop")
    assert [Path(path).name for path in found["clusters"][0]] == ["0.png", "copy.png"]
    (tmp_path / "scan.json").write_text(json.dumps(found))
    holds("dedup sample", tmp_path / "scan.json", "-o", tmp_path / "sample.csv")
    (tmp_path / "gone.txt").write_text(f"{'0' * 64} gone\n")
    holds("dedup scan", photos, "--placeholders", tmp_path / "gone.txt")
    holds("dedup hash", photos, "-o", tmp_path / "hashes.parquet", filled="failed")
    holds("dedup pairs", tmp_path / "hashes.parquet", "-o", tmp_path / "pairs.parquet")
    index, hashes = tmp_path / "an.index", tmp_path / "hashes.parquet"
    holds("dedup index add", index, hashes)
    holds("dedup index query", index, hashes, "-o", tmp_path / "found.parquet")
    holds("dedup against", tmp_path / "hashes.parquet", photos, filled="pairs")
    (tmp_path / "reviewed.csv").write_text("distance,same\n0,yes\n4,no\n")
    holds("dedup calibrate", tmp_path / "reviewed.csv", filled="distances")


def test_votes_on_files(holds, votes_csv, tmp_path) -> None:
    (tmp_path / "truth.csv").write_text("task,label\n000,yes\n001,no\n")
    labelled = holds("votes aggregate", votes_csv, "-o", tmp_path / "labels.csv")
    assert (labelled["tasks"], labelled["workers"], labelled["accuracy"]) == (4, 3, None)
    scored = holds("votes aggregate", votes_csv, "--method", "dawid-skene", "--truth", tmp_path / "truth.csv")
    assert (scored["scored"], scored["unscored"]) == (2, 0)
    holds("votes agreement", votes_csv)
    holds("votes agreement", votes_csv, "--pairs", filled="pairs")
    holds("votes agreement", votes_csv, "--by", "task", filled="groups")
    holds("votes annotators", votes_csv, filled="annotators")
    holds("votes annotators", votes_csv, "--without", "ann", filled="annotators")


def test_votes_plan(holds) -> None:
    plan = holds("votes plan", "--skill", 0.8, "--draws", 500, filled="plans recommended p_majority")
    assert len(plan["plans"]) == 1 + 5 * 11
    asked = ("--skill", 0.4, "--expert-accuracy", 0.9, "--target", 0.99)
    assert holds("votes plan", *asked, filled="skipped reason")["recommended"] is None


def test_votes_of_a_workspace(holds, workspace, tmp_path) -> None:
    before = holds("votes status", "-w", workspace, filled="synsets")
    exported = holds("votes export", "-o", tmp_path / "votes.csv", "-w", workspace)
    assert exported["votes"] > 0
    again = holds("votes import", tmp_path / "votes.csv", "-w", workspace)
    assert again["rows"] == exported["votes"]
    simulated = holds("votes simulate", "--seed", 5, "-w", workspace)
    after = holds("votes status", "-w", workspace)
    assert after["votes"] == before["votes"] + again["new_votes"] + simulated["votes"]


def test_decisions(holds, workspace) -> None:
    decided = holds("consensus run", "--policy", "fixed", "-w", workspace)
    holds("consensus rebuild", "--check", "-w", workspace)
    assert holds("consensus keep", "-w", workspace) == {
        "schema_version": 1,
        "vote_policy": "keep_last",
        "changed": 0,
    }
    assert holds("consensus keep", "keep_first", "-w", workspace)["vote_policy"] == "keep_first"
    out = ("consensus exclude", "worker-01", "--by", "maria", "-w", workspace)
    assert holds(*out)["changed"] > 0
    assert holds(*out, "--undo")["excluded"] is False
    holds("consensus controls", "--per-synset", 2, "-w", workspace, filled="synsets")
    holds("consensus rebuild", "--check", "-w", workspace)
    waiting = holds("review list", "-w", workspace, filled="questions")
    assert waiting["waiting"] == decided["outcomes"]["ambiguous"]
    question = waiting["questions"][0]["question_id"]
    given = holds("review verdict", question, "accept", "--expert", "maria", "-w", workspace)
    assert given["outcome"] == "accepted"
    assert holds("review verdict", question, "undo", "--expert", "maria", "-w", workspace)["outcome"] == (
        "ambiguous"
    )


def test_releases(holds, workspace, release, tmp_path) -> None:
    assert holds("freeze", "--check", "-w", workspace)["blocks"] == []
    (tmp_path / "policy.toml").write_text('version = "2.0.0"\nsplits = { train = 0.5, val = 0.5 }\n')
    policy = ("--policy", tmp_path / "policy.toml")
    frozen = holds("freeze", "-o", tmp_path / "v2", *policy, "-w", workspace)
    assert sum(frozen["splits"].values()) == frozen["images"]
    assert holds("verify", release)["ok"] is True
    changes = holds("diff", release, tmp_path / "v2", filled="moved policy")
    assert changes["added"] == []
    written = holds("export", release, "-o", tmp_path / "folders", "-w", workspace)
    assert written["files"] == len(list((tmp_path / "folders").rglob("n*_*")))
    shutil.rmtree(tmp_path / "folders")


def test_evaluate(holds, tmp_path, wordnet) -> None:
    (tmp_path / "truth.csv").write_text("image,wnid\na,n02084071\nb,n02121620\n")
    (tmp_path / "guesses.csv").write_text("image,prediction\na,n02084071\nb,n02084071\n")
    files = ("--truth", tmp_path / "truth.csv", "--predictions", tmp_path / "guesses.csv")
    assert holds("evaluate", *files, filled="per_class")["top1_error"] == 0.5


def test_evaluation_and_leaderboard(holds, tmp_path, wordnet) -> None:
    (tmp_path / "truth.csv").write_text("image,wnid,selection_frequency\na,n02110185,.9\nb,n02110063,.3\n")
    (tmp_path / "p.csv").write_text("image,prediction,score\na,n02110185,.8\nb,n02110185,.6\n")
    files = ("--truth", tmp_path / "truth.csv", "--predictions", tmp_path / "p.csv")
    holds("evaluate", *files, filled="per_class per_subtree per_frequency calibration")
    holds("evaluate", *files, "--confusion", filled="confusion confusion_by_ancestor")
    holds("evaluate", *files, "--against", tmp_path / "p.csv", filled="comparison")
    board, names = tmp_path / "board", ("--model", "m", "--user", "u", "--date", "2026-03-01")
    holds("leaderboard submit", board, *files, *names, filled="submission")
    holds("leaderboard show", board, filled="submissions")
    assert holds("leaderboard export", board, "-o", tmp_path / "board.html")["submissions"] == 1


def test_access(holds, workspace, release, tmp_path) -> None:
    from synsetlab import Workspace
    from synsetlab.release.access import ask_for_release

    (tmp_path / "terms.md").write_text("Only for research.")
    (tmp_path / "domains.txt").write_text("# ours\nuni.edu\n")
    files = ("--terms", tmp_path / "terms.md", "--domains-file", tmp_path / "domains.txt")
    offered = holds("access offer", release, "--name", "hats", *files, "-w", workspace)
    assert offered["domains"] == ["uni.edu"]
    holds("access list", "-w", workspace, filled="offers")
    who = {"person": "Ada", "email": "ada@uni.edu", "institution": "Uni", "purpose": "To test what is asked."}
    with Workspace.open(workspace) as opened:
        _, asked = ask_for_release(opened, "hats", offered["terms_sha256"], **who)
        opened.access.note_download(asked.id, offered["identity"], "images.parquet", 1)
    holds("access requests", "--state", "waiting", "-w", workspace, filled="requests")
    assert holds("access approve", asked.id, "--days", 3, "-w", workspace)["state"] == "approved"
    assert holds("access revoke", asked.id, "-w", workspace)["state"] == "revoked"
    assert holds("access decline", asked.id, "--reason", "No.", "-w", workspace)["reason"] == "No."
    rows = holds("access log", "-o", tmp_path / "log.csv", "-w", workspace, filled="downloads")["downloads"]
    assert (tmp_path / "log.csv").read_text().splitlines()[0] == ",".join(rows[0])
    holds("access forget", asked.id, "-w", workspace)
    holds("access withdraw", "hats", "-w", workspace)
    assert holds("access list", "--withdrawn", "-w", workspace)["offers"][0]["withdrawn"] is True


def test_release_json_is_what_verify_read(holds, release) -> None:
    written = json.loads((release / "release.json").read_text("utf-8"))
    assert holds("verify", release)["identity"] == written["identity"]
