# What is compiled and how; sourced by build.sh and by the sanitizer's script. Needs $cxx.

# The names that Java's os.name and os.arch give, as NativeLibrary.java writes them.
case $("$cxx" -dumpmachine) in
    x86_64-*) arch=amd64 ;;
    aarch64-*) arch=aarch64 ;;
    *) arch= ;;
esac

# No contraction: identical bits need every rounding where the source has it; fused operations are written as such.
common_options=(-std=c++17 -ffp-contract=off -pthread -Wall -Wextra)

# All units but the JNI one.
units=(algebra algebra_scalar algebra_avx2 algebra_avx512 cpu_features graph_features input_sample lowest_eigenpairs packing packing_forms scratch similarity similarity_avx512 thread_pool engine
    protein_engine denoiser_scalar denoiser_avx2 denoiser_avx512)

# Sets own_options to the flags of one unit alone.
options_of() {
    own_options=()
    case $arch-$1 in
        amd64-denoiser_avx2 | amd64-algebra_avx2) own_options=(-mavx2 -mfma) ;;
        # GCC 12 takes the undefined operands in its own AVX-512 headers for mistakes.
        amd64-denoiser_avx512 | amd64-algebra_avx512) own_options=(-mavx2 -mfma -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni
            -Wno-uninitialized -Wno-maybe-uninitialized) ;;
        amd64-similarity_avx512) own_options=(-mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vpopcntdq -Wno-uninitialized
            -Wno-maybe-uninitialized) ;;
    esac
}
