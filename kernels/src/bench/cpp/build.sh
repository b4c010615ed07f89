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

source "$product/units.sh"
options=("${common_options[@]}" -O3 -Wno-unused-function -I"$product")
mkdir -p "$folder"
id=$({ "$cxx" --version; echo "${options[@]}"; cat "$here"/* "$product"/*; } | sha256sum | cut -c 1-16)
if [[ -x $folder/kernel_bench && -f $folder/build-id && $(< "$folder/build-id") == "$id" ]]; then
    exit 0
fi
rm -f "$folder/build-id" "$folder"/*.o
running=()
objects=()
compile() {
    objects+=("$folder/$(basename "$1" .cpp).o")
    "$cxx" "${options[@]}" "${own_options[@]}" -c "$1" -o "${objects[-1]}" &
    running+=($!)
}
for unit in "${units[@]}"; do
    options_of "$unit"
    compile "$product/$unit.cpp"
done
for source in "$here"/*.cpp; do
    # pieces_<set>.cpp is compiled as the product's unit of that set.
    unit=$(basename "$source" .cpp)
    options_of "${unit/#pieces_/denoiser_}"
    compile "$source"
done
for process in "${running[@]}"; do
    wait "$process" || { echo 'build.sh: a source of the benchmark did not compile; see above' >&2; exit 1; }
done
"$cxx" "${objects[@]}" -static-libstdc++ -static-libgcc -pthread -o "$folder/kernel_bench"
echo "$id" > "$folder/build-id"
