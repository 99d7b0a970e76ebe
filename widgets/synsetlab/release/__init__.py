"""Frozen releases: policy, splits, freeze, verify, diff and export."""

from __future__ import annotations

from synsetlab.release.diff import diff_releases
from synsetlab.release.exports import export_release
from synsetlab.release.freeze import check_gates, check_release, freeze, write_audit_sample
from synsetlab.release.policy import ReleasePolicy, Sampling
from synsetlab.release.sealed import open_sealed
from synsetlab.release.verify import verify_release

__all__ = [
    "ReleasePolicy",
    "Sampling",
    "check_gates",
    "check_release",
    "diff_releases",
    "export_release",
    "freeze",
    "open_sealed",
    "verify_release",
    "write_audit_sample",
]
