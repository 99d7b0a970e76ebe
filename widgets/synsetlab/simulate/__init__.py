"""Make-believe input with known truth, and what it teaches before people are asked.

Drawn demo pictures, annotators of known skill, crowds of any kind, and plans of how many votes to buy.
"""

from __future__ import annotations

from synsetlab.simulate.annotators import Annotator, answer, make_crowd, simulate_votes
from synsetlab.simulate.compare import accuracy_by_votes
from synsetlab.simulate.crowds import CrowdDesign, SimulatedCrowd, simulate_crowd
from synsetlab.simulate.plan import Prices, VotePlan, plan_votes
from synsetlab.simulate.skills import SkillPool, learn_skills, read_skills

__all__ = [
    "Annotator",
    "CrowdDesign",
    "Prices",
    "SimulatedCrowd",
    "SkillPool",
    "VotePlan",
    "accuracy_by_votes",
    "answer",
    "learn_skills",
    "make_crowd",
    "plan_votes",
    "read_skills",
    "simulate_crowd",
    "simulate_votes",
]
