"""The engine stays light: numpy and scipy, nothing else."""

from __future__ import annotations

import subprocess
import sys

import pytest

import synsetlab.voting


@pytest.mark.parametrize(
    ("modules", "banned"),
    [
        (["synsetlab.voting", "synsetlab.voting.policy"], {"numpy", "scipy", "pandas"}),
        (
            [
                f"synsetlab.voting.{name}"
                for name in ("dawid_skene", "glad", "mace", "mmsr", "posterior", "scoring")
            ],
            {"pandas", "sklearn", "torch", "transformers", "sqlalchemy", "dask"},
        ),
        (["synsetlab.cli.votes"], {"numpy", "scipy", "pandas"}),
    ],
)
def test_importing_pulls_in_nothing_heavy(modules: list[str], banned: set[str]) -> None:
    code = f"import sys, {', '.join(modules)}; print(*[m for m in {sorted(banned)!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_public_name_resolves() -> None:
    for name in synsetlab.voting.__all__:
        assert getattr(synsetlab.voting, name).__name__ == name if name != "METHODS" else True
    with pytest.raises(AttributeError, match="nonsense"):
        synsetlab.voting.nonsense  # noqa: B018 - the access is the test
