#!/usr/bin/env bash
# Builds the native library of the cpu backend: build.sh JAVA_HOME OBJECT_FOLDER CLASSES_FOLDER
#
# Writes CLASSES_FOLDER/native/<os>-<arch>/libbitdgdm.so and, beside it, build-id: the hash of sources, compiler and
# options that is also compiled into the library, so that Java never runs another build than its own. Does nothing where
# that hash has not changed. Needs a JDK and a C++17 compiler ($CXX, default g++).
set -euo pipefail

java_home=$1
objects=$2
classes=$3
cxx=${CXX:-g++}
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() {
    echo "build.sh: $1" >&2
    exit 1
}

command -v "$cxx" > /dev/null || fail "no C++ compiler '$cxx'; install one (Debian: apt-get install g++,\
 RHEL: dnf install gcc-c++) or set CXX"
[[ -f $java_home/include/jni.h ]] || fail "no $java_home/include/jni.h: that is not a JDK; install one\
 (Debian: apt-get install openjdk-17-jdk-headless, RHEL: dnf install java-17-openjdk-devel) and set JAVA_HOME"
[[ $(uname -s) == Linux ]] || fail "the native library builds on Linux, found $(uname -s)"
source "$here/units.sh"
[[ -n $arch ]] || fail "the cpu backend builds for x86_64 and aarch64, found $("$cxx" -dumpmachine)"

options=("${common_options[@]}" -O3 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden)
link=(-shared -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL -Wl,--version-script="$here/exports.map" -pthread)

build_id=$({ "$cxx" --version; cd "$here"; cat ./*.sh exports.map ./*.h ./*.inl ./*.cpp; } | sha256sum | cut -c 1-16)
folder=$classes/native/linux-$arch
if [[ -f $folder/libbitdgdm.so && -f $folder/build-id && $(< "$folder/build-id") == "$build_id" ]]; then
    exit 0
fi

mkdir -p "$objects" "$folder"
rm -f "$folder/build-id" "$objects"/*.o
running=()
for unit in "${units[@]}"; do
    options_of "$unit"
    "$cxx" "${options[@]}" "${own_options[@]}" -c "$here/$unit.cpp" -o "$objects/$unit.o" &
    running+=($!)
done
"$cxx" "${options[@]}" -I"$java_home/include" -I"$java_home/include/linux" -DBITDGDM_BUILD_ID="\"$build_id\"" \
    -c "$here/bitdgdm_jni.cpp" -o "$objects/bitdgdm_jni.o" &
running+=($!)
for process in "${running[@]}"; do
    wait "$process" || fail "a source did not compile; see above"
done
"$cxx" "$objects"/*.o "${link[@]}" -o "$folder/libbitdgdm.so"
echo "$build_id" > "$folder/build-id"
