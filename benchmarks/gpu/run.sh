#!/usr/bin/env bash
# Measure on a GPU: run.sh first | second | STEP ... [--small] [--budget SECONDS], see README.md beside this.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
python=${PYTHON:-python3}
export PYTHONUNBUFFERED=1 PYTHONWARNINGS=ignore PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}"
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-8}
[ -d "$root/.gpu/data" ] && export MLFFBENCH_DATA="$root/.gpu/data"
if [ -d "$root/.gpu/wheels" ] && ! "$python" -c "import ase, mace, pydantic" 2>/dev/null; then # a bare machine
    site=$(mktemp -d)
    "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade --target "$site" "$root"/.gpu/wheels/*.whl
    export PYTHONPATH="$root:$site"
fi
exec "$python" "$root/benchmarks/gpu/run.py" "$@"
