"""One policy for most synsets and others for some."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from synsetlab.errors import InputError
from synsetlab.voting.policies.base import Decision, Policy, Tally
from synsetlab.voting.policies.fixed import FixedPolicy

__all__ = ["PerSynsetPolicy"]

WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class PerSynsetPolicy(Policy):
    """A default, and exceptions by synset; `for_synset` tells which holds.

    Parameters
    ----------
    default
        For all synsets that are not named.
    overrides
        Policy by wnid; a mapping, held as pairs in the order of the wnids.
    """

    kind: ClassVar[str] = "per-synset"

    default: Policy = field(default_factory=FixedPolicy)
    overrides: Mapping[str, Policy] | tuple[tuple[str, Policy], ...] = ()

    def __post_init__(self) -> None:
        given = self.overrides.items() if isinstance(self.overrides, Mapping) else self.overrides
        pairs = tuple(sorted(given, key=lambda pair: pair[0]))
        for wnid, policy in pairs:
            if not WNID.fullmatch(str(wnid)):
                raise InputError(f"per-synset policy: {wnid!r} is no wnid.", "Write n and eight digits.")
            _plain_policy(policy, str(wnid))
        if len(dict(pairs)) != len(pairs):
            raise InputError("per-synset policy: a wnid is named twice.")
        _plain_policy(self.default, "default")
        object.__setattr__(self, "overrides", pairs)

    @property
    def first_votes(self) -> int:
        """Of the default."""
        return self.default.first_votes

    def for_synset(self, wnid: str) -> Policy:
        """The policy of this synset."""
        return dict(self.overrides).get(wnid, self.default)

    def decide(
        self, tally: Tally, *, p_yes: float | None = None, strongest: tuple[float, float] | None = None
    ) -> Decision:
        """Judge by the default, for want of a synset; ask `for_synset` first where there is one."""
        return self.default.decide(tally, p_yes=p_yes, strongest=strongest)

    def body(self) -> dict[str, Any]:
        """The value as JSON knows it: the exceptions as an object by wnid."""
        exceptions = {wnid: policy.body() for wnid, policy in dict(self.overrides).items()}
        return {**super().body(), "overrides": exceptions}


def _plain_policy(policy: Any, where: str) -> None:
    if not isinstance(policy, Policy) or isinstance(policy, PerSynsetPolicy):
        raise InputError(f"per-synset policy: {where} holds {policy!r}, which is no policy of one synset.")
