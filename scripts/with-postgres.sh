#!/usr/bin/env bash
# with-postgres.sh COMMAND...: runs the command with TEST_POSTGRES_URL pointing to a PostgreSQL server of its own on
# a free port, its data in a temporary folder, and removes both afterwards. The command `cargo test ...` also runs the
# tests that are ignored without PostgreSQL. With POSTGRES_DURABLE=1 it writes to disk as PostgreSQL does by default:
# slower, for measurements.
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

# The data folder of the server that runs: the standby's while there is one.
folder() { if [ -e "$DIR/standby/postmaster.pid" ]; then printf '%s' "$DIR/standby"; else printf '%s' "$DIR/data"; fi; }

# signal NAME: to every process of the server; first to the one that starts the others, which it does not while stopped.
signal() {
    local first others
    first=$(head -n 1 "$(folder)/postmaster.pid") && kill -s "$1" "$first"
    read -ra others <<<"$(cat "/proc/$first/task/$first/children")" && kill -s "$1" "${others[@]}"
}

stop() {
    local process
    # No further action starts, and a running one ends.
    rm -f "$DIR/ctl"
    flock -o -w 60 "$DIR/lock" true || true
    # A paused server does not receive the signal.
    signal CONT >/dev/null 2>&1 || true
    pg_ctl -D "$(folder)" -m immediate stop >/dev/null 2>&1 || true
    # Processes of a server that was interrupted during its start; each works in its data folder.
    for process in /proc/[0-9]*; do
        case $(readlink "$process/cwd" 2>/dev/null) in "$DIR"/*) kill -s KILL "${process#/proc/}" 2>/dev/null || true ;; esac
    done
    rm -rf "$DIR"
}
trap stop EXIT

(cd "$DIR" && "${as_user[@]}" "$BIN/initdb" -D "$DIR/data" -U babysea -A trust -E UTF8 --locale=C.UTF-8 \
    --no-sync >"$DIR/initdb.log" 2>&1) || fail "initdb failed: $(cat "$DIR/initdb.log")"

# server_options PORT
server_options() {
    printf '%s' "-p $1 -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c max_connections=200"
    # Test data need not survive a power failure.
    if [ -z "${POSTGRES_DURABLE:-}" ]; then
        printf '%s' " -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    fi
}

# The server itself checks whether the port is free: a check before would be a race.
port=
for _ in 1 2 3 4 5 6 7 8 9 10; do
    try=$((20000 + RANDOM % 12000))
    if pg_ctl -w -o "$(server_options "$try")" start 2>/dev/null; then
        port=$try
        break
    fi
done
[ -n "$port" ] || fail "PostgreSQL did not start: $(tail -n 20 "$LOG" 2>&1)"

# Cleans up whatever ends this script, even a kill -9 of its process group: a process in a group of its own
# (set -m) waits for its end.
set -m
(
    trap '' HUP
    while kill -0 $$ 2>/dev/null; do sleep 1; done
    stop
) </dev/null >/dev/null 2>&1 &
set +m

# control ACTION: faults that tests cause.
#   stop, start       as usual; start ends a standby too
#   pause, resume     its processes are stopped and keep their connections, as when a machine hangs
#   standby           replaces it by a copy on the same port that stays in recovery
#   faketime          restarts it with its own clock, until the next start; exit code 3 if libfaketime is missing
#   clock SECONDS     sets that clock forward
control() {
    local standby=$DIR/standby library
    case $1 in
        pause) signal STOP ;;
        resume) signal CONT ;;
        stop) pg_ctl -D "$(folder)" -m fast stop ;;
        start)
            if [ -e "$standby" ]; then
                [ ! -e "$standby/postmaster.pid" ] || pg_ctl -D "$standby" -m fast stop
                rm -rf "$standby"
            fi
            pg_ctl -w -o "$OPTIONS" start
            ;;
        standby)
            pg_ctl -m fast stop
            rm -rf "$standby"
            "${as_user[@]}" cp -a "$DIR/data" "$standby"
            "${as_user[@]}" touch "$standby/standby.signal"
            pg_ctl -D "$standby" -w -o "$OPTIONS" start
            ;;
        faketime)
            library=$(compgen -G '/usr/lib/*/faketime/libfaketime.so.1' | head -n 1) || true
            [ -n "$library" ] || exit 3
            clock 0
            pg_ctl -m fast stop
            # Time-outs still use the real clock. The offset is read each time the clock is read.
            as_user+=(env LD_PRELOAD="$library" FAKETIME_TIMESTAMP_FILE="$DIR/clock" FAKETIME_NO_CACHE=1
                FAKETIME_DONT_FAKE_MONOTONIC=1 DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1)
            pg_ctl -w -o "$OPTIONS" start
            ;;
        clock) clock "$2" ;;
        *) exit 2 ;;
    esac
}

# clock SECONDS: for a server started with faketime.
clock() {
    printf '+%d\n' "$1" >"$DIR/clock.new"
    chmod 644 "$DIR/clock.new"
    mv "$DIR/clock.new" "$DIR/clock"
}

# For tests of database faults: the command with an action and its arguments. One action at a time.
export TEST_POSTGRES_CTL=$DIR/ctl
{
    printf '#!/usr/bin/env bash\nset -eo pipefail\n'
    printf 'DIR=%q BIN=%q LOG=%q OPTIONS=%q\n' "$DIR" "$BIN" "$LOG" "$(server_options "$port")"
    printf 'as_user=(%s)\n' "${as_user[*]@Q}"
    printf '[ -n "${LOCKED:-}" ] || LOCKED=yes exec flock -o "$DIR/lock" "$0" "$@"\n'
    declare -f pg_ctl folder signal clock control
    printf 'control "$@"\n'
} >"$TEST_POSTGRES_CTL"
chmod 755 "$TEST_POSTGRES_CTL"

export TEST_POSTGRES_URL=postgres://babysea@127.0.0.1:$port/postgres
if [ "${1:-} ${2:-}" = "cargo test" ]; then
    case " $* " in
        *" -- "*) set -- "$@" --include-ignored ;;
        *) set -- "$@" -- --include-ignored ;;
    esac
fi
"$@"
