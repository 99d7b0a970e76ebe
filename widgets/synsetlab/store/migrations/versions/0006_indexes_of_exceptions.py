"""Indexes of the exceptions only: retractions, and pictures that are dropped duplicates.

With statistics SQLite took the index of all votes' retractions to be of no use, and read the whole log.
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

RETRACTIONS = 'ix_vote_retracts_annotator_id'


def upgrade() -> None:
    op.drop_index(RETRACTIONS, 'vote')
    _partial(RETRACTIONS, 'vote', ['retracts', 'annotator_id'], 'retracts IS NOT NULL')
    _partial('ix_image_dropped', 'image', ['id'], 'duplicate_of IS NOT NULL')


def downgrade() -> None:
    op.drop_index('ix_image_dropped', 'image')
    op.drop_index(RETRACTIONS, 'vote')
    op.create_index(RETRACTIONS, 'vote', ['retracts', 'annotator_id'])


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
