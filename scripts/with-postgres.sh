#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs the command with TEST_POSTGRES_URL pointing to a PostgreSQL server of its own on
# a free port, its data in a temporary folder, and removes both afterwards. With POSTGRES_DURABLE=1 it writes to disk
# as PostgreSQL does by default: slower, for what is measured.
. "$(dirname "$0")/lib.sh"
. scripts/toolchain.sh

BIN=$(find_postgres) || fail "Missing: PostgreSQL's initdb and pg_ctl (scripts/install.sh postgres)."
DIR=$(mktemp -d "${TMPDIR:-/tmp}/babysea-postgres.XXXXXX")
LOG=$DIR/server.log

# initdb and pg_ctl refuse to run as root.
as_user=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    as_user=(runuser -u "$user" --)
    chown "$user" "$DIR"
fi

pg_ctl() { (cd "$DIR" && "${as_user[@]}" "$BIN/pg_ctl" -s -D "$DIR/data" -l "$LOG" "$@"); }

# signal NAME: to every process of the server; first to the one that starts the others, which it does not while stopped.
signal() {
    local first others
    first=$(head -n 1 "$DIR/data/postmaster.pid") && kill -s "$1" "$first"
    read -ra others <<<"$(cat "/proc/$first/task/$first/children")" && kill -s "$1" "${others[@]}"
}

stop() {
    # One that is paused would not hear of it.
    signal CONT >/dev/null 2>&1 || true
    pg_ctl -m immediate stop >/dev/null 2>&1 || true
    rm -rf "$DIR"
}
trap stop EXIT

(cd "$DIR" && "${as_user[@]}" "$BIN/initdb" -D "$DIR/data" -U babysea -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$DIR/initdb.log" 2>&1) || fail "initdb failed: $(cat "$DIR/initdb.log")"

# server_options PORT
server_options() {
    printf '%s' "-p $1 -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    # What tests write need not outlive the machine.
    if [ -z "${POSTGRES_DURABLE:-}" ]; then
        printf '%s' " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    fi
}

# The port is free or the server does not start: no gap between looking and taking.
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    try=$((20000 + RANDOM % 12000))
    if pg_ctl -w -o "$(server_options "$try")" start 2>/dev/null; then
        port=$try
        break
    fi
done
[ -n "$port" ] || fail "PostgreSQL did not start: $(tail -n 20 "$LOG" 2>&1)"

# Whatever ends this script, even a kill -9 of its whole process group, is cleaned up after: this waits for it to be
# gone, in a process group of its own (set -m).
set -m
(
    trap '' HUP
    while kill -0 $$ 2>/dev/null; do sleep 1; done
    stop
) </dev/null >/dev/null 2>&1 &
set +m

# Stops and starts the server for those who test what happens then: the command with one argument, stop or start. Or
# pause and resume: its processes stand still and keep their connections, as where a machine hangs.
export TEST_POSTGRES_CTL=$DIR/ctl
{
    printf '#!/usr/bin/env bash\nset -e\nDIR=%q\ncd "$DIR"\n' "$DIR"
    declare -f signal
    printf 'case $1 in\n'
    printf 'pause) signal STOP; exit ;;\nresume) signal CONT; exit ;;\n'
    printf 'stop) how=(-m fast) ;;\nstart) how=(-w -o %q) ;;\n' "$(server_options "$port")"
    printf '*) exit 2 ;;\nesac\n'
    printf 'exec '
    printf '%q ' "${as_user[@]}" "$BIN/pg_ctl" -s -D "$DIR/data" -l "$LOG"
    printf '"${how[@]}" "$1"\n'
} >"$TEST_POSTGRES_CTL"
chmod 755 "$TEST_POSTGRES_CTL"

export TEST_POSTGRES_URL=postgres://babysea@127.0.0.1:$port/postgres
"$@"
