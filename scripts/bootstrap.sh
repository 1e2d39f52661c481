#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Makes .venv with exactly the packages of requirements.lock, and the project itself (editable).
# Does nothing, quickly, when that has been done. The Makefile calls it before every command.
# PYTHON=... chooses the interpreter; pip's own settings (PIP_INDEX_URL, proxies) are honoured.
#
# POSIX sh, since it must also speak to people whose Python is too old to run anything else.
set -eu
cd "$(dirname "$0")/.."

oldest=11  # of Python 3: requires-python in pyproject.toml
newest=14  # the last one for which every locked package has a wheel
log=build/bootstrap.log
stamp=.venv/installed  # written last: an interrupted installation has none, and starts afresh

fail() {
    printf 'tapetum: %s\n' "$*" >&2
    exit 1
}

# What the environment was made from: its place, the lock and the project file.
fingerprint() {
    pwd
    cksum requirements.lock pyproject.toml scripts/bootstrap.sh
}

suits() {
    "$1" -c "import sys; sys.exit(not (3, $oldest) <= sys.version_info[:2] <= (3, $newest))" \
        >/dev/null 2>&1
}

choose_python() {
    if [ -n "${PYTHON:-}" ]; then
        suits "$PYTHON" ||
            fail "PYTHON=$PYTHON is not a Python from 3.$oldest to 3.$newest; name another one."
        echo "$PYTHON"
        return
    fi
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if suits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    found=$(python3 -c 'import platform; print("is " + platform.python_version())' 2>/dev/null) ||
        found="is missing"
    fail "python3 $found; install a Python from 3.$oldest to 3.$newest, or name one:" \
        "make PYTHON=/path/to/python3.$oldest"
}

check_tools() {
    missing=
    for tool in make g++ perl; do
        command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"
    done
    [ -z "$missing" ] ||
        fail "missing:$missing; install with your package manager" \
            "(Debian or Ubuntu: apt install$missing)."
}

# One changing line on a terminal; silence in a log, where one line was printed already.
show_progress() {
    if [ -t 1 ]; then
        awk '/^Collecting /{n++; printf "\r\033[K  %d packages, now %s", n, $2; fflush()}
             /^Installing collected/{printf "\r\033[K  unpacking %d packages", n; fflush()}
             END{printf "\r\033[K"}'
    else
        cat >/dev/null
    fi
}

# pip's output goes to the log, its exit status comes back in spite of the pipe.
pip_install() {
    status=$(
        exec 3>&1 4>&2
        {
            code=0
            PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1 .venv/bin/python -m pip install \
                --no-input --progress-bar off --prefer-binary "$@" 2>&1 || code=$?
            echo "$code" >&3
        } | tee -a "$log" | show_progress >&4
    )
    return "$status"
}

check_tools
mkdir -p build
if [ -f "$stamp" ] && .venv/bin/python -c '' 2>/dev/null; then
    [ "$(fingerprint)" != "$(cat "$stamp")" ] || exit 0
    # the folder was moved, or made by another Python than PYTHON asks for: nothing to keep
    [ "$(head -n 1 "$stamp")" = "$(pwd)" ] || rm -rf .venv
else
    rm -rf .venv
fi

: >"$log"
if [ ! -d .venv ]; then
    python=$(choose_python)
    "$python" -c 'import ensurepip, venv' 2>/dev/null ||
        fail "$python has no venv module; install it (Debian or Ubuntu: apt install python3-venv)."
    echo "Making .venv with $("$python" --version)"
    "$python" -m venv .venv >>"$log" 2>&1 ||
        fail "$python could not make .venv; the reason stands at the end of $log."
fi
rm -f "$stamp"

count=$(grep -c '^[a-zA-Z0-9].*==' requirements.lock)
echo "Installing $count packages into .venv (first use: about 320 MB, a minute or two)"
pip_install --require-hashes --requirement requirements.lock ||
    fail "the packages could not be installed: check the connection to PyPI (or PIP_INDEX_URL," \
        "proxy, disk space) and run the same command again; pip's own words are in $log."
pip_install --no-deps --no-build-isolation --editable . ||
    fail "the project itself could not be installed; the reason stands at the end of $log."
.venv/bin/python -c 'import find_libpython as f, sys; sys.exit(not f.find_libpython())' ||
    fail "this Python has no shared library, which the simulator needs; install it" \
        "(Debian or Ubuntu: apt install libpython3-dev) or choose another with PYTHON=..."
fingerprint >"$stamp"
