"""Accounts, invitations and the log of what was done to them."""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None

ROLE = "role IN ('viewer','annotator','expert','curator','admin')"
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('key', sa.String(length=192), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('password', sa.Text(), nullable=True),
    sa.Column('epoch', sa.Integer(), nullable=False, server_default=sa.text('0')),
    sa.Column('disabled', sa.Boolean(), nullable=False, server_default=sa.text('false')),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('seen_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(ROLE, name=op.f('ck_account_role')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sa.UniqueConstraint('name', name=op.f('uq_account_name')),
    sa.UniqueConstraint('key', name=op.f('uq_account_key'))
    )
    op.create_table('invitation',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('invited_by', sa.Integer(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_by', sa.Integer(), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint(ROLE, name=op.f('ck_invitation_role')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_invitation_account_id_account')),
    sa.ForeignKeyConstraint(['invited_by'], ['account.id'], name=op.f('fk_invitation_invited_by_account')),
    sa.ForeignKeyConstraint(['used_by'], ['account.id'], name=op.f('fk_invitation_used_by_account')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invitation')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_invitation_token_hash'))
    )
    op.create_table('account_event',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('account_id', sa.Integer(), nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('before', sa.String(length=32), nullable=False),
    sa.Column('after', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_account_event_account_id_account')),
    sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_account_event_actor_id_account')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_account_event'))
    )
    op.create_index('ix_account_event_account_id', 'account_event', ['account_id'])
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('UPDATE', 'DELETE'):
            op.execute(
                f"CREATE TRIGGER account_event_no_{verb.lower()} BEFORE {verb} ON account_event "
                "BEGIN SELECT RAISE(ABORT, 'account_event is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER account_event_append_only BEFORE UPDATE OR DELETE ON account_event "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    raise NotImplementedError("people would lose their accounts in schema 0002: restore the back-up")
