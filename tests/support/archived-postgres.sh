#!/usr/bin/env bash
# archived-postgres.sh VERB DIR: a PostgreSQL server of its own that archives its write-ahead log, for the test of
# point-in-time recovery. The verbs are the steps of the drill in docs/operations.md:
#   start    makes the server in DIR and starts it; prints its port
#   base     makes a base backup in DIR/base
#   lose     stops the server and moves its data away; what was archived is left
#   recover  starts a server on the base backup and the archive, on the same port
#   stop     stops it at once
. "$(dirname "$0")/../../scripts/lib.sh"
. scripts/toolchain.sh

verb=$1 DIR=$2
BIN=$(find_postgres) || fail "Missing: PostgreSQL's initdb and pg_ctl (scripts/install.sh postgres)."
as_user=()
if [ "$(id -u)" = 0 ]; then
    user=postgres
    id "$user" >/dev/null 2>&1 || user=nobody
    as_user=(runuser -u "$user" --)
fi

run() { (cd "$DIR" && "${as_user[@]}" "$BIN/$1" "${@:2}"); }

# start_on [PORT]: on this port, or on a free one. The port is free or the server does not start: there is no gap between
# looking and taking.
start_on() {
    local try
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        try=${1:-$((20000 + RANDOM % 12000))}
        if run pg_ctl -s -w -t 60 -D "$DIR/data" -l "$DIR/log" -o "-p $try" start >/dev/null 2>&1; then
            printf '%s' "$try" >"$DIR/port"
            return
        fi
        sleep 0.5
    done
    fail "PostgreSQL did not start: $(tail -n 20 "$DIR/log" 2>&1)"
}

ask() { run psql -qAtX -h 127.0.0.1 -p "$(cat "$DIR/port")" -U babysea -d postgres -c "$1"; }

case $verb in
start)
    [ ${#as_user[@]} = 0 ] || chown "$user" "$DIR"
    run initdb -D "$DIR/data" -U babysea -A trust -E UTF8 --locale=C.UTF-8 --no-sync >/dev/null
    "${as_user[@]}" mkdir "$DIR/archive"
    "${as_user[@]}" tee -a "$DIR/data/postgresql.conf" >/dev/null <<END
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
fsync = off
archive_mode = on
archive_command = 'test ! -f $DIR/archive/%f && cp %p $DIR/archive/%f'
restore_command = 'cp $DIR/archive/%f %p'
END
    start_on
    cat "$DIR/port"
    ;;
base)
    run pg_basebackup -h 127.0.0.1 -p "$(cat "$DIR/port")" -U babysea -D "$DIR/base" -c fast --no-sync
    ;;
lose)
    # The last segment is archived when the server stops in order.
    run pg_ctl -s -w -m fast -D "$DIR/data" stop
    mv "$DIR/data" "$DIR/lost"
    ;;
recover)
    mv "$DIR/base" "$DIR/data"
    "${as_user[@]}" touch "$DIR/data/recovery.signal"
    start_on "$(cat "$DIR/port")"
    for _ in $(seq 600); do
        if [ "$(ask 'SELECT pg_is_in_recovery()')" = f ]; then
            exit
        fi
        sleep 0.1
    done
    fail "the recovery did not end: $(tail -n 20 "$DIR/log" 2>&1)"
    ;;
stop) run pg_ctl -s -m immediate -D "$DIR/data" stop >/dev/null 2>&1 || true ;;
*) exit 2 ;;
esac
