"""The command: one object for machines, words for people."""

from __future__ import annotations

import io
import json

import pytest

from synsetlab.cli import main

DOG, CAT = "n02084071", "n02121620"
pytestmark = pytest.mark.usefixtures("taxonomy")


@pytest.fixture
def say(capsys):
    """Run the command; its exit code and what it printed."""

    def run(*words: str) -> tuple[int, str]:
        code = main(["synsets", *words])
        return code, capsys.readouterr().out

    return run


@pytest.fixture
def ask(say):
    def run(*words: str) -> dict:
        code, out = say(*words, "--json")
        assert code == 0
        answer = json.loads(out)
        assert answer.pop("schema_version") == 1
        return answer

    return run


def test_search(ask, say):
    answer = ask("search", "siberian", "husky")
    assert list(answer) == ["results"]
    assert set(answer["results"][0]) == {"wnid", "lemmas", "gloss", "score"}
    assert answer["results"][0]["wnid"] == "n02110185"
    assert len(ask("search", "dog", "--limit", "3")["results"]) == 3
    assert ask("search", "xyzzyq") == {"results": []}
    assert "n02110185  Siberian husky" in say("search", "siberian husky")[1]


def test_search_in_another_language(ask, shared_data):
    table = shared_data / "omw" / "wn-data-ita.tab"
    assert ask("search", "cane", "--lang-file", str(table))["results"][0]["wnid"] == DOG


def test_show(ask, say):
    answer = ask("show", DOG)
    keys = {"wnid", "lemmas", "gloss", "parents", "children", "ancestors", "depth_min", "depth_max", "height"}
    assert keys <= set(answer)
    assert (answer["depth_min"], answer["depth_max"], answer["height"]) == (8, 13, 5)
    assert len(answer["children"]) == 18
    assert "dog, domestic dog, Canis familiaris" in say("show", DOG)[1]


def test_tree(ask, say):
    tree = ask("tree", DOG, "--depth", "2")["tree"]
    assert set(tree) == {"wnid", "lemmas", "subtree_size", "children"}
    assert tree["subtree_size"] == 190
    assert len(tree["children"]) == 18
    assert all(not grandchild["children"] for child in tree["children"] for grandchild in child["children"])
    assert ask("tree", DOG, "--depth", "0")["tree"]["children"] == []
    drawn = say("tree", DOG)[1].splitlines()
    assert drawn[0] == "dog, domestic dog, Canis familiaris  n02084071  190"
    assert drawn[-1] == "└─ Mexican hairless  n02113978  1"


def test_lca(ask, say):
    assert ask("lca", DOG, CAT) == {"results": [{"wnid": "n02075296", "height": 7, "depth_min": 11}]}
    assert "carnivore" in say("lca", DOG, CAT)[1]


def test_subtree(ask, tmp_path, monkeypatch):
    assert ask("subtree", DOG)["count"] == 190
    listed = tmp_path / "wnids.txt"
    listed.write_text(f"{CAT}\n{DOG}\nn02113335\n")
    answer = ask("subtree", DOG, "--within", str(listed))
    assert (answer["count"], answer["wnids"]) == (2, [DOG, "n02113335"])
    monkeypatch.setattr("sys.stdin", io.StringIO(listed.read_text()))
    assert ask("subtree", DOG, "--within", "-")["count"] == 2


def test_induce(ask, say, tmp_path):
    listed = tmp_path / "wnids.txt"
    listed.write_text(f"{CAT}\n{DOG}\n")
    counts = ask("induce", str(listed))
    assert list(counts) == ["nodes", "edges", "internal", "root_height", "ancestor_pairs"]
    full = ask("induce", str(listed), "--lists")
    assert len(full["wnids"]) == counts["nodes"]
    assert len(full["edge_list"]) == counts["edges"]
    assert len(full["internal_wnids"]) == counts["internal"]
    assert "root height" in say("induce", str(listed))[1]


@pytest.mark.parametrize(
    "words",
    [
        ("show", "dog"),
        ("tree", "n02084442"),
        ("lca", DOG, "n1"),
        ("subtree", "x"),
        ("induce", "no-such-file"),
    ],
)
def test_bad_input_is_exit_code_2(say, words):
    code, out = say(*words, "--json")
    assert code == 2
    assert set(json.loads(out)["error"]) == {"type", "message", "remedy"}


# ---- map


def test_map_numbers(ask, say, tmp_path, shared_data):
    labels = tmp_path / "labels.txt"
    labels.write_bytes(b"\xef\xbb\xbflabel\r\n65\r\n\r\n1\r\n65\r\n")
    answer = ask("map", str(labels), "--from", "index")
    assert answer["classes"] == "imagenet"
    assert [(row["line"], row["value"], row["wnid"]) for row in answer["results"]] == [
        (2, "65", "n01751748"),
        (4, "1", "n01443537"),
        (5, "65", "n01751748"),
    ]
    assert answer["results"][0]["lemmas"] == ["sea snake"]
    ids = ask("map", str(labels), "--from", "ilsvrc2012-id")["results"]
    assert [row["wnid"] for row in ids] == ["n02422106", "n02119789", "n02422106"]
    order = shared_data / "taxonomy" / "imagenet22k_synsets.txt"
    same = [
        ask("map", str(labels), "--from", "index", "--classes", name) for name in (str(order), "imagenet22k")
    ]
    assert same[0]["results"] == same[1]["results"]
    assert "sea snake" in say("map", str(labels), "--from", "index")[1]


