"""The workspace on disk: schema, migrations, blobs, the one writer. The only room that talks SQL."""
