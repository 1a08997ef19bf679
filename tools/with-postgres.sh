#!/bin/sh
# Run a command beside a throw-away PostgreSQL; PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE tell the command where.
# A server given by those variables already (a developer's own, a CI service) is used as it is.
set -eu
[ -n "${PGHOST-}" ] && exec "$@"

# The command keeps our output; what pg_virtualenv says goes aside, so that the command has the last word.
# fsync off: the server is gone in a minute; more connections: test workers times their pools.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
exec 3>&1 4>&2
status=0
# shellcheck disable=SC2016 # expanded by the inner shell
pg_virtualenv -o fsync=off -o synchronous_commit=off -o max_connections=300 \
    sh -c 'touch "$0.started"; exec "$@" >&3 2>&4' "$log" "$@" >"$log" 2>&1 || status=$?
if [ ! -e "$log.started" ]; then
    echo "PostgreSQL did not start:" >&2
    cat "$log" >&2
fi
rm -f "$log.started"
exit "$status"
