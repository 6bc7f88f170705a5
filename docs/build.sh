#!/usr/bin/env bash
# Builds the documentation site into docs/_build/html: bash docs/build.sh [--quick] [--without-data]
#
#   --quick          executes no page; about a minute
#   --without-data   pages whose data can neither be found nor downloaded are shown with a note and are no failure
#
# Any warning fails the build. Data come from $MLFFBENCH_DATA, else ../shared/data, else are downloaded.
# Python: the one on PATH if it has what the build needs, else docs/_build/venv, which is made with pip.
set -euo pipefail
cd "$(dirname "$0")"

quick=0 without_data=0
for word in "$@"; do
    case "$word" in
    --quick) quick=1 ;;
    --without-data) without_data=1 ;;
    *) sed -n '2,9s/^# \{0,1\}//p' build.sh && exit 2 ;;
    esac
done

needed="import mlffbench, myst_parser, numpydoc, pydata_sphinx_theme, sphinx_copybutton, sphinx_design, sphinx_gallery, sphinxcontrib.bibtex"
[ "$quick" = 1 ] || needed="$needed, e3nn, mace, matplotlib, torch"
python=$(command -v python3 || command -v python)
if command -v python >/dev/null && python -W ignore -c "$needed" 2>/dev/null; then
    python=$(command -v python)
elif ! "$python" -W ignore -c "$needed" 2>/dev/null; then
    [ -x _build/venv/bin/python ] || "$python" -m venv _build/venv
    extras=all,docs
    [ "$quick" = 0 ] || extras=docs
    _build/venv/bin/python -m pip install --quiet --editable "..[$extras]"
    python=$PWD/_build/venv/bin/python
fi
PATH=$(dirname "$python"):$PATH # pages run `mlffbench`
PYTHONPATH=$(cd .. && pwd)${PYTHONPATH:+:$PYTHONPATH} # the package beside this folder is the one that is described
export PATH PYTHONPATH MPLBACKEND=Agg OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" MLFFBENCH_DOCS_QUICK=$quick
if [ -z "${MLFFBENCH_DATA:-}" ] && [ -d ../../shared/data ]; then
    MLFFBENCH_DATA=$(cd ../../shared/data && pwd)
    export MLFFBENCH_DATA
fi

start=$SECONDS
rm -f _build/html/not_executed.txt
if [ "$(cat _gallery/.quick 2>/dev/null)" != "$quick" ]; then # pages of the other form are no cache
    rm -rf _gallery _build/doctrees
    mkdir -p _gallery
    echo "$quick" >_gallery/.quick
fi
for page in _gallery/*/plot_*.rst; do # of scripts that are gone
    script=${page#_gallery/}
    [ -f "${script%.rst}.py" ] || rm -f "${page%.rst}".*
done
"$python" -m sphinx -b html -n -W --keep-going -q -d _build/doctrees . _build/html
echo "built docs/_build/html/index.html in $((SECONDS - start)) s"

if [ "$quick" = 0 ] && [ -s _build/html/not_executed.txt ]; then
    echo "$(wc -l <_build/html/not_executed.txt) pages were not executed:"
    cat _build/html/not_executed.txt
    [ "$without_data" = 1 ] || exit 1
fi
