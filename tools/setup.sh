#!/bin/sh
# Set-up for `make`: setup.sh run | test | tools | frontend
# Each step leaves a fingerprint of what it read in .venv/done/; a second start compares and goes on.
set -eu
cd "$(dirname "$0")/.."
PYTHON=${PYTHON:-python3}
. tools/node.sh

fingerprint() { # of the files named, and of everything below the folders named
    find "$@" -type f 2>/dev/null | LC_ALL=C sort | xargs -r cat | cksum
}

unchanged() { # unchanged STEP FILE...
    step=$1
    shift
    [ "$(cat ".venv/done/$step" 2>/dev/null)" = "$(fingerprint "$@")" ]
}

remember() { # remember STEP FILE...
    step=$1
    shift
    mkdir -p .venv/done
    fingerprint "$@" >".venv/done/$step"
}

# ---------------------------------------------------------------- system packages
missing= # names of Debian packages

need() { # need PACKAGE TEST-COMMAND...
    package=$1
    shift
    "$@" >/dev/null 2>&1 || missing="$missing $package"
}

cjk_font() {
    [ -n "$(fc-list :lang=zh 2>/dev/null)" ]
}

rare_font() { # CJK Extension B, for names and places that no everyday font has (here U+24B62)
    [ -n "$(fc-list :charset=24b62 2>/dev/null)" ]
}

library() {
    "$PYTHON" -c 'import ctypes, sys; ctypes.CDLL(sys.argv[1])' "$1"
}

any_chromium() {
    command -v chromium || command -v chromium-browser || command -v google-chrome
}

postgres_server() {
    ls /usr/lib/postgresql/*/bin/initdb
}

get_missing() {
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing with apt-get:$missing"
        # shellcheck disable=SC2086 # one word per package
        { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
            >apt.log 2>&1 || { tail -n 20 apt.log >&2; exit 1; }
        rm -f apt.log
        missing=
    else
        echo "Missing on this machine (names of Debian packages):$missing" >&2
        echo "Please install them, for example: sudo apt-get install$missing" >&2
        exit 1
    fi
}

system_python() {
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || {
        echo "Python 3.11 or newer is needed; PYTHON=/path/to/python3 chooses one." >&2
        exit 1
    }
    need python3-venv "$PYTHON" -c 'import ensurepip, venv'
    get_missing
}

for_papers() { # what turns a paper into PDF (WeasyPrint), and the characters of every name on it
    need fontconfig command -v fc-list
    need fonts-noto-cjk cjk_font
    need fonts-hanazono rare_font
    need libpango-1.0-0 library libpango-1.0.so.0
    need libpangoft2-1.0-0 library libpangoft2-1.0.so.0
    need libharfbuzz-subset0 library libharfbuzz-subset.so.0
}

system_for_run() {
    for_papers
    get_missing
}

system_for_tests() {
    for_papers
    need chromium any_chromium
    need postgresql postgres_server
    # the Node inside Playwright asks for it
    need libatomic1 library libatomic.so.1
    get_missing
}

# ---------------------------------------------------------------- steps
venv() {
    [ -x .venv/bin/python ] && .venv/bin/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && return
    system_python
    echo "Creating .venv"
    "$PYTHON" -m venv --clear .venv
}

uv() {
    unchanged uv requirements/uv.txt && [ -x .venv/bin/uv ] && return
    echo "Installing uv"
    if [ -x .venv/bin/uv ]; then # an older one replaces itself
        .venv/bin/uv pip install --quiet --require-hashes --requirement requirements/uv.txt
    else
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements/uv.txt
    fi
    remember uv requirements/uv.txt
}

python_packages() { # python_packages run|test; what the tests installed also serves `make run`
    lock=$1
    [ "$lock" = run ] && [ -e .venv/done/test ] && lock=test
    unchanged "$lock" "requirements/$lock.txt" pyproject.toml && return
    echo "Installing Python packages with checked hashes ($lock)"
    rm -f .venv/done/run .venv/done/test
    .venv/bin/uv pip sync --quiet --require-hashes "requirements/$lock.txt" requirements/uv.txt
    .venv/bin/uv pip install --quiet --no-deps --editable .
    remember "$lock" "requirements/$lock.txt" pyproject.toml
}

node_packages() {
    unchanged node web/modeler/package.json web/modeler/package-lock.json && [ -d web/modeler/node_modules ] && return
    use_node
    echo "Installing front end packages with checked hashes"
    (cd web/modeler && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error)
    remember node web/modeler/package.json web/modeler/package-lock.json
}

frontend() { # frontend [again]
    node_packages
    sources="web/modeler/src web/modeler/build.mjs web/modeler/icons.txt web/modeler/package-lock.json"
    # shellcheck disable=SC2086 # several paths
    [ "${1-}" != again ] && unchanged frontend $sources && [ -e web/static/dist/manifest.json ] && return
    use_node
    echo "Building the front end"
    (cd web/modeler && node build.mjs)
    # shellcheck disable=SC2086
    remember frontend $sources
}

case "${1-}" in
run)
    venv && uv && system_for_run && python_packages run && frontend
    ;;
test)
    venv && uv && system_for_tests && python_packages test && frontend
    ;;
tools)
    venv && uv
    ;;
frontend)
    venv && uv && frontend again
    ;;
*)
    echo "usage: tools/setup.sh run|test|tools|frontend" >&2
    exit 2
    ;;
esac
