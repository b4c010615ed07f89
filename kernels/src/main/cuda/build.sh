#!/usr/bin/env bash
# Builds the kernels of the cuda backend: build.sh WORK_FOLDER CLASSES_FOLDER
#
# Writes CLASSES_FOLDER/cuda/bitdgdm.fatbin (machine code for several architectures, PTX for newer ones) and
# build.properties beside it; ptxas' report of every kernel stays in WORK_FOLDER/ptxas.log. Takes nvcc from $NVCC,
# $CUDA_HOME/bin, PATH or /usr/local/cuda/bin; without one it says so, leaves no fatbin and succeeds. Does nothing where
# neither sources nor nvcc have changed. A kernel that spills registers fails the build.
set -euo pipefail

work=$1
folder=$2/cuda
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    echo "cuda/build.sh: $1" >&2
    exit 1
}

nvcc=
for candidate in "${NVCC:-}" "${CUDA_HOME:+$CUDA_HOME/bin/nvcc}" nvcc /usr/local/cuda/bin/nvcc; do
    if [[ -n $candidate ]] && command -v "$candidate" > /dev/null; then
        nvcc=$candidate
        break
    fi
    # An nvcc that is named is the one that is meant.
    [[ -n ${NVCC:-} ]] && break
done
if [[ -z $nvcc ]]; then
    rm -rf "$folder"
    echo 'cuda: built without CUDA (no nvcc in $NVCC, $CUDA_HOME/bin, PATH, /usr/local/cuda/bin); --backend cuda says so too'
    exit 0
fi

release=$("$nvcc" --version | sed -n 's/.*release \([0-9]*\)\.\([0-9]*\),.*/\1 \2/p')
[[ -n $release ]] || fail "$nvcc does not say its release"
known=$("$nvcc" --list-gpu-code)
architectures=()
for architecture in 80 86 89 90; do
    grep -qx "sm_$architecture" <<< "$known" && architectures+=("$architecture")
done
[[ ${#architectures[@]} -gt 0 ]] || fail "$nvcc builds for none of sm_80, sm_86, sm_89, sm_90; install CUDA 11.8 or newer"
newest=${architectures[-1]}

# No contraction: every rounding is where the source has it, as in the cpu backend.
options=(-std=c++17 -O3 -fmad=false -Xptxas -v -Xfatbin=-compress-all --threads 4
    -gencode "arch=compute_$newest,code=compute_$newest")
for architecture in "${architectures[@]}"; do
    options+=(-gencode "arch=compute_$architecture,code=sm_$architecture")
done

build_id=$({ "$nvcc" --version; echo "${options[@]}"; cd "$here"; cat build.sh ./*.cuh ./*.cu; } | sha256sum | cut -c 1-16)
if [[ -f $folder/bitdgdm.fatbin ]] && grep -qsx "build-id=$build_id" "$folder/build.properties"; then
    exit 0
fi

mkdir -p "$work" "$folder"
rm -f "$folder"/*
"$nvcc" "${options[@]}" -fatbin -o "$work/bitdgdm.fatbin" "$here/bitdgdm.cu" > "$work/ptxas.log" 2>&1 \
    || { cat "$work/ptxas.log" >&2; fail "the kernels do not compile; see above"; }
# A report that is not there says nothing of spills.
kernels=$(cat "$here"/*.cu | grep -c '^BITDGDM_KERNEL(')
reports=$(grep -c 'Compiling entry function' "$work/ptxas.log" || true)
[[ $reports -eq $((kernels * ${#architectures[@]})) ]] || fail "ptxas must report $kernels kernels for each of \
${#architectures[@]} architectures, found $reports reports in $work/ptxas.log"
spills=$(awk '/Compiling entry function/ { kernel = $7 " for " $9 }
    / bytes spill stores/ && !/ 0 bytes spill stores, 0 bytes spill loads/ { print kernel ":" $0 }' "$work/ptxas.log")
[[ -z $spills ]] || fail "a kernel spills registers:"$'\n'"$spills"

# Machine code of a major release runs on every driver of that release; PTX needs one that knows its version.
read -r major minor <<< "$release"
cp "$work/bitdgdm.fatbin" "$folder/bitdgdm.fatbin"
cat > "$folder/build.properties" << END
nvcc=$major.$minor
minimum-driver=$((major * 1000))
ptx-driver=$((major * 1000 + minor * 10))
architectures=${architectures[*]}
build-id=$build_id
END
echo "cuda: built with nvcc $major.$minor for sm_${architectures[*]} and PTX; all of ptxas' report is in $work/ptxas.log"
awk -v q="'" '/Compiling entry function/ { split($0, word, q); kernel = word[2]; architecture = word[4] }
    / Used [0-9]+ registers/ { match($0, /Used [0-9]+/)
        registers[kernel] = registers[kernel] " " architecture " " substr($0, RSTART + 5, RLENGTH - 5) }
    END { for (kernel in registers) print "cuda: registers of " kernel ":" registers[kernel] "; no spills" }' \
    "$work/ptxas.log" | sort
