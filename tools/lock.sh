#!/bin/sh
# Write the locks again: hashes, no index addresses, no machine paths.
set -eu
cd "$(dirname "$0")/.."
. tools/node.sh

lock() { # lock NAME [OPTION...]
    name=$1
    shift
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
        --no-annotate --custom-compile-command "make lock" --output-file "requirements/$name.txt" "$@"
}

tools/setup.sh tools
lock production pyproject.toml
lock run --extra local pyproject.toml
lock test --extra local --extra test pyproject.toml
lock uv requirements/uv.in
lock node requirements/node.in

use_node
cd web/modeler
npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved=true --no-audit --no-fund
# npm notes where to sponsor packages; nothing here needs those addresses
node -e '
    const fs = require("fs"), lock = JSON.parse(fs.readFileSync("package-lock.json"));
    for (const entry of Object.values(lock.packages)) delete entry.funding;
    fs.writeFileSync("package-lock.json", JSON.stringify(lock, null, 2) + "\n");'
