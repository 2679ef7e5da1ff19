from services.amendments.store import tables
from shared.db import mailboxes, roster, rulebooks
from shared.db.migrations import run

run([mailboxes.metadata, roster.metadata, rulebooks.metadata, tables.metadata])
