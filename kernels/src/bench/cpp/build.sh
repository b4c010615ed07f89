#!/usr/bin/env bash
# Builds the native part of the benchmark: build.sh FOLDER
#
# Writes FOLDER/kernel_bench from the sources here and those of the product that it times, compiled with the product's
# options per instruction set. Does nothing where no source has changed. $CXX as for the product, default g++.
set -euo pipefail

folder=$1
cxx=${CXX:-g++}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
product=$(cd "$here/../../main/cpp" && pwd)

options=(-std=c++17 -O3 -ffp-contract=off -pthread -Wall -Wextra -Wno-unused-function -I"$product")
avx2=(-mavx2 -mfma)
# GCC 12 takes the undefined operands in its own AVX-512 headers for mistakes.
avx512=("${avx2[@]}" -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -Wno-uninitialized -Wno-maybe-uninitialized)
units=("$product"/{cpu_features,graph_features,packing,scratch,denoiser_scalar,denoiser_avx2,denoiser_avx512}.cpp
    "$here"/*.cpp)

mkdir -p "$folder"
id=$({ "$cxx" --version; echo "${options[@]}"; cat "$here"/* "$product"/*; } | sha256sum | cut -c 1-16)
if [[ -x $folder/kernel_bench && -f $folder/build-id && $(< "$folder/build-id") == "$id" ]]; then
    exit 0
fi
rm -f "$folder/build-id" "$folder"/*.o
[[ $("$cxx" -dumpmachine) == x86_64-* ]] || { avx2=(); avx512=(); }
running=()
objects=()
for unit in "${units[@]}"; do
    object=$folder/$(basename "$unit" .cpp).o
    objects+=("$object")
    case $unit in
        *_avx2.cpp) own=("${avx2[@]}") ;;
        *_avx512.cpp) own=("${avx512[@]}") ;;
        *) own=() ;;
    esac
    "$cxx" "${options[@]}" "${own[@]}" -c "$unit" -o "$object" &
    running+=($!)
done
for process in "${running[@]}"; do
    wait "$process" || { echo 'build.sh: a source of the benchmark did not compile; see above' >&2; exit 1; }
done
"$cxx" "${objects[@]}" -static-libstdc++ -static-libgcc -pthread -o "$folder/kernel_bench"
echo "$id" > "$folder/build-id"
