"""How Alembic reaches the database: the engine is handed in, one transaction a migration."""

from alembic import context

from stocktake.store.tables import metadata

engine = context.config.attributes["engine"]
with engine.connect().execution_options(stocktake_write=True) as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_type=True,
        render_as_batch=engine.dialect.name == "sqlite",
        transaction_per_migration=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()
