"""What a database lacks of a service's tables, as the lines of a revision.

``python -m tests.support.migrations services.notifications.service notifications`` prints the next revision of a service:
what the present ones lack; the first one is everything, from an empty database.
"""

import asyncio
import re
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal

import sqlalchemy as sa
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.autogenerate.api import AutogenContext
from alembic.migration import MigrationContext
from sqlalchemy.ext.asyncio import create_async_engine

from shared.db.migrations import upgrade
from shared.service import Service
from tests.support.postgres import TestPostgres

_SHORTER = (
    (r"sa\.String\(length=64, collation='C'\)", "ID"),
    (r"sa\.DateTime\(timezone=True\)", "INSTANT"),
    (r"sa\.(\w+)\(\)(?=, |\))", r"sa.\1"),
    (r"sa\.String\(length=(\d+)\)", r"sa.String(\1)"),
    (r"op\.f\(('\w+')\)", r"\1"),
    (r", (nullable=True|unique=False)(?=, |\))", ""),
)

_FIRST = '''"""The tables of {name}, with those that every service has."""

import sqlalchemy as sa
from alembic import op

from shared.db.mailboxes import PROCEDURE_NOW

revision = "0001"
down_revision = None

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
{upgrade}
    op.execute(PROCEDURE_NOW)


def downgrade() -> None:
    op.execute("DROP FUNCTION procedure_now()")
    for table in (
        {tables},
    ):
        op.drop_table(table)
'''

_NEXT = '''"""TO BE SAID."""

import sqlalchemy as sa
from alembic import op

revision = "{number:04}"
down_revision = "{before:04}"

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
{upgrade}


def downgrade() -> None:
{downgrade}
'''


async def steps(url: str, tables: Sequence[sa.MetaData]) -> tuple[str, str]:
    """The lines of ``upgrade`` and of ``downgrade`` that take the database at ``url`` to ``tables``; ``pass``: none."""
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        rendered = await connection.run_sync(_rendered, tables)
    await engine.dispose()
    return rendered


def _rendered(connection: sa.Connection, tables: Sequence[sa.MetaData]) -> tuple[str, str]:
    context = MigrationContext.configure(connection, opts={"target_metadata": list(tables)})
    script = produce_migrations(context, list(tables))  # type: ignore[arg-type]  # several are documented
    assert script.upgrade_ops is not None
    assert script.downgrade_ops is not None
    upgrade, downgrade = (
        render_python_code(ops, migration_context=context, render_item=_plain_type)
        for ops in (script.upgrade_ops, script.downgrade_ops)
    )
    return _shortened(upgrade), _shortened(downgrade)


def _plain_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """A revision is frozen: it names the column types that the database has, never ours."""
    is_ours = isinstance(item, sa.TypeDecorator) and type(item).__module__.startswith("shared.")
    return f"sa.{item.impl!r}" if kind == "type" and is_ours else False


def _shortened(code: str) -> str:
    for long, short in _SHORTER:
        code = re.sub(long, short, code)
    lines = (line for line in code.splitlines() if line.strip() and "# ###" not in line)
    return "\n".join(f"    {line}" if not line.startswith("    ") else line for line in lines)


async def _print_next(service: Service, url: str, number: int) -> None:
    upgrade, downgrade = await steps(url, service.tables)
    tables = ", ".join(re.findall(r"drop_table\(('\w+')\)", downgrade))
    template = _FIRST if number == 1 else _NEXT
    sys.stdout.write(
        template.format(
            name=service.name,
            number=number,
            before=number - 1,
            upgrade=upgrade,
            downgrade=downgrade,
            tables=tables,
        )
    )


if __name__ == "__main__":
    postgres = TestPostgres()
    postgres.server.start()
    postgres.server.create_database("empty", owner="tester")
    declared: Service = getattr(import_module(sys.argv[1]), sys.argv[2])()
    url = postgres.url("empty")
    revisions = len(list((declared.migrations / "versions").glob("*.py")))
    if revisions:
        upgrade(url, declared.migrations)
    asyncio.run(_print_next(declared, url, revisions + 1))
    postgres.server.stop()
