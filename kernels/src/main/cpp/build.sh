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

# The names that Java's os.name and os.arch give, as NativeLibrary.java writes them.
case $($cxx -dumpmachine) in
    x86_64-*) arch=amd64 ;;
    aarch64-*) arch=aarch64 ;;
    *) fail "no kernels for $($cxx -dumpmachine); the cpu backend runs on x86_64 and aarch64" ;;
esac

# No contraction: identical bits need every rounding where the source has it; fused operations are written as such.
options=(-std=c++17 -O3 -fPIC -fvisibility=hidden -fvisibility-inlines-hidden -ffp-contract=off -pthread -Wall -Wextra)
link=(-shared -static-libstdc++ -static-libgcc -Wl,--exclude-libs,ALL -Wl,--version-script="$here/exports.map" -pthread)
units=(cpu_features graph_features packing scratch thread_pool engine denoiser_scalar denoiser_avx2 denoiser_avx512
    bitdgdm_jni)

build_id=$({ "$cxx" --version; echo "${options[@]}"; cd "$here"; cat build.sh exports.map ./*.h ./*.inl ./*.cpp; } \
    | sha256sum | cut -c 1-16)
folder=$classes/native/linux-$arch
if [[ -f $folder/libbitdgdm.so && -f $folder/build-id && $(< "$folder/build-id") == "$build_id" ]]; then
    exit 0
fi

mkdir -p "$objects" "$folder"
rm -f "$folder/build-id" "$objects"/*.o
compile() {
    local own=()
    case $1 in
        denoiser_avx2) [[ $arch == amd64 ]] && own=(-mavx2 -mfma) ;;
        # GCC 12 takes the undefined operands in its own AVX-512 headers for mistakes.
        denoiser_avx512) [[ $arch == amd64 ]] && own=(-mavx2 -mfma -mavx512f -mavx512bw -mavx512vl -mavx512dq
            -mavx512vnni -Wno-uninitialized -Wno-maybe-uninitialized) ;;
        bitdgdm_jni) own=(-I"$java_home/include" -I"$java_home/include/linux" -DBITDGDM_BUILD_ID="\"$build_id\"") ;;
    esac
    "$cxx" "${options[@]}" "${own[@]}" -c "$here/$1.cpp" -o "$objects/$1.o"
}
running=()
for unit in "${units[@]}"; do
    compile "$unit" &
    running+=($!)
done
for process in "${running[@]}"; do
    wait "$process" || fail "a source did not compile; see above"
done
objects_of_units=("${units[@]/#/$objects/}")
"$cxx" "${objects_of_units[@]/%/.o}" "${link[@]}" -o "$folder/libbitdgdm.so"
echo "$build_id" > "$folder/build-id"
