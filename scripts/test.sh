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

# Three lanes side by side, as most tests wait for a process beside them; the words of the first two
# come last, each in one piece.
words=$(mktemp -d)
trap 'rm -rf "$words"' EXIT
two_thousand=tests/chaos/test_two_thousand_payments.py
large_files=tests/payments/bulk/test_size.py
(
    failed=0
    echo "== On PostgreSQL and Redis"
    TEST_STORAGE=servers $pytest -q -m "not (browser or chaos or slow)" \
        --ignore tests/mt4 --ignore tests/sandbox || failed=1
    echo "== The largest files; two thousand payments with workers killed"
    TEST_STORAGE=embedded $pytest -q $large_files $two_thousand || failed=1
    exit $failed
) >"$words/servers" 2>&1 &
servers=$!
(
    echo "== MT4's rules, the protocol and the sandbox; then with workers killed"
    TEST_STORAGE=embedded $pytest -q tests/mt4 tests/sandbox tests/chaos --ignore $two_thousand
) >"$words/sandbox" 2>&1 &
sandbox=$!

failed=0
echo "== On SQLite and the embedded broker, and in the browser"
TEST_STORAGE=embedded $pytest -q --ignore tests/mt4 --ignore tests/sandbox --ignore tests/chaos \
    --ignore $large_files || failed=1
wait "$sandbox" || failed=1
wait "$servers" || failed=1
cat "$words/servers" "$words/sandbox"
exit $failed
