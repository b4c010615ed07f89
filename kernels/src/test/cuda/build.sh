#!/usr/bin/env bash
# Builds the stand-in for a GPU that tests run the kernels on: build.sh FOLDER
#
# Writes FOLDER/emulator and, with AddressSanitizer and UndefinedBehaviorSanitizer, FOLDER/emulator-sanitized. Needs a
# C++17 compiler ($CXX, default g++). Does nothing where neither sources nor compiler have changed.
set -euo pipefail

folder=$1
cxx=${CXX:-g++}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Fused multiply-adds in hardware where the processor has them: the same bits, much sooner.
own=()
[[ $(uname -m) == x86_64 ]] && grep -qw fma /proc/cpuinfo && own=(-mfma)
options=(-std=c++17 -ffp-contract=off -Wall -Wextra -Wno-unknown-pragmas -I"$here" "${own[@]}")

build_id=$({ "$cxx" --version; echo "${options[@]}"; cd "$here"; cat build.sh ./*.h ./*.cpp ../../main/cuda/*.cu*; } \
    | sha256sum)
if [[ -f $folder/emulator && -f $folder/build-id && $(< "$folder/build-id") == "$build_id" ]]; then
    exit 0
fi
mkdir -p "$folder"
rm -f "$folder"/*
"$cxx" "${options[@]}" -O2 "$here/emulator.cpp" -o "$folder/emulator" &
first=$!
if "$cxx" -x c++ -fsanitize=address,undefined - -o "$folder/probe" <<< 'int main() {}' > /dev/null 2>&1; then
    "$cxx" "${options[@]}" -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
        "$here/emulator.cpp" -o "$folder/emulator-sanitized" &
else
    echo "cuda emulator: $cxx has no AddressSanitizer here, its test is skipped (RHEL: dnf install libasan libubsan)" &
fi
second=$!
wait "$first"
wait "$second"
echo "$build_id" > "$folder/build-id"
