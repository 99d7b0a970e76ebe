"""The index of retractions holds retractions only: with statistics SQLite took it to be of no use."""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None

NAME = 'ix_vote_retracts_annotator_id'
WHERE = sa.text('retracts IS NOT NULL')


def upgrade() -> None:
    op.drop_index(NAME, 'vote')
    op.create_index(NAME, 'vote', ['retracts', 'annotator_id'], sqlite_where=WHERE, postgresql_where=WHERE)


def downgrade() -> None:
    op.drop_index(NAME, 'vote')
    op.create_index(NAME, 'vote', ['retracts', 'annotator_id'])
