"""A leaderboard: a folder with one canonical JSON file a submission.

A submission is measured once, when it is made, and never changed. Its file holds what was measured, on
which release (by identity) or truth (by hash), and the hash of the predictions; not which images were right,
so that a leaderboard on sealed labels gives none of them away. Submissions are limited for each user, because
a test set that is asked often enough answers.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import tempfile
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from synsetlab.benchmark.scoring import evaluate
from synsetlab.canonical import canonical_json
from synsetlab.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from synsetlab.benchmark.truth import Truth

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows has no flock; there two submissions at once may both pass
    fcntl = None  # type: ignore[assignment]

__all__ = ["METRICS", "Leaderboard", "Limit", "Target", "file_hash"]

FORMAT: Final = 1
METRICS: Final = {
    "top1_error": "top-1 error",
    "top5_error": "top-5 error",
    "hierarchical_top1_error": "hierarchical top-1 error",
    "hierarchical_top5_error": "hierarchical top-5 error",
    "multi_label_accuracy": "multi-label accuracy",
}
"""What submissions can be ranked by; all but the accuracy are the better the less."""

_NAME = 120


class Limit(NamedTuple):
    """At most `times` submissions of a user within `days` days, on one test set."""

    times: int = 2
    days: int = 7


class Target(NamedTuple):
    """What submissions are measured on; those on another one are not compared."""

    name: str
    """For people: name and version of the release, or name of the truth file."""
    identity: str
    """Identity of the release, or SHA-256 of the truth file."""
    split: str = ""

    @classmethod
    def of_release(cls, folder: str | os.PathLike[str], split: str) -> Target:
        """A split of a release.

        Raises
        ------
        ReleaseError
            `folder` holds no release.
        """
        from synsetlab.release.verify import read_release  # noqa: PLC0415 - a truth file needs no release

        release = read_release(folder)
        return cls(f"{release.get('name')} {release.get('version')}", str(release["identity"]), split)

    @classmethod
    def of_file(cls, path: str | os.PathLike[str]) -> Target:
        """A truth file."""
        return cls(Path(path).name, file_hash(path))


class Leaderboard:
    """The submissions in a folder.

    Parameters
    ----------
    folder
        Made with the first submission.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)

    def submit(
        self,
        test_set: Target,
        truth: Truth,
        predictions: str | os.PathLike[str],
        *,
        model: str,
        user: str,
        on: str,
        limit: Limit = Limit(),  # noqa: B008 - immutable
        note: str = "",
        **options: Any,
    ) -> tuple[dict[str, Any], bool]:
        """Measure a predictions file and add it.

        The same file under the same names on the same test set is one submission: it is returned again and
        counts once.

        Parameters
        ----------
        on
            The day, ``YYYY-MM-DD``.
        limit
            How many a user may make; a day before other submissions counts like one after them.
        options
            As `evaluate` takes them: ``ids``, ``key``, ``order``, ``seed``, ``check``.

        Returns
        -------
        submission, new

        Raises
        ------
        InputError
            The predictions do not fit, a name is empty or too long, the day is none, or the limit is reached.
        """
        day = _day(on)
        names = {"model": _name("model", model), "user": _name("user", user)}
        if limit.times < 1 or limit.days < 1:
            raise InputError(f"A limit of {limit.times} in {limit.days} days lets nothing in.")
        head = {
            **names,
            "predictions": {"name": Path(predictions).name, "sha256": file_hash(predictions)},
            "test_set": test_set._asdict(),
        }
        with self._locked():
            known = self._same(head)
            if known is not None:
                return known, False
            self._check_limit(head, day, limit)
            # Measured under the lock: a user's next submission must not overtake this one.
            report = evaluate(truth, predictions, **options).as_json()
            body = {"format": FORMAT, **head, "date": day.isoformat(), "note": note, "results": _kept(report)}
            body["id"] = hashlib.sha256(canonical_json(body).encode()).hexdigest()
            self._write(body)
        return body, True

    def submissions(self) -> list[dict[str, Any]]:
        """All submissions, by day, then by id.

        Raises
        ------
        InputError
            A file is damaged, or was changed after it was written.
        """
        found = [self._read(path) for path in sorted(self.folder.glob("*.json"))]
        return sorted(found, key=lambda one: (one["date"], one["id"]))

    def table(self, metric: str = "top5_error", test_set: str = "") -> list[dict[str, Any]]:
        """Submissions on one test set, the best first.

        Parameters
        ----------
        metric
            One of `METRICS`. Of equal ones the earlier is the better; those that lack it come last.
        test_set
            The beginning of its identity; may be left out if there is only one.

        Returns
        -------
        list
            ``rank`` (equal ones share it) and what `flat_row` gives.

        Raises
        ------
        InputError
            There is no such metric, or it is not clear which test set is meant.
        """
        if metric not in METRICS:
            raise InputError(f"There is no metric {metric!r}.", f"Use one of: {', '.join(METRICS)}.")
        rows = [_flat_row(one) for one in self._of(test_set)]
        sign = -1 if metric == "multi_label_accuracy" else 1
        rows.sort(key=lambda row: (row[metric] is None, sign * (row[metric] or 0), row["date"], row["id"]))
        rank = 0
        for place, row in enumerate(rows, start=1):
            if place == 1 or row[metric] != rows[place - 2][metric]:
                rank = place
            row["rank"] = rank
        return [{"rank": row.pop("rank"), **row} for row in rows]

    def _of(self, test_set: str) -> list[dict[str, Any]]:
        chosen = [one for one in self.submissions() if one["test_set"]["identity"].startswith(test_set)]
        sets = {(one["test_set"]["identity"], one["test_set"]["split"]): one["test_set"] for one in chosen}
        if len(sets) > 1:
            named = ", ".join(f"{s['name']} {s['split']} ({s['identity'][:12]})" for s in sets.values())
            raise InputError(
                f"{self.folder} has submissions on {len(sets)} test sets: {named}.",
                "Choose one by the beginning of its identity: --test-set IDENTITY.",
            )
        if test_set and not chosen:
            raise InputError(f"{self.folder} has no submission on a test set {test_set!r}.")
        return chosen

    def _same(self, head: dict[str, Any]) -> dict[str, Any] | None:
        return next((one for one in self.submissions() if all(one[k] == v for k, v in head.items())), None)

    def _check_limit(self, head: dict[str, Any], day: date, limit: Limit) -> None:
        mine = [
            date.fromisoformat(one["date"])
            for one in self.submissions()
            if one["user"].casefold() == head["user"].casefold() and one["test_set"] == head["test_set"]
        ]
        for back in range(limit.days):
            first = day - timedelta(days=back)
            last = first + timedelta(days=limit.days - 1)
            made = sum(first <= other <= last for other in mine)
            if made >= limit.times:
                free = min(other for other in mine if first <= other <= last) + timedelta(days=limit.days)
                raise InputError(
                    f"{head['user']} has made {made} submissions on {head['test_set']['name']} from "
                    f"{first} to {last}; the limit is {limit.times} in {limit.days} days.",
                    f"The next is possible on {free}." if free > day else "",
                )

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One submission at a time, of all processes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / ".lock").open("a") as stream:
            if fcntl is not None:
                fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    def _write(self, body: dict[str, Any]) -> None:
        """Beside its place, then renamed: it is there whole or not at all."""
        descriptor, name = tempfile.mkstemp(dir=self.folder, prefix=".new-", suffix=".tmp")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                stream.write(canonical_json(body) + "\n")
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(name, 0o644)  # noqa: PTH101 - the name is mkstemp's, whose files are its owner's alone
            os.replace(name, self.folder / f"{body['date']}-{body['id'][:16]}.json")  # noqa: PTH105 - likewise
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            body: dict[str, Any] = json.loads(path.read_text("utf-8"))
            content = {name: value for name, value in body.items() if name != "id"}
            intact = hashlib.sha256(canonical_json(content).encode()).hexdigest() == body["id"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InputError(f"{path} is no submission.", "Move it out of the leaderboard.") from error
        if body.get("format") != FORMAT:
            raise InputError(f"{path} has format {body.get('format')!r}, not {FORMAT}.", "Update synsetlab.")
        if not intact:
            raise InputError(f"{path} was changed after it was written.", "Restore it, or remove it.")
        return body


def file_hash(path: str | os.PathLike[str]) -> str:
    """SHA-256 of a file, in hex.

    Raises
    ------
    InputError
        There is no such file.
    """
    if not Path(path).is_file():
        raise InputError(f"There is no file {path}.")
    with Path(path).open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _flat_row(one: dict[str, Any]) -> dict[str, Any]:
    results = one["results"]
    return {
        **{name: one[name] for name in ("model", "user", "date", "id", "note")},
        "predictions_sha256": one["predictions"]["sha256"],
        "test_set": one["test_set"]["name"],
        "split": one["test_set"]["split"],
        "identity": one["test_set"]["identity"],
        "n": results["n"],
        **{name: results[name] for name in METRICS},
        "intervals": results["intervals"],
    }


def _kept(report: dict[str, Any]) -> dict[str, Any]:
    """Of a report what says nothing of single images or classes."""
    names = ("n", "n_classes", "guesses", *(f"top{k}_error" for k in range(1, 6)), "multi_label_accuracy")
    kept = {name: report[name] for name in names}
    intervals = {name: report["intervals"][name] for name in METRICS if name in report["intervals"]}
    for k in (1, 5):
        errors, ends = report["hierarchical_error"], report["intervals"].get("hierarchical_error")
        kept[f"hierarchical_top{k}_error"] = None if errors is None else errors[f"top{k}"]
        if ends:
            intervals[f"hierarchical_top{k}_error"] = ends[f"top{k}"]
    return {**kept, "interval_level": report["interval_level"], "intervals": intervals}


def _day(text: str) -> date:
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InputError(f"{text!r} is no day.", "Write it as YYYY-MM-DD.")


def _name(what: str, text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _NAME or not name.isprintable():
        raise InputError(f"{text!r} is no name of a {what}.", f"Give 1 to {_NAME} printable characters.")
    return name
