"""What annotators say beside their votes: problems with a synset, quizzes passed, preferences."""

import sqlalchemy as sa
from alembic import op

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    op.create_table('note',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('annotator_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('wnid', sa.String(length=9), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('not-visible','bad-definition','quiz','preferences')", name=op.f('ck_note_kind')),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_note_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['wnid'], ['synset.wnid'], name=op.f('fk_note_wnid_synset')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_note'))
    )
    op.create_index('ix_note_annotator_id_kind', 'note', ['annotator_id', 'kind'])
    if op.get_bind().dialect.name == 'sqlite':
        for verb in ('UPDATE', 'DELETE'):
            op.execute(
                f"CREATE TRIGGER note_no_{verb.lower()} BEFORE {verb} ON note "
                "BEGIN SELECT RAISE(ABORT, 'note is append-only'); END"
            )
        return
    op.execute(
        "CREATE TRIGGER note_append_only BEFORE UPDATE OR DELETE ON note "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    raise NotImplementedError("what annotators reported would be lost in schema 0003: restore the back-up")
