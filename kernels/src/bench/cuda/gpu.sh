#!/usr/bin/env bash
# Everything that a machine with a GPU is asked for, in one go, building nothing: checks the kernels, times them beside
# PyTorch, runs the tests that need a GPU, watches a short run with compute-sanitizer, and prints a table.
#
#   kernels/src/bench/cuda/gpu.sh [--only PHASES] [--budget SECONDS] [REPORT]
#
# Runs in the repository, after `./mvnw -pl kernels -P bench process-test-classes`, or in what pack-offline.sh has packed;
# then Java is the one in the pack. REPORT is the Markdown file to write [kernels/benchmarks/cuda.md]; it is written line by
# line, so that a run that is cut off leaves what it had measured, and all that is printed is beside it in gpu.log. PYTHON
# is the interpreter with PyTorch [the first of python3, /usr/bin/python3 that has it]. PHASES are of
# bench,tests,sanitizer [all]. Exit code 0 only if every check held.
#
# Expected on one H200 with 16 cores (reasoned, not measured), in seconds:
#   bench      420 with the default budget. The shipped model comes first: packing 10, checks 15, whole steps 40, PyTorch 120
#              (start 10, eager 30, two compilations 80), terms and the whole sampler 20: 205. Then ours at n = 27 and 64:
#              100. Then PyTorch there, 110 each with a compilation: what the budget leaves, eager modes first. --only bench
#              --budget 540 has time for all of it.
#   tests       90 at most; what has not begun by then is counted as not run
#   sanitizer   45 at most for each of memcheck and racecheck
set -euo pipefail

phases=bench,tests,sanitizer
budget=400
tests_seconds=80
sanitizer_seconds=45
# A peer that is under way when the budget ends, and the JVM's start.
grace=40

fail() {
    echo "error: $1" >&2
    exit 2
}

while [[ ${1:-} = --* ]]; do
    [[ $# -ge 2 ]] || fail "$1 must have a value; usage: gpu.sh [--only PHASES] [--budget SECONDS] [REPORT]"
    case $1 in
        --only) phases=$2 ;;
        --budget) budget=$2 ;;
        *) fail "unknown flag $1; usage: gpu.sh [--only PHASES] [--budget SECONDS] [REPORT]" ;;
    esac
    shift 2
done
for phase in ${phases//,/ }; do
    [[ $phase =~ ^(bench|tests|sanitizer)$ ]] || fail "--only must be of bench,tests,sanitizer, found $phase"
done
[[ $budget =~ ^[0-9]+$ ]] || fail "--budget must be whole seconds, found $budget"

kernels=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/../../.." && pwd -P)
report=${1:-$kernels/benchmarks/cuda.md}
mkdir -p -- "$(dirname -- "$report")"
report=$(readlink -f -- "$report")
log=$(dirname -- "$report")/gpu.log

java=$kernels/../runtime/bin/java
[[ -x $java ]] || java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" > /dev/null || fail "no Java found at $java; use the pack that pack-offline.sh makes, which has one"
built='build on a machine that has them: ./mvnw -pl kernels -P bench process-test-classes, or pack-offline.sh bench'
[[ -f $kernels/target/bench/classpath ]] || fail "$kernels/target/bench/classpath is missing; $built"
[[ -f $kernels/target/classes/cuda/bitdgdm.fatbin ]] || fail "the classes hold no kernels: no nvcc was found when \
they were built; $built"

# Some hosts mount the driver where the loader does not look.
mounted=/usr/local/nvidia/lib64
if [[ -e $mounted/libcuda.so.1 ]] && ! ldconfig -p 2> /dev/null | grep -q 'libcuda\.so\.1'; then
    export LD_LIBRARY_PATH=$mounted${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
fi

python=
for candidate in ${PYTHON:+"$PYTHON"} python3 /usr/bin/python3; do
    if command -v "$candidate" > /dev/null \
        && "$candidate" -c 'import importlib.util, sys; sys.exit(importlib.util.find_spec("torch") is None)'; then
        python=$(command -v "$candidate")
        break
    fi
done

# Its test classes look for the shipped model from here.
cd "$kernels"
program=("$java" -Xmx8g -cp "target/test-classes:target/classes:$(< target/bench/classpath)")
bench=("${program[@]}" org.bitdgdm.kernels.bench.Bench --backend cuda)
outcomes=()
failed=false
measured=false
benchmark='checks and benchmark'

# A phase, by its name, under a limit of seconds; code 2 refuses the machine and ends everything.
phase() {
    local name=$1 limit=$2 begin=$SECONDS code=0
    shift 2
    printf '\n== %s\n' "$name"
    timeout --kill-after=10 "$limit" "$@" || code=$?
    case $code in
        0) outcomes+=("$name: passed, $((SECONDS - begin)) s") ;;
        124) outcomes+=("$name: STOPPED after $limit s, not finished") ;;
        *) outcomes+=("$name: FAILED with exit code $code, $((SECONDS - begin)) s") ;;
    esac
    [[ $code = 0 ]] || failed=true
    [[ $code != 2 ]] || finish
    [[ $name != "$benchmark" ]] || measured=true
}

finish() {
    printf '\n== outcome\n'
    printf '%s\n' "${outcomes[@]}"
    if $measured && [[ -f $report ]]; then
        sed -n -e '/^### Targets/,/^### Checks/{/^### Checks/!p}' -e '/^### Best batch/,/^### Whole steps/{/^### Whole/!p}' \
            "$report"
        echo "report: $report, log: $log"
    fi
    $failed && exit 1
    exit 0
}

run_phases() {
    if command -v nvidia-smi > /dev/null; then
        nvidia-smi --query-gpu=name,driver_version,memory.total --format=csv || true
    else
        echo 'no nvidia-smi here: driver and clocks will not be in the report'
    fi
    echo "PyTorch: ${python:-none found; the report will lack it}"
    if [[ ,$phases, = *,bench,* ]]; then
        phase "$benchmark" $((budget + grace)) "${bench[@]}" --budget "$budget" --report "$report" \
            --python "${python:-python3}"
    fi
    if [[ ,$phases, = *,tests,* ]]; then
        phase 'tests that need a GPU' $((tests_seconds + grace)) "${program[@]}" org.bitdgdm.kernels.bench.CudaTests \
            "$tests_seconds"
    fi
    if [[ ,$phases, = *,sanitizer,* ]]; then
        if command -v compute-sanitizer > /dev/null; then
            for tool in memcheck racecheck; do
                phase "compute-sanitizer, $tool" "$sanitizer_seconds" compute-sanitizer --tool "$tool" \
                    --target-processes all --error-exitcode 9 "${bench[@]}" --short
            done
        else
            outcomes+=('compute-sanitizer: not here; memory and races were NOT checked')
        fi
    fi
    finish
}

# In a process of its own, so that the log is complete when this one ends.
run_phases 2>&1 | tee "$log"
