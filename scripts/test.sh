#!/bin/sh
# Every test: what this process does itself on PostgreSQL and Redis, as in a deployment, and on
# SQLite and the embedded broker, as in `make run`, with the browser and the killing of workers.
# Arguments go to pytest, and then it is one run: scripts/test.sh -k withdrawal
set -u
cd "$(dirname "$0")/.."

missing=""
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 ||
    missing="$missing postgresql"
command -v redis-server >/dev/null || missing="$missing redis-server"
if [ -n "$missing" ]; then
    if [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then
        apt-get update -q || exit 1
        # shellcheck disable=SC2086 # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing ||
            exit 1
    else
        echo "The tests need:$missing (on Debian: sudo apt-get install -y$missing)." >&2
        exit 1
    fi
fi

pytest=".venv/bin/python -m pytest"
[ $# -eq 0 ] || exec $pytest "$@"

# Two lanes side by side, as most tests wait for a process beside them. The first one's words come
# last, in one piece.
log=$(mktemp)
trap 'rm -f "$log"' EXIT
(
    failed=0
    echo "== On PostgreSQL and Redis"
    TEST_STORAGE=servers $pytest -q -p no:cacheprovider -m "not (browser or chaos or slow)" \
        --ignore tests/mt4 --ignore tests/sandbox || failed=1
    echo "== With workers killed"
    TEST_STORAGE=embedded $pytest -q -p no:cacheprovider -m chaos || failed=1
    exit $failed
) >"$log" 2>&1 &
first=$!

failed=0
echo "== On SQLite and the embedded broker, and in the browser"
TEST_STORAGE=embedded $pytest -q -m "not chaos" || failed=1
wait "$first" || failed=1
cat "$log"
exit $failed
