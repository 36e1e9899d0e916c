#!/bin/bash
# Played once, when the volume is empty. The services connect as « mutualisation », which owns no
# table: it cannot drop a trigger, empty a table or alter it. Its rights are given after each
# migration (deploiement/droits.py).
set -euo pipefail
psql --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
    --set=mot="$MOT_DE_PASSE_APPLICATION" <<'SQL'
CREATE ROLE mutualisation LOGIN PASSWORD :'mot' NOSUPERUSER NOCREATEDB NOCREATEROLE;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
SQL
