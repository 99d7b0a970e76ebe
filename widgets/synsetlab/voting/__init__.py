"""Votes to decisions: aggregators, posteriors, stopping policies, agreement, annotators.

Votes are a frame ``task, worker, label``. Everything computes on integer codes with numpy and
scipy; pandas is imported only where a frame comes in or goes out.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from synsetlab.voting.agreement import Agreement as Agreement
    from synsetlab.voting.agreement import agreement_by as agreement_by
    from synsetlab.voting.agreement import measure_agreement as measure_agreement
    from synsetlab.voting.annotators import annotator_report as annotator_report
    from synsetlab.voting.auto import Auto as Auto
    from synsetlab.voting.base import Aggregator as Aggregator
    from synsetlab.voting.dawid_skene import DawidSkene as DawidSkene
    from synsetlab.voting.encoding import Votes as Votes
    from synsetlab.voting.encoding import encode_votes as encode_votes
    from synsetlab.voting.frequency import selection_frequency as selection_frequency
    from synsetlab.voting.glad import GLAD as GLAD
    from synsetlab.voting.gold import suggest_gold as suggest_gold
    from synsetlab.voting.hierarchical import HierarchicalDawidSkene as HierarchicalDawidSkene
    from synsetlab.voting.mace import MACE as MACE
    from synsetlab.voting.majority import MajorityVote as MajorityVote
    from synsetlab.voting.methods import METHODS as METHODS
    from synsetlab.voting.methods import make_aggregator as make_aggregator
    from synsetlab.voting.mmsr import MMSR as MMSR
    from synsetlab.voting.one_coin import OneCoin as OneCoin
    from synsetlab.voting.online import OnlinePosterior as OnlinePosterior
    from synsetlab.voting.pairs import cohen_kappa as cohen_kappa
    from synsetlab.voting.pairs import cohen_table as cohen_table
    from synsetlab.voting.policy import Decision as Decision
    from synsetlab.voting.policy import DynamicPolicy as DynamicPolicy
    from synsetlab.voting.policy import FixedPolicy as FixedPolicy
    from synsetlab.voting.policy import Outcome as Outcome
    from synsetlab.voting.policy import Tally as Tally
    from synsetlab.voting.policy import policy_from_json as policy_from_json
    from synsetlab.voting.posterior import AnswerModel as AnswerModel
    from synsetlab.voting.posterior import YesPosterior as YesPosterior
    from synsetlab.voting.wawa import Wawa as Wawa
    from synsetlab.voting.zbs import ZeroBasedSkill as ZeroBasedSkill

_LAZY = {
    "Agreement": "agreement",
    "Aggregator": "base",
    "AnswerModel": "posterior",
    "Auto": "auto",
    "DawidSkene": "dawid_skene",
    "Decision": "policy",
    "DynamicPolicy": "policy",
    "FixedPolicy": "policy",
    "GLAD": "glad",
    "HierarchicalDawidSkene": "hierarchical",
    "MACE": "mace",
    "METHODS": "methods",
    "MMSR": "mmsr",
    "MajorityVote": "majority",
    "OneCoin": "one_coin",
    "OnlinePosterior": "online",
    "Outcome": "policy",
    "Tally": "policy",
    "Votes": "encoding",
    "Wawa": "wawa",
    "YesPosterior": "posterior",
    "ZeroBasedSkill": "zbs",
    "agreement_by": "agreement",
    "annotator_report": "annotators",
    "cohen_kappa": "pairs",
    "cohen_table": "pairs",
    "encode_votes": "encoding",
    "make_aggregator": "methods",
    "measure_agreement": "agreement",
    "policy_from_json": "policy",
    "selection_frequency": "frequency",
    "suggest_gold": "gold",
}

__all__ = [
    "GLAD",
    "MACE",
    "METHODS",
    "MMSR",
    "Aggregator",
    "Agreement",
    "AnswerModel",
    "Auto",
    "DawidSkene",
    "Decision",
    "DynamicPolicy",
    "FixedPolicy",
    "HierarchicalDawidSkene",
    "MajorityVote",
    "OneCoin",
    "OnlinePosterior",
    "Outcome",
    "Tally",
    "Votes",
    "Wawa",
    "YesPosterior",
    "ZeroBasedSkill",
    "agreement_by",
    "annotator_report",
    "cohen_kappa",
    "cohen_table",
    "encode_votes",
    "make_aggregator",
    "measure_agreement",
    "policy_from_json",
    "selection_frequency",
    "suggest_gold",
]


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(f"synsetlab.voting.{_LAZY[name]}"), name)
    raise AttributeError(f"module 'synsetlab.voting' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
