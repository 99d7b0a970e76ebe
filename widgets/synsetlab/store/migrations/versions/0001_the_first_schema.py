"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ('vote', 'decision', 'duplicate_verdict', 'expert_verdict')


def upgrade() -> None:
    op.create_table('annotator',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('role', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_annotator')),
    sa.UniqueConstraint('name', name=op.f('uq_annotator_name'))
    )
    op.create_table('image',
    sa.Column('id', sa.String(length=64), nullable=False),
    sa.Column('format', sa.String(length=16), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('bytes', sa.BigInteger(), nullable=False),
    sa.Column('phash', sa.String(length=16), nullable=True),
    sa.Column('phash_name', sa.String(length=32), nullable=True),
    sa.Column('mean_color', sa.String(length=7), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('duplicate_of', sa.String(length=64), nullable=True),
    sa.ForeignKeyConstraint(['duplicate_of'], ['image.id'], name=op.f('fk_image_duplicate_of_image')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_image'))
    )
    with op.batch_alter_table('image', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_image_phash'), ['phash'], unique=False)

    op.create_table('import_run',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('argument', sa.Text(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_run'))
    )
    op.create_table('policy',
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('hash', name=op.f('pk_policy'))
    )
    op.create_table('setting',
    sa.Column('key', sa.String(length=64), nullable=False),
    sa.Column('value', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_setting'))
    )
    op.create_table('synset',
    sa.Column('wnid', sa.String(length=9), nullable=False),
    sa.Column('lemmas', sa.JSON(), nullable=False),
    sa.Column('gloss', sa.Text(), nullable=False),
    sa.Column('path', sa.JSON(), nullable=False),
    sa.Column('chosen', sa.Boolean(), nullable=False),
    sa.Column('rules_yes', sa.Text(), nullable=False),
    sa.Column('rules_no', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('wnid', name=op.f('pk_synset'))
    )
    op.create_table('candidate',
    sa.Column('image_id', sa.String(length=64), nullable=False),
    sa.Column('wnid', sa.String(length=9), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['image_id'], ['image.id'], name=op.f('fk_candidate_image_id_image')),
    sa.ForeignKeyConstraint(['import_id'], ['import_run.id'], name=op.f('fk_candidate_import_id_import_run')),
    sa.ForeignKeyConstraint(['wnid'], ['synset.wnid'], name=op.f('fk_candidate_wnid_synset')),
    sa.PrimaryKeyConstraint('image_id', 'wnid', name=op.f('pk_candidate'))
    )
    with op.batch_alter_table('candidate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_candidate_wnid'), ['wnid'], unique=False)

    op.create_table('duplicate_cluster',
    sa.Column('image_id', sa.String(length=64), nullable=False),
    sa.Column('cluster_id', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['image_id'], ['image.id'], name=op.f('fk_duplicate_cluster_image_id_image')),
    sa.PrimaryKeyConstraint('image_id', name=op.f('pk_duplicate_cluster'))
    )
    with op.batch_alter_table('duplicate_cluster', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_duplicate_cluster_cluster_id'), ['cluster_id'], unique=False)

    op.create_table('duplicate_pair',
    sa.Column('a', sa.String(length=64), nullable=False),
    sa.Column('b', sa.String(length=64), nullable=False),
    sa.Column('distance', sa.Integer(), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.CheckConstraint('a < b', name=op.f('ck_duplicate_pair_ordered')),
    sa.ForeignKeyConstraint(['a'], ['image.id'], name=op.f('fk_duplicate_pair_a_image')),
    sa.ForeignKeyConstraint(['b'], ['image.id'], name=op.f('fk_duplicate_pair_b_image')),
    sa.PrimaryKeyConstraint('a', 'b', name=op.f('pk_duplicate_pair'))
    )
    op.create_table('duplicate_verdict',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('image_id', sa.String(length=64), nullable=False),
    sa.Column('cluster_id', sa.String(length=64), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('duplicate_of', sa.String(length=64), nullable=True),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("verdict IN ('keep','drop','not-a-duplicate')", name=op.f('ck_duplicate_verdict_verdict')),
    sa.ForeignKeyConstraint(['duplicate_of'], ['image.id'], name=op.f('fk_duplicate_verdict_duplicate_of_image')),
    sa.ForeignKeyConstraint(['image_id'], ['image.id'], name=op.f('fk_duplicate_verdict_image_id_image')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_duplicate_verdict'))
    )
    with op.batch_alter_table('duplicate_verdict', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_duplicate_verdict_image_id'), ['image_id'], unique=False)

    op.create_table('import_failure',
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('reason', sa.String(length=32), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['import_run.id'], name=op.f('fk_import_failure_import_id_import_run')),
    sa.PrimaryKeyConstraint('origin', name=op.f('pk_import_failure'))
    )
    op.create_table('question',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('image_id', sa.String(length=64), nullable=False),
    sa.Column('wnid', sa.String(length=9), nullable=False),
    sa.Column('gold_answer', sa.String(length=9), nullable=True),
    sa.Column('example', sa.Boolean(), nullable=False),
    sa.Column('votes_wanted', sa.Integer(), nullable=False),
    sa.Column('n_yes', sa.Integer(), nullable=False),
    sa.Column('n_no', sa.Integer(), nullable=False),
    sa.Column('n_unsure', sa.Integer(), nullable=False),
    sa.Column('n_skip', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('posterior', sa.Double(), nullable=True),
    sa.CheckConstraint("outcome IN ('open','accepted','rejected','ambiguous','excluded')", name=op.f('ck_question_outcome')),
    sa.ForeignKeyConstraint(['image_id'], ['image.id'], name=op.f('fk_question_image_id_image')),
    sa.ForeignKeyConstraint(['wnid'], ['synset.wnid'], name=op.f('fk_question_wnid_synset')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_question')),
    sa.UniqueConstraint('image_id', 'wnid', name=op.f('uq_question_image_id_wnid'))
    )
    with op.batch_alter_table('question', schema=None) as batch_op:
        batch_op.create_index('ix_question_open', ['wnid', 'n_yes', 'id'], unique=False, sqlite_where=sa.text("outcome = 'open'"), postgresql_where=sa.text("outcome = 'open'"))

    op.create_table('release',
    sa.Column('identity', sa.String(length=64), nullable=False),
    sa.Column('version', sa.String(length=32), nullable=False),
    sa.Column('folder', sa.Text(), nullable=False),
    sa.Column('policy_hash', sa.String(length=64), nullable=False),
    sa.Column('seed', sa.BigInteger(), nullable=False),
    sa.Column('frozen_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['policy_hash'], ['policy.hash'], name=op.f('fk_release_policy_hash_policy')),
    sa.PrimaryKeyConstraint('identity', name=op.f('pk_release'))
    )
    op.create_table('source',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('image_id', sa.String(length=64), nullable=False),
    sa.Column('origin', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('licence', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('landing_page', sa.Text(), nullable=False),
    sa.Column('retrieved_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('import_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['image_id'], ['image.id'], name=op.f('fk_source_image_id_image')),
    sa.ForeignKeyConstraint(['import_id'], ['import_run.id'], name=op.f('fk_source_import_id_import_run')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source')),
    sa.UniqueConstraint('image_id', 'origin', name=op.f('uq_source_image_id_origin'))
    )
    with op.batch_alter_table('source', schema=None) as batch_op:
        batch_op.create_index('ix_source_origin', ['origin'], unique=False)

    op.create_table('synset_edge',
    sa.Column('parent', sa.String(length=9), nullable=False),
    sa.Column('child', sa.String(length=9), nullable=False),
    sa.ForeignKeyConstraint(['child'], ['synset.wnid'], name=op.f('fk_synset_edge_child_synset')),
    sa.ForeignKeyConstraint(['parent'], ['synset.wnid'], name=op.f('fk_synset_edge_parent_synset')),
    sa.PrimaryKeyConstraint('parent', 'child', name=op.f('pk_synset_edge'))
    )
    op.create_table('decision',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('question_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('outcome', sa.String(length=16), nullable=False),
    sa.Column('posterior', sa.Double(), nullable=False),
    sa.Column('n_yes', sa.Integer(), nullable=False),
    sa.Column('n_no', sa.Integer(), nullable=False),
    sa.Column('n_unsure', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('policy_hash', sa.String(length=64), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['policy_hash'], ['policy.hash'], name=op.f('fk_decision_policy_hash_policy')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_decision_question_id_question')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_decision'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_question_id'), ['question_id'], unique=False)

    op.create_table('expert_verdict',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('question_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('verdict', sa.String(length=16), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.String(length=64), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("verdict IN ('accept','reject','more-votes','exclude','undo')", name=op.f('ck_expert_verdict_verdict')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_expert_verdict_question_id_question')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_expert_verdict')),
    sa.UniqueConstraint('id', name=op.f('uq_expert_verdict_id'))
    )
    with op.batch_alter_table('expert_verdict', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_expert_verdict_question_id'), ['question_id'], unique=False)

    op.create_table('lease',
    sa.Column('question_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('annotator_id', sa.Integer(), nullable=False),
    sa.Column('batch', sa.String(length=64), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_lease_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_lease_question_id_question')),
    sa.PrimaryKeyConstraint('question_id', 'annotator_id', name=op.f('pk_lease'))
    )
    with op.batch_alter_table('lease', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_lease_expires_at'), ['expires_at'], unique=False)

    op.create_table('vote',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('id', sa.String(length=36), nullable=False),
    sa.Column('question_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
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
    sa.CheckConstraint("answer IN ('yes','no','unsure','skip') OR answer IS NULL", name=op.f('ck_vote_answer')),
    sa.CheckConstraint('(answer IS NULL) <> (retracts IS NULL)', name=op.f('ck_vote_answer_or_retraction')),
    sa.ForeignKeyConstraint(['annotator_id'], ['annotator.id'], name=op.f('fk_vote_annotator_id_annotator')),
    sa.ForeignKeyConstraint(['question_id'], ['question.id'], name=op.f('fk_vote_question_id_question')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_vote')),
    sa.UniqueConstraint('id', name=op.f('uq_vote_id'))
    )
    with op.batch_alter_table('vote', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vote_annotator_id'), ['annotator_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_vote_question_id'), ['question_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_vote_retracts'), ['retracts'], unique=False)


    _refuse_changes()


def _refuse_changes() -> None:
    # The log is a log: what was acknowledged cannot be rewritten, not even by a bug of ours.
    if op.get_bind().dialect.name == "sqlite":
        for table in APPEND_ONLY:
            for verb in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
                )
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    raise NotImplementedError("0001 is the first schema: there is nothing below it")
