"""From the name of a policy, or a file of one, to a replay under it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from synsetlab.errors import InputError, MissingColumnError
from synsetlab.voting.files import read_table
from synsetlab.voting.policy import (
    CostPolicy,
    FixedPolicy,
    KOfNPolicy,
    LeaderPolicy,
    PerSynsetPolicy,
    QuorumPolicy,
    SprtPolicy,
    policy_from_json,
)
from synsetlab.voting.replay import Replay, replay_leader
from synsetlab.voting.replay_counts import replay_counts, replay_sprt, replay_table, yes_class

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from synsetlab.voting.encoding import Votes
    from synsetlab.voting.policies.base import Policy

__all__ = ["NAMES", "play", "read_profiles"]

NAMES = ("dynamic", "leader", "sprt", "fixed", "table", "cost", "quorum", "k-of-n")
"""Policies that need no file. ``dynamic`` is the crowd-aware rule, kind ``leader``: two names, one rule."""

LEADER = ("dynamic", "leader")

SETTINGS = {
    "confidence": LEADER,
    "seed": LEADER,
    "alpha": ("sprt",),
    "beta": ("sprt",),
    "n_votes": ("fixed",),
    "min_confidence": ("fixed",),
}
"""Settings and the policies that have them."""


def play(
    votes: Votes,
    policy: str,
    settings: Mapping[str, Any],
    *,
    yes: str | None = None,
    profiles: str | None = None,
) -> Replay:
    """Play `votes` under a policy by name, with its defaults, or one in a JSON file, taken as it is.

    ``dynamic`` and ``leader`` are a `LeaderPolicy`; the policy of kind ``dynamic`` by which a workspace
    decides comes in a file. ``sprt`` fits the skill of the crowd as it goes, ``table`` learns
    its table from the first tasks; both need two classes.

    Raises
    ------
    InputError
        The policy is not known or cannot be used on these votes, or a setting is another policy's.
    """
    given = {name: value for name, value in settings.items() if value is not None}
    for name in given:
        if name != "seed" and policy not in SETTINGS[name]:
            option = "votes" if name == "n_votes" else name.replace("_", "-")
            raise InputError(
                f"--{option} is no setting of --policy {policy}.", f"It is one of: {SETTINGS[name][0]}."
            )
    if profiles is not None and policy not in LEADER:
        raise InputError("--profiles can only be used with --policy dynamic.")
    if policy in LEADER:
        chosen = LeaderPolicy(**given)
        return replay_leader(votes, chosen, prior_counts=read_profiles(profiles, votes) if profiles else None)
    if policy == "sprt":
        yes_class(votes, yes)
        rates = {name: given[name] for name in ("alpha", "beta") if name in given}
        return replay_sprt(votes, SprtPolicy(**rates, max_votes=None), yes=yes)
    if policy == "table":
        return replay_table(votes, yes=yes)
    return _play_value(votes, _chosen(policy, given), yes)


def _chosen(policy: str, given: Mapping[str, Any]) -> Policy:
    if policy == "fixed":
        known = {"n_votes": "votes", "min_confidence": "min_confidence"}
        return FixedPolicy(**{known[name]: value for name, value in given.items() if name in known})
    by_name: dict[str, type[Policy]] = {"cost": CostPolicy, "quorum": QuorumPolicy, "k-of-n": KOfNPolicy}
    if policy in by_name:
        return by_name[policy]()
    try:
        return policy_from_json(Path(policy).read_text("utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"{policy!r} is no policy, nor a file that can be read: {error.strerror}.",
            f"Policies are: {', '.join(NAMES)}.",
        ) from error
    except UnicodeDecodeError as error:
        raise InputError(f"{policy} is not UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error


def _play_value(votes: Votes, policy: Policy, yes: str | None) -> Replay:
    if isinstance(policy, PerSynsetPolicy):
        policy = policy.default  # a file of votes has no synsets
    if isinstance(policy, LeaderPolicy):
        return replay_leader(votes, policy)
    return replay_counts(votes, policy, yes=yes)


def read_profiles(path: str, votes: Votes) -> NDArray[np.float64]:
    """Pseudo-counts by worker, class and answer, shape (W, K, L), from ``worker,truth,answer,count``.

    Workers, classes and answers that the votes do not have are left out.

    Raises
    ------
    InputError
        A column is absent, or a count is no number of zero or more.
    """
    table = read_table(path)
    for column in ("worker", "truth", "answer", "count"):
        if column not in table.columns:
            raise MissingColumnError(path, column, [str(name) for name in table.columns])
    worker = {str(name): place for place, name in enumerate(votes.workers)}
    answer = {str(name): place for place, name in enumerate(votes.answers)}
    counts = np.zeros((votes.n_workers, votes.n_classes, votes.n_answers))
    for row, entry in enumerate(table.to_dict("records"), start=1):
        try:
            count = float(entry["count"])
        except ValueError:
            count = -1.0
        if not 0 <= count < float("inf"):
            raise InputError(f"{path}, row {row}: count {entry['count']!r} is no number of zero or more.")
        who, told, said = (
            worker.get(entry["worker"]),
            answer.get(entry["truth"]),
            answer.get(entry["answer"]),
        )
        if who is not None and told is not None and said is not None and told < votes.n_classes:
            counts[who, told, said] += count
    return counts
