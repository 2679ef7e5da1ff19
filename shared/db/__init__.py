"""The database side of every service: column types, mailboxes, units of work, roster, migrations."""
