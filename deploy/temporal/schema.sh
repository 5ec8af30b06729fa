#!/bin/sh
# Brings Temporal's two databases to the schema of its version: makes them if
# they are not there, else only updates them. Wants SQL_HOST, SQL_PORT, SQL_USER
# and SQL_PASSWORD, which temporal-sql-tool reads, and SCHEMA, the folder of
# schemas for PostgreSQL. TOOL is the tool's path, if it is not on the PATH.
set -eu

tool() {
  "${TOOL:-temporal-sql-tool}" --plugin postgres12 "$@"
}

# bring DATABASE KIND
bring() {
  tool --database "$1" --quiet create-database
  if ! tool --database "$1" update-schema -d "$SCHEMA/$2/versioned"; then
    tool --database "$1" setup-schema -v 0.0 # it has no schema yet
    tool --database "$1" update-schema -d "$SCHEMA/$2/versioned"
  fi
}

bring temporal temporal
bring temporal_visibility visibility
