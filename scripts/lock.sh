#!/bin/sh
# Recompile requirements/*.in; the newest versions that resolve together on Python 3.11 and later.
set -eu
cd "$(dirname "$0")/.."
for kind in uv base dev; do
    .venv/bin/uv pip compile -q --upgrade --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header \
        "requirements/$kind.in" -o "requirements/$kind.txt"
done
