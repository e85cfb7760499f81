#!/bin/sh
# environment.sh base|dev: makes .venv hold exactly what requirements/ has locked, by hash.
# "dev" is "base" and the tools, so a later "base" finds nothing to do.
set -eu
cd "$(dirname "$0")/.."
kind=$1
python=${PYTHON:-python3}
stamp=.venv/synced

say() { echo "$*" >&2; exit 1; }
lock_of() { cat requirements/uv.txt "requirements/$1.txt" | sha256sum | cut -d' ' -f1; }

[ -f "$stamp" ] && grep -qx "$(lock_of "$kind")" "$stamp" && exit 0

command -v "$python" >/dev/null || say "python3 is missing: the panel needs Python 3.11 or newer."
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    say "$("$python" --version) is too old: the panel needs Python 3.11 or newer (make PYTHON=...)."

if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -q
        DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends \
            python3-venv ca-certificates
    else
        say "Python's venv is missing: sudo apt-get install -y python3-venv"
    fi
fi

[ -x .venv/bin/pip ] || "$python" -m venv --clear .venv
.venv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
UV_PYTHON_DOWNLOADS=never .venv/bin/uv pip sync -q --python .venv/bin/python \
    --require-hashes --compile-bytecode "requirements/$kind.txt"

lock_of "$kind" > "$stamp"
[ "$kind" = base ] || lock_of base >> "$stamp"
