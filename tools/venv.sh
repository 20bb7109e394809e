# Functions to make and fill virtual environments, also where Debian's Python has no ensurepip.

make_venv() { # FOLDER PYTHON
    if "$2" -c 'import ensurepip' 2>/dev/null; then
        "$2" -m venv "$1"
    else
        "$2" -m venv --without-pip "$1"
    fi
}

fill_venv() { # FOLDER PYTHON ARGUMENT...: pip install, by its own pip or that of PYTHON
    folder=$1
    python=$2
    shift 2
    if [ -e "$folder/bin/pip" ]; then
        set -- "$folder/bin/python" -m pip install "$@"
    else
        set -- "$python" -m pip --python "$folder/bin/python" install "$@"
    fi
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$@" --quiet
}
