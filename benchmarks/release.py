"""Freeze a large workspace beside what plain pandas would do with the same rows: time and peak memory.

    python benchmarks/release.py [--images 100000 1000000] [--votes 3]

The workspace is made by SQL in a temporary folder, without pictures: a freeze reads none. Each of the
two runs in a process of its own, whose peak memory is printed with what its imports took.

pandas reads the accepted rows with their sources, deals out splits class by class and writes one table
as Parquet; synsetlab writes all tables, with votes and decisions, content hashes, sums and documents.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

DAY = "2026-03-04 05:06:07.000000"


def make_workspace(folder: Path, images: int, classes: int, votes: int) -> None:
    """Accepted images of `classes` classes, 2 % of them in clusters of two, `votes` votes on each."""
    from synsetlab import Workspace

    with Workspace.create(folder) as workspace:
        annotators = [workspace.writer.ensure_annotator(f"annotator {n}") for n in range(50)]
        workspace.writer.start_import("folder", "made up")
    connection = sqlite3.connect(folder / "workspace.sqlite")
    connection.create_function("sha", 1, lambda n: hashlib.sha256(str(n).encode()).hexdigest())
    connection.executescript(
        f"""
        PRAGMA synchronous=OFF; PRAGMA foreign_keys=OFF;
        BEGIN;
        CREATE TEMP TABLE n AS WITH RECURSIVE c(i) AS (SELECT 0 UNION ALL SELECT i+1 FROM c LIMIT {images})
            SELECT i, sha(i) AS id, printf('n%08d', i % {classes}) AS wnid FROM c;
        INSERT INTO synset (wnid, lemmas, gloss, path, chosen, rules_yes, rules_no)
            SELECT DISTINCT wnid, '["' || wnid || '"]', 'made up', '["entity"]', 1, '', '' FROM n;
        INSERT INTO image (id, format, width, height, bytes, phash, phash_name, mean_color, imported_at)
            SELECT id, 'JPEG', 500, 375, 100000, substr(id, 1, 16), 'phash', '#000000', '{DAY}' FROM n
            ORDER BY id;
        INSERT INTO source (image_id, origin, name, provider, licence, author, title, landing_page,
                            retrieved_at, import_id)
            SELECT id, 'https://example.org/' || i || '.jpg', '', 'example', 'CC-BY-4.0',
                   'author ' || (i % 5000), 'picture ' || i, 'https://example.org/' || i, '{DAY}', 1 FROM n;
        INSERT INTO duplicate_cluster (image_id, cluster_id)
            SELECT id, sha(i - i % 2) FROM n WHERE i % 100 < 2;
        INSERT INTO question (image_id, wnid, example, votes_wanted, n_yes, n_no, n_unsure, n_skip, outcome,
                              posterior)
            SELECT id, wnid, 0, {votes}, {votes} - (i % 7 = 0), i % 7 = 0, 0, 0, 'accepted', 0.97 FROM n;
        INSERT INTO policy (hash, kind, body) VALUES ('{"0" * 64}', 'votes', '{{}}');
        INSERT INTO decision (question_id, outcome, posterior, n_yes, n_no, n_unsure, reason, policy_hash,
                              decided_at)
            SELECT id, 'accepted', 0.97, n_yes, n_no, 0, 'made up', '{"0" * 64}', '{DAY}' FROM question;
        """
    )
    for vote in range(votes):
        connection.execute(
            f"""INSERT INTO vote (id, question_id, annotator_id, answer, is_gold, source, decided_at,
                                  active_ms, received_at)
                SELECT 'v{vote}-' || q.id, q.id, {annotators[0]} + (q.id + {vote}) % 50,
                       CASE WHEN {vote} = 0 AND q.n_no THEN 'no' ELSE 'yes' END, 0, 'ui', '{DAY}', 900,
                       '{DAY}'
                FROM question q"""
        )
    connection.execute("ANALYZE")
    connection.commit()
    connection.close()


def run_ours(workspace: Path, out: Path) -> int:
    from synsetlab import Workspace
    from synsetlab.release import ReleasePolicy, freeze

    policy = ReleasePolicy(splits={"train": "rest", "val": 10, "test": 10})
    with Workspace.open(workspace) as opened:
        return freeze(opened, out, policy=policy, seed=1).images


def run_verify(workspace: Path, out: Path) -> int:
    from synsetlab.release import verify_release
    from synsetlab.release.verify import read_release

    del workspace
    assert verify_release(out) == []
    return int(read_release(out)["images"])


def run_pandas(workspace: Path, out: Path) -> int:
    import numpy as np
    import pandas as pd

    with sqlite3.connect(workspace / "workspace.sqlite") as connection:
        rows = pd.read_sql(
            """SELECT q.image_id, q.wnid, q.id AS question_id, q.posterior, q.n_yes, q.n_no, q.n_unsure,
                      i.format, i.width, i.height, i.bytes, i.phash, i.phash_name,
                      coalesce(c.cluster_id, i.id) AS cluster_id, s.origin AS url, s.licence, s.author,
                      s.landing_page, s.retrieved_at
               FROM question q JOIN image i ON i.id = q.image_id
               LEFT JOIN duplicate_cluster c ON c.image_id = i.id
               LEFT JOIN source s ON s.image_id = i.id
               WHERE q.outcome = 'accepted' AND i.duplicate_of IS NULL""",
            connection,
        )
    rows["selection_frequency"] = rows["n_yes"] / rows[["n_yes", "n_no", "n_unsure"]].sum(axis=1)
    rng = np.random.default_rng(1)
    clusters = rows.drop_duplicates("cluster_id")[["cluster_id", "wnid"]]
    clusters = clusters.sample(frac=1, random_state=rng)
    place = clusters.groupby("wnid").cumcount()
    clusters["split"] = np.select([place < 10, place < 20], ["val", "test"], "train")
    rows = rows.merge(clusters[["cluster_id", "split"]], on="cluster_id").sort_values(["image_id", "wnid"])
    rows.to_parquet(out, index=False)
    return len(rows)


RUNS = {"synsetlab freeze": run_ours, "synsetlab verify": run_verify, "pandas": run_pandas}


def child(who: str, workspace: Path, out: Path) -> None:
    start, cpu = time.perf_counter(), time.process_time()
    images = RUNS[who](workspace, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = {"seconds": time.perf_counter() - start, "cpu": time.process_time() - cpu}
    print(json.dumps({"images": images, **spent, "mb": peak}))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, nargs="+", default=[100_000])
    parser.add_argument("--classes", type=int, default=1000)
    parser.add_argument("--votes", type=int, default=3)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        child(given.child[0], Path(given.child[1]), Path(given.child[2]))
        return
    print(f"{'images':>10} {'':<18} {'seconds':>8} {'CPU s':>8} {'images/s':>10} {'peak MB':>8}")
    with tempfile.TemporaryDirectory() as folder:
        for images in given.images:
            workspace, out = Path(folder) / f"w{images}", Path(folder) / f"r{images}"
            make_workspace(workspace, images, given.classes, given.votes)
            for who in RUNS:
                target = out.with_suffix(".parquet") if who == "pandas" else out
                command = [sys.executable, __file__, "--child", who, str(workspace), str(target)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    print(f"{images:>10,} {who:<18} FAILED {done.stderr.strip().splitlines()[-1][:70]}")
                    continue
                found = json.loads(done.stdout.strip().splitlines()[-1])
                rate = found["images"] / found["seconds"]
                times = f"{found['seconds']:8.1f} {found['cpu']:8.1f}"
                print(f"{images:>10,} {who:<18} {times} {rate:10,.0f} {found['mb']:8.0f}")


if __name__ == "__main__":
    main()
