#!/usr/bin/env bash
# Collect into .gpu/ what a bare GPU machine without network lacks: wheels, the data, the revision. Run it here.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
pip="${PYTHON:-python3} -m pip"
data=${MLFFBENCH_DATA:-$root/../shared/data}

rm -rf "$root/.gpu" && mkdir -p "$root/.gpu/wheels" "$root/.gpu/data"
platforms=()
for n in 2_39 2_34 2_31 2_28 2_27 2_24 2_17; do platforms+=(--platform "manylinux_${n}_x86_64"); done
grep -v "^#\|from source" "$here/requirements.txt" >"$root/.gpu/requirements.txt"
$pip download -q --no-deps --only-binary=:all: --python-version "${PYTHON_VERSION:-3.12}" --implementation cp \
    "${platforms[@]}" --platform manylinux2014_x86_64 --platform manylinux1_x86_64 \
    -d "$root/.gpu/wheels" -r "$root/.gpu/requirements.txt"
sed -n 's/ *# from source//p' "$here/requirements.txt" | xargs $pip wheel -q --no-deps -w "$root/.gpu/wheels"
cp -r "$data/acac" "$root/.gpu/data/"
mkdir "$root/.gpu/before" # the package whose training the steps are compared with
git -C "$root" archive "$(sed -n 's/^BEFORE = "\(.*\)".*/\1/p' "$here/launches.py")" mlffbench | tar x -C "$root/.gpu/before"
git -C "$root" describe --always --abbrev=40 --dirty=+changes --exclude '*' >"$root/.gpu/REVISION" || true
du -sh "$root/.gpu"
