#!/usr/bin/env bash
# Runs kernels_test under AddressSanitizer and UBSan: sanitize.sh OBJECT_FOLDER
#
# Needs the sanitizers' runtime libraries (Debian: part of g++; RHEL: dnf install libasan libubsan).
set -euo pipefail

objects=$1
cxx=${CXX:-g++}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
sources=$here/../../main/cpp
source "$sources/units.sh"

options=("${common_options[@]}" -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -I"$sources")
mkdir -p "$objects"
rm -f "$objects"/*.o
running=()
for unit in "${units[@]}"; do
    options_of "$unit"
    "$cxx" "${options[@]}" "${own_options[@]}" -c "$sources/$unit.cpp" -o "$objects/$unit.o" &
    running+=($!)
done
"$cxx" "${options[@]}" -c "$here/kernels_test.cpp" -o "$objects/kernels_test.o" &
running+=($!)
for process in "${running[@]}"; do
    wait "$process"
done
"$cxx" "${options[@]}" "$objects"/*.o -o "$objects/kernels_test"
"$objects/kernels_test"
