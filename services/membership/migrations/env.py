from services.membership.store import tables
from shared.db import mailboxes, rulebooks
from shared.db.migrations import run

run([mailboxes.metadata, rulebooks.metadata, tables.metadata])
