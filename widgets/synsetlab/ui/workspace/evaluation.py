"""What `ModelEvaluation` shows of a release and predictions, and where it sends pictures back to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from synsetlab.benchmark.confusion import confusions
from synsetlab.benchmark.frozen import release_truth
from synsetlab.benchmark.leaderboard import Leaderboard, Target
from synsetlab.benchmark.leaderboard_chart import chart
from synsetlab.benchmark.plausible import check_guesses
from synsetlab.benchmark.predictions import Guesses, read_predictions
from synsetlab.benchmark.scoring import evaluate
from synsetlab.benchmark.wrong import mistakes, send_back
from synsetlab.errors import InputError
from synsetlab.ui.sources import current_annotator
from synsetlab.ui.workspace.pictures import WorkspacePictures

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from synsetlab.benchmark.report import Report
    from synsetlab.store.workspace import Workspace
    from synsetlab.ui.evaluation import Board, ClassRow, ModelRow, ScoredSet, WrongPictures

__all__ = ["WorkspaceEvaluation"]

SHOWN: Final = 200
"""Pictures of one question to this source."""
METRIC: Final = "top5_error"


class WorkspaceEvaluation(WorkspacePictures):
    """An `EvaluationSource` over a workspace and a release that was frozen of it.

    Parameters
    ----------
    workspace
        Where the pictures are, and the questions that are asked again.
    release, split, sealed
        The test set: see `release_truth`.
    predictions
        By the model's name: a file or a frame, as `read_predictions` takes it.
    ids
        How they name classes.
    board
        A `Leaderboard` or its folder.
    expert
        Who sends pictures back; None: ``$SYNSETLAB_ANNOTATOR``, else the name of the account.

    Raises
    ------
    InputError
        Predictions do not fit the test set; the message says why.
    """

    def __init__(
        self,
        workspace: Workspace,
        release: str | os.PathLike[str],
        predictions: Mapping[str, Any],
        *,
        split: str = "val",
        ids: str | None = None,
        board: Leaderboard | str | os.PathLike[str] | None = None,
        sealed: str | os.PathLike[str] | None = None,
        expert: str | None = None,
    ) -> None:
        super().__init__(workspace)
        self.workspace = workspace
        self.expert = expert or current_annotator()
        self.target = Target.of_release(release, split)
        self.truth = release_truth(release, split, sealed=sealed)
        self._board = board if isinstance(board, Leaderboard) or board is None else Leaderboard(Path(board))
        self._models: dict[str, tuple[Guesses, Report]] = {}
        for name, source in predictions.items():
            guesses = read_predictions(source, self.truth, ids=ids)
            check_guesses(guesses, self.truth, name)
            self._models[name] = (guesses, evaluate(self.truth, guesses))
        synsets = workspace.reader.synsets(chosen_only=False)
        self._names = {
            str(wnid): str(lemmas[0]) if lemmas else str(wnid)
            for wnid, lemmas in zip(synsets["wnid"], synsets["lemmas"], strict=True)
        }

    def test_set(self) -> ScoredSet:
        """Name and version of the release, the split, how many images and classes are scored."""
        return {
            "name": self.target.name,
            "split": self.target.split,
            "n": int((self.truth.sizes > 0).sum()),
            "classes": len(set(self.truth.pair_class.tolist())),
        }

    def models(self) -> list[ModelRow]:
        """Every model with its 99.9 % intervals, the least top-5 error first."""
        rows: list[ModelRow] = []
        for name, (_, report) in self._models.items():
            ends = report.intervals
            rows.append(
                {
                    "name": name,
                    "top1": report.top1_error,
                    "top5": report.top5_error,
                    "hierarchical": report.hierarchical_errors[-1] if report.hierarchical_errors else None,
                    "top1_interval": [float(end) for end in ends["top1_error"]],  # type: ignore[arg-type]  # a pair
                    "top5_interval": [float(end) for end in ends["top5_error"]],  # type: ignore[arg-type]  # likewise
                }
            )
        return sorted(rows, key=lambda row: (row["top5"], row["top1"], row["name"]))

    def board(self) -> Board | None:
        """Submissions on this split, ranked by top-5 error, and their chart."""
        if self._board is None:
            return None
        known = {one["test_set"]["identity"] for one in self._board.submissions()}
        if self.target.identity not in known:
            return {"chart": chart([], METRIC), "metric": METRIC, "rows": []}
        rows = [
            row
            for row in self._board.table(METRIC, self.target.identity)
            if row["split"] == self.target.split
        ]
        return {"chart": chart(rows, METRIC), "metric": METRIC, "rows": rows}

    def classes(self, model: str) -> list[ClassRow]:
        """Every class that a picture shows."""
        guesses, report = self._model(model)
        most: dict[str, dict[str, Any]] = {}
        for pair in confusions(guesses, self.truth, None, None, len(self.truth.pair_class))[0]:
            most.setdefault(pair["wnid"], pair)
        rows: list[ClassRow] = []
        for row in report.per_class.to_dict("records"):
            wnid, n = str(row["wnid"]), int(row["n"])
            taken = most.get(wnid)
            if n:
                rows.append(
                    {
                        "wnid": wnid,
                        "name": self._name(wnid),
                        "n": n,
                        "wrong": round(n * row["top1_error"]),
                        "top1": float(row["top1_error"]),
                        "top5": float(row["top5_error"]),
                        "confused": None
                        if taken is None
                        else {
                            "wnid": taken["guess"],
                            "name": self._name(taken["guess"]),
                            "n": int(taken["n"]),
                        },
                    }
                )
        return rows

    def wrong(self, model: str, wnid: str | None) -> WrongPictures:
        """Pictures that `model` gets wrong: those first whose label most models contradict."""
        chosen, _ = self._model(model)
        others = [guesses for name, (guesses, _) in self._models.items() if name != model]
        own = set(mistakes(self.truth, chosen, wnid=wnid)["image"])
        table = mistakes(self.truth, chosen, *others, wnid=wnid)
        table = table[table["image"].isin(own)]
        shown = table.head(SHOWN)
        return {
            "total": len(table),
            "pictures": [
                {
                    "key": row["image_id"],
                    "wnid": row["wnid"],
                    "name": self._name(row["wnid"]),
                    "guess": row["guess"],
                    "guess_name": self._name(row["guess"]),
                    "models": int(row["models"]),
                    "of": len(self._models),
                    "confidence": None if pd.isna(row["confidence"]) else float(row["confidence"]),
                    "asked": self._is_open(row["image_id"], row["wnid"]),
                }
                for row in shown.to_dict("records")
            ],
        }

    def send_back(self, pairs: Sequence[tuple[str, str]], reason: str) -> int:
        """Give each the verdict ``more-votes``; by default the reason is what the models say."""
        wanted = pd.DataFrame(list(dict.fromkeys(pairs)), columns=["image_id", "wnid"])
        said = mistakes(self.truth, *(guesses for guesses, _ in self._models.values()))
        table = wanted.merge(said, on=["image_id", "wnid"])
        if len(table) < len(wanted):
            raise InputError("Some of these pictures are not among those that go wrong.", "Reload the page.")
        return send_back(self.workspace, table, by=self.expert, reason=reason)

    def _model(self, name: str) -> tuple[Guesses, Report]:
        if name not in self._models:
            raise InputError(f"There is no model {name!r:.80}.", f"There are: {', '.join(self._models)}.")
        return self._models[name]

    def _name(self, wnid: str) -> str:
        return self._names.get(wnid, wnid)

    def _is_open(self, image: str, wnid: str) -> bool:
        about = self.workspace.lookups.questions_about(image)
        return any(one["outcome"] == "open" for one in about if one["wnid"] == wnid) or not any(
            one["outcome"] == "accepted" for one in about
        )
