"""Duplicate verdicts name the policy that gave them, as decisions do; those of before do not know it."""

from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None

# SQLite knows a column's reference only where the column is added, and Alembic would copy the table for
# it, without its triggers.
ADD = (
    'ALTER TABLE duplicate_verdict ADD COLUMN policy_hash VARCHAR(64) '
    'CONSTRAINT fk_duplicate_verdict_policy_hash_policy REFERENCES policy (hash)'
)


def upgrade() -> None:
    op.execute(ADD)


def downgrade() -> None:
    op.execute('ALTER TABLE duplicate_verdict DROP COLUMN policy_hash')
