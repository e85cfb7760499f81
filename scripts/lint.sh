#!/bin/sh
# Every check that needs no running panel; goes on after a failure and fails at the end.
set -u
cd "$(dirname "$0")/.."
data=$(mktemp -d)
trap 'rm -rf "$data"' EXIT
# The settings are imported by the type checker and by Django's checks: strict, as if deployed.
unset SECRET_KEY_FILE DATABASE_URL REDIS_URL DEBUG BEHIND_PROXY
export SECRET_KEY="for-the-checks-only-$(head -c 24 /dev/urandom | sha256sum | cut -c1-40)"
export DATA_DIR="$data" PANEL_URL=https://panel.example.com PYTHONWARNINGS=error
export PATH="$PWD/.venv/bin:$PATH"
failed=""

check() {
    name=$1
    shift
    echo "== $name"
    "$@" || failed="$failed, $name"
}

check "ruff check" ruff check .
check "ruff format" ruff format --check .
PYTHONWARNINGS='' check "mypy" mypy
check "djlint" djlint --quiet --lint templates
check "import-linter" lint-imports
check "migrations" python manage.py makemigrations --check --dry-run
check "deployment" python manage.py check --deploy --fail-level WARNING

[ -z "$failed" ] || { echo "Failed: ${failed#, }."; exit 1; }
echo "All checks pass."
