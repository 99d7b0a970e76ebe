"""Numbers of other people's lists: known answers, and no silent mistakes."""

from __future__ import annotations

import json

import pytest

from synsetlab.errors import InputError, MissingColumnError, UnknownSynsetError
from synsetlab.taxonomy.label_spaces import SPACES, LabelSpace, label_space, read_labels
from synsetlab.taxonomy.lists import read_wnids

SIZES = {
    "ilsvrc2012-id": 1_860,
    "imagenet": 1_000,
    "imagenet22k": 21_841,
    "imagenet21k-goog": 21_843,
    "imagenet22k-ms": 21_842,
    "imagenet12k": 11_821,
    "imagenet21k-miil": 11_221,
    "imagenet21k-miil-w21": 10_450,
    "imagenet-a": 200,
    "imagenet-r": 200,
}
SEA_SNAKE, TEDDY = "n01751748", "n04399382"


def test_every_space_has_its_size_and_is_wordnet(taxonomy):
    assert list(SIZES) == list(SPACES)
    for name, size in SIZES.items():
        space = label_space(name)
        assert len(space) == size
        assert all(wnid in taxonomy for wnid in space.wnids)
        if name not in ("ilsvrc2012-id", "imagenet22k-ms"):
            assert list(space.wnids) == sorted(space.wnids)


def test_the_two_numberings_of_ilsvrc2012():
    index, ids = label_space("imagenet"), label_space("ilsvrc2012-id")
    assert (index.label(SEA_SNAKE), ids.label(SEA_SNAKE)) == (65, 490)
    assert ids.wnid(1001) == "n00001740"
    assert set(ids.wnids[:1000]) == set(index.wnids)
    assert index.wnid("0") == "n01440764"


def test_the_published_lists(shared_data, taxonomy):
    folder = shared_data / "taxonomy"
    for name, file in (("imagenet", "imagenet_synsets.txt"), ("imagenet22k", "imagenet22k_synsets.txt")):
        assert label_space(name).wnids == label_space(folder / file, taxonomy).wnids
    ids = label_space(folder / "ILSVRC2012_mapping.txt", taxonomy, first=1)
    assert set(ids.wnids) == set(label_space("ilsvrc2012-id").wnids)


def test_what_one_list_has_and_another_lacks():
    fall = label_space("imagenet22k")
    assert fall.overlap(label_space("imagenet21k-goog")).only_there == ["n03931044", "n09859684"]
    assert fall.overlap(label_space("imagenet")).only_there == [TEDDY]
    assert fall.overlap(label_space("imagenet22k-ms")).only_there == [TEDDY]
    assert fall.label(TEDDY) is None
    assert label_space("imagenet22k-ms").wnids[:1000] == label_space("imagenet").wnids


@pytest.mark.parametrize("label", ["1861", "0", "-1", "1.0", "", "x", "\u0661", "99999999999", 0])
def test_labels_that_do_not_exist(label):
    with pytest.raises(InputError, match="whole numbers from 1 to 1860"):
        label_space("ilsvrc2012-id").wnid(label)


def test_unknown_labels_are_named_with_their_lines():
    with pytest.raises(InputError, match=r"f\.txt: 7 value\(s\).*line 3: '1000'; .* and 2 more"):
        label_space("imagenet").wnids_of([(f"line {i}", str(997 + i)) for i in range(1, 10)], "f.txt")
    assert label_space("imagenet").wnids_of([("line 1", " 65 ")]) == [SEA_SNAKE]


def test_an_order_with_a_repetition_is_refused(taxonomy, tmp_path):
    file = tmp_path / "classes.txt"
    file.write_text("n02084071\nn02121620\nn02084071\n")
    with pytest.raises(InputError, match="n02084071 stands twice"):
        label_space(file, taxonomy)
    assert read_wnids(file, taxonomy) == ["n02084071", "n02121620"]


def test_orders_from_files_of_others(taxonomy, tmp_path):
    wnids = ["n02121620", "n02084071"]
    contents = {
        "keras.json": json.dumps({"1": [wnids[1], "dog"], "0": [wnids[0], "cat"]}),
        "list.json": json.dumps(wnids),
        "results.json": json.dumps({"results": [{"wnid": wnid} for wnid in wnids]}),
        "kaggle.txt": "n02121620 cat, true cat\nn02084071 dog, domestic dog\n",
        "numbered.txt": "0 n02121620\n1 n02084071\n",
        "table.csv": '\ufefflabel,"WNID",note\r\ncat,n02121620,"a, b"\r\n\r\ndog,n02084071\r\n',
        "table.tsv": "wnid\tlemmas\nn02121620\tcat\nn02084071\tdog\n",
    }
    for name, content in contents.items():
        (tmp_path / name).write_text(content, encoding="utf-8", newline="")
        assert list(label_space(tmp_path / name, taxonomy).wnids) == wnids, name


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        ("wnid,x\n,1\n", InputError, "line 2: the column wnid is empty"),
        ("wnid\nn02084442\n", UnknownSynsetError, "line 2: n02084442"),
        ('{"a": 1}', InputError, "no list of wnids"),
        ("[1", InputError, "begins as JSON"),
        ("[]", InputError, "lists no wnids"),
        ('["dog"]', UnknownSynsetError, "entry 1: 'dog'"),
    ],
)
def test_orders_that_cannot_be_used(taxonomy, tmp_path, content, error, message):
    file = tmp_path / "classes"
    file.write_text(content)
    with pytest.raises(error, match=message):
        label_space(file, taxonomy)


def test_a_name_that_is_no_space():
    with pytest.raises(InputError, match="no space of labels"):
        label_space("imagenet1k")


def test_labels_in_files(tmp_path):
    file = tmp_path / "labels"
    file.write_bytes(b"\xef\xbb\xbfLabel\r\n# note\r\n65\r\n\r\n65\r\n")
    assert read_labels(file) == [("line 3", "65"), ("line 5", "65")]
    file.write_text("image,Label\na.jpg,001\n\nb.jpg,2\n")
    assert read_labels(file, "label") == [("line 2", "001"), ("line 4", "2")]
    with pytest.raises(MissingColumnError, match="class_id"):
        read_labels(file, "class_id")
    file.write_text("\n")
    with pytest.raises(InputError, match="has no labels"):
        read_labels(file)


def test_spaces_of_ones_own():
    space = LabelSpace("mine", ("n02121620", "n02084071"), first=1)
    assert [space.wnid(1), space.wnid("2")] == ["n02121620", "n02084071"]
    assert space.label("n02084071") == 2
