"""Give the application's role its rights on every table: to read and write rows, never to own them.

Played after each migration, with the owner's DATABASE_URL. Arguments: the role (default « mutualisation »).
"""

import os
import sys

import psycopg
from psycopg import sql

RIGHTS = (
    "GRANT USAGE ON SCHEMA public TO {role}",
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}",
    "GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}",
    "REVOKE INSERT, UPDATE, DELETE ON TABLE django_migrations FROM {role}",
)


def grant(url: str, role: str) -> None:
    """Play every right in one transaction; harmless when played again."""
    with psycopg.connect(url) as connection:
        for right in RIGHTS:
            connection.execute(sql.SQL(right).format(role=sql.Identifier(role)))


if __name__ == "__main__":
    grant(os.environ["DATABASE_URL"], sys.argv[1] if len(sys.argv) > 1 else "mutualisation")