def test_the_validation_set_of_ilsvrc(ask, shared_data):
    folder = shared_data
    answer = ask(
        "map", str(folder / "taxonomy" / "ILSVRC2012_validation_ground_truth.txt"), "--from", "ilsvrc2012-id"
    )
    counts: dict[str, int] = {}
    for row in answer["results"]:
        counts[row["wnid"]] = counts.get(row["wnid"], 0) + 1
    assert set(counts.values()) == {50}
    assert sorted(counts) == (folder / "taxonomy" / "imagenet_synsets.txt").read_text().split()


def test_map_names(ask, say, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text('id,name\n7,crane\n8,"tench, Tinca tinca"\n9,qqqzx\n')
    table = tmp_path / "out.csv"
    answer = ask("map", str(names), "--from", "names", "--column", "name", "-o", str(table))
    crane, tench, nothing = answer["results"]
    assert [row["wnid"] for row in answer["results"]] == [None] * 3
    assert (crane["ambiguous"], tench["ambiguous"]) == (True, False)
    assert set(crane["candidates"][0]) == {"wnid", "lemmas", "gloss", "score", "kind"}
    assert tench["candidates"][0]["wnid"] == "n01440764"
    assert nothing["candidates"] == []
    assert answer["unknown"] == [{"line": 4, "value": "qqqzx"}]
    rows = table.read_text("utf-8").splitlines()
    assert rows[0] == "line,value,rank,wnid,score,lemmas,gloss"
    assert rows[-1] == "4,qqqzx,,,,,"
    assert "qqqzx" in say("map", str(names), "--from", "names", "--column", "name")[1]


def test_map_refuses_what_is_no_label(say, tmp_path):
    labels = tmp_path / "labels.txt"
    labels.write_text("0\n1000\nx\n")
    code, out = say("map", str(labels), "--from", "index", "--json")
    assert code == 2
    message = json.loads(out)["error"]["message"]
    assert "line 2: '1000'; line 3: 'x'" in message
    assert say("map", str(labels), "--from", "ilsvrc2012-id", "--classes", "imagenet", "--json")[0] == 2
    assert say("map", str(labels), "--from", "wnid", "--json")[0] == 2


# ---- select


@pytest.fixture
def policy(tmp_path):
    file = tmp_path / "policy.toml"
    file.write_text(
        f'name = "dogs"\nroots = ["{DOG}"]\nsize = 10\nstrategy = "greedy"\ncandidates = "n.csv"\n'
    )
    (tmp_path / "n.csv").write_text("wnid,count\nn02110185,900\n")
    return file


def test_select(ask, say, policy, tmp_path):
    outputs = {name: str(tmp_path / f"chosen.{name}") for name in ("json", "txt", "csv")}
    answers = [ask("select", str(policy), "-o", output) for output in outputs.values()]
    assert len({answer["hash"] for answer in answers}) == 1
    answer = answers[0]
    assert (answer["name"], answer["count"], answer["considered"]) == ("dogs", 10, 190)
    assert sum(answer["excluded"].values()) == 180
    assert [term["name"] for term in answer["objective"]["terms"]] == ["C_cov", "C_hier", "Q_label", "C_cost"]
    assert answer["objective"]["U"] == pytest.approx(
        sum(term["contribution"] for term in answer["objective"]["terms"])
    )
    for output in outputs.values():
        induced = ask("induce", output)
        assert induced["ancestor_pairs"] == 0
        assert ask("subtree", DOG, "--within", output)["wnids"] == answer["wnids"]
    code, text = say("select", str(policy))
    assert code == 0
    assert "10 of 190 synsets chosen (greedy)" in text


def test_select_explains_compares_and_suggests(ask, say, policy, tmp_path):
    saved, why = str(tmp_path / "before.json"), tmp_path / "why.csv"
    ask("select", str(policy), "-o", saved, "--excluded", str(why))
    assert len(why.read_text("utf-8").splitlines()) == 181
    policy.write_text(policy.read_text("utf-8").replace("size = 10", "size = 11"))
    answer = ask("select", str(policy), "--against", saved, "--compare", "--merges")
    assert len(answer["diff"]["added"]) == 1
    assert answer["diff"]["policy"] == {"size": [10, 11]}
    assert [row["strategy"] for row in answer["strategies"]] == ["all", "random", "popularity", "greedy"]
    assert "merges" in answer
    text = say("select", str(policy), "--against", saved, "--compare", "--merges")[1]
    assert "size changed in the policy" in text
    assert "popularity" in text


@pytest.mark.parametrize("bad", ["size = -1", 'strategy = "best"', "quota = 3", "["])
def test_select_refuses_bad_policies(say, policy, bad):
    policy.write_text(bad)
    code, out = say("select", str(policy), "--json")
    assert code == 2
    assert "policy.toml" in json.loads(out)["error"]["message"]


# ---- classes of one's own


def test_own_classes(ask, say, tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(f"id,hypernym,lemmas,gloss\nx00000001,{DOG},robot dog,a robot\n")
    words = ("--own", str(own))
    assert ask("show", "x00000001", *words)["parents"] == [DOG]
    assert ask("subtree", DOG, *words)["count"] == 191
    assert ask("search", "robot dog", *words)["results"][0]["wnid"] == "x00000001"
    assert ask("lca", "x00000001", "n02110185", *words)["results"][0]["wnid"] == DOG
    code, out = say("show", "x00000001", "--json")
    assert code == 2
    assert "--own" in json.loads(out)["error"]["remedy"]
