"""Class labels as answers, annotators whose votes do not count, a queue by value."""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None

ANSWER = "answer IN ('yes','no','unsure','skip') OR answer LIKE 'n________' OR answer IS NULL"
ASKABLE = "outcome = 'open' AND gold_answer IS NULL AND NOT example"
GOLD = "gold_answer IS NOT NULL"
BIG = sa.BigInteger().with_variant(sa.Integer(), 'sqlite')


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column('annotator', sa.Column('excluded', sa.Boolean(), nullable=False, server_default=sa.text('false')))
    op.add_column('question', sa.Column('choices', sa.JSON(), nullable=True))
    op.add_column('question', sa.Column('n_label', sa.Integer(), nullable=False, server_default=sa.text('0')))
    op.add_column('question', sa.Column('label', sa.String(length=9), nullable=True))
    op.add_column('question', sa.Column('control', sa.String(length=8), nullable=True))
    op.add_column('question', sa.Column('band', sa.Integer(), nullable=False, server_default=sa.text('5')))
    op.add_column('question', sa.Column('queued_at', sa.BigInteger(), nullable=False, server_default=sa.text('0')))
    op.add_column('decision', sa.Column('votes_wanted', sa.Integer(), nullable=True))
    op.add_column('decision', sa.Column('label', sa.String(length=9), nullable=True))
    op.add_column('expert_verdict', sa.Column('votes_wanted', sa.Integer(), nullable=True))
    op.add_column('lease', sa.Column('place', sa.Integer(), nullable=False, server_default=sa.text('0')))
    op.create_index('ix_lease_annotator_id', 'lease', ['annotator_id'])
    op.execute("UPDATE question SET band = 4 WHERE n_yes + n_no + n_unsure > 0")
    op.drop_index('ix_question_open', 'question')
    op.create_index('ix_question_queue', 'question', ['wnid', 'band', 'queued_at', 'id'],
                    sqlite_where=sa.text(ASKABLE), postgresql_where=sa.text(ASKABLE))
    op.create_index('ix_question_gold', 'question', ['wnid', 'id'],
                    sqlite_where=sa.text(GOLD), postgresql_where=sa.text(GOLD))
    op.create_table('annotator_verdict',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('annotator_id', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("verdict IN ('exclude','include')", name=op.f('ck_annotator_verdict_verdict')),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_annotator_verdict_annotator_id_annotator')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_annotator_verdict'))
    )
    op.create_index('ix_annotator_verdict_annotator_id', 'annotator_verdict', ['annotator_id'])
    op.create_table('queue_cursor',
    sa.Column('annotator_id', sa.Integer(), nullable=False),
    sa.Column('wnid', sa.String(length=9), nullable=False),
    sa.Column('band', sa.Integer(), nullable=False),
    sa.Column('queued_at', sa.BigInteger(), nullable=False),
    sa.Column('question_id', sa.BigInteger(), nullable=False),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_queue_cursor_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['wnid'], ['synset.wnid'], name=op.f('fk_queue_cursor_wnid_synset')),
    sa.PrimaryKeyConstraint('annotator_id', 'wnid', 'band', name=op.f('pk_queue_cursor'))
    )
    if sqlite:
        _rebuild_vote()
        _refuse_changes('vote', 'annotator_verdict')
        return
    op.drop_constraint('ck_vote_answer', 'vote')
    op.create_check_constraint(op.f('ck_vote_answer'), 'vote', ANSWER)
    op.drop_index('ix_vote_annotator_id', 'vote')
    op.drop_index('ix_vote_retracts', 'vote')
    op.create_index('ix_vote_retracts_annotator_id', 'vote', ['retracts', 'annotator_id'])
    op.create_index('ix_vote_annotator_id_question_id', 'vote', ['annotator_id', 'question_id'])
    op.execute(
        "CREATE TRIGGER annotator_verdict_append_only BEFORE UPDATE OR DELETE ON annotator_verdict "
        "FOR EACH ROW EXECUTE FUNCTION refuse_change()"
    )


def _rebuild_vote() -> None:
    # SQLite cannot change a check. No other table refers to this one, and dropping it fires no trigger.
    op.create_table('vote_new',
    sa.Column('seq', BIG, nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('question_id', BIG, nullable=False),
    sa.Column('annotator_id', sa.Integer(), nullable=False),
    sa.Column('answer', sa.String(length=9), nullable=True),
    sa.Column('retracts', sa.String(length=36), nullable=True),
    sa.Column('is_gold', sa.Boolean(), nullable=False),
    sa.Column('source', sa.String(length=16), nullable=False),
    sa.Column('shown_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('active_ms', sa.Integer(), nullable=True),
    sa.Column('batch', sa.String(length=64), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint(ANSWER, name=op.f('ck_vote_answer')),
    sa.CheckConstraint('(answer IS NULL) <> (retracts IS NULL)', name=op.f('ck_vote_answer_or_retraction')),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_vote_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_vote_question_id_question')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_vote')),
    sa.UniqueConstraint('id', name=op.f('uq_vote_id'))
    )
    columns = (
        "seq, id, question_id, annotator_id, answer, retracts, is_gold, source, shown_at, decided_at, "
        "active_ms, batch, received_at"
    )
    op.execute(f"INSERT INTO vote_new ({columns}) SELECT {columns} FROM vote")
    op.drop_table('vote')
    op.rename_table('vote_new', 'vote')
    op.create_index('ix_vote_question_id', 'vote', ['question_id'])
    op.create_index('ix_vote_retracts_annotator_id', 'vote', ['retracts', 'annotator_id'])
    op.create_index('ix_vote_annotator_id_question_id', 'vote', ['annotator_id', 'question_id'])


def _refuse_changes(*tables: str) -> None:
    for table in tables:
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )


def downgrade() -> None:
    raise NotImplementedError("answers that name a class cannot be kept in schema 0001: restore the back-up")
