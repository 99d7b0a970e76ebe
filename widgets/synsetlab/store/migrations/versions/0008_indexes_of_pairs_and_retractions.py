"""Retractions are found by who made them, and pairs by either picture.

Whose every answer counts is told from the index at once; a verdict on a copy reads its own group.
"""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None

BEFORE = ('retracts', 'annotator_id')
PAIRS = 'ix_duplicate_pair_b'
NOW = ('annotator_id', 'retracts')


def upgrade() -> None:
    _replace(BEFORE, NOW)
    op.create_index(PAIRS, 'duplicate_pair', ['b'])


def downgrade() -> None:
    op.drop_index(PAIRS, 'duplicate_pair')
    _replace(NOW, BEFORE)


def _replace(old: tuple[str, ...], new: tuple[str, ...]) -> None:
    op.drop_index(_name(old), 'vote')
    where = sa.text('retracts IS NOT NULL')
    op.create_index(_name(new), 'vote', list(new), sqlite_where=where, postgresql_where=where)


def _name(columns: tuple[str, ...]) -> str:
    return '_'.join(('ix', 'vote', *columns))
