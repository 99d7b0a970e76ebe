"""Terms, offers of releases, requests for them, what was decided and what was fetched."""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')
TIME = sa.DateTime(timezone=True)
KIND = "kind IN ('requested','approved','declined','revoked','forgotten')"


def upgrade() -> None:
    op.create_table('terms',
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('added_at', TIME, nullable=False),
    sa.PrimaryKeyConstraint('sha256', name=op.f('pk_terms'))
    )
    op.create_table('offer',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('folder', sa.Text(), nullable=False),
    sa.Column('pictures', sa.Text(), nullable=True),
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('version', sa.String(length=32), nullable=False),
    sa.Column('terms_sha256', sa.String(length=64), nullable=False),
    sa.Column('approval', sa.Boolean(), nullable=False),
    sa.Column('domains', sa.JSON(), nullable=False),
    sa.Column('days', sa.Integer(), nullable=False),
    sa.Column('offered_at', TIME, nullable=False),
    sa.Column('withdrawn_at', TIME, nullable=True),
    sa.ForeignKeyConstraint(['terms_sha256'], ['terms.sha256'], name=op.f('fk_offer_terms_sha256_terms')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offer')),
    sa.UniqueConstraint('name', name=op.f('uq_offer_name'))
    )
    op.create_table('access_request',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('terms_sha256', sa.String(length=64), nullable=False),
    sa.Column('person', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=False),
    sa.Column('institution', sa.Text(), nullable=False),
    sa.Column('purpose', sa.Text(), nullable=False),
    sa.Column('asked_at', TIME, nullable=False),
    sa.ForeignKeyConstraint(['offer_id'], ['offer.id'], name=op.f('fk_access_request_offer_id_offer')),
    sa.ForeignKeyConstraint(['terms_sha256'], ['terms.sha256'],
                            name=op.f('fk_access_request_terms_sha256_terms')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_request')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_access_request_token_hash'))
    )
    op.create_index('ix_access_request_offer_id', 'access_request', ['offer_id'])
    op.create_table('access_event',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('actor_id', sa.Integer(), nullable=True),
    sa.Column('until', TIME, nullable=True),
    sa.Column('reason', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.CheckConstraint(KIND, name=op.f('ck_access_event_kind')),
    sa.ForeignKeyConstraint(['actor_id'], ['account.id'], name=op.f('fk_access_event_actor_id_account')),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'],
                            name=op.f('fk_access_event_request_id_access_request')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_access_event'))
    )
    op.create_index('ix_access_event_request_id', 'access_event', ['request_id'])
    op.create_table('download',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('at', TIME, nullable=False),
    sa.Column('request_id', sa.Integer(), nullable=False),
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('file', sa.Text(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['request_id'], ['access_request.id'],
                            name=op.f('fk_download_request_id_access_request')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_download'))
    )
    op.create_index('ix_download_request_id', 'download', ['request_id'])
    for table in ('access_event', 'download'):
        if op.get_bind().dialect.name == 'sqlite':
            for verb in ('UPDATE', 'DELETE'):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        else:
            op.execute(
                f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
            )


def downgrade() -> None:
    raise NotImplementedError("who may have which release would be lost in schema 0004: restore the back-up")
