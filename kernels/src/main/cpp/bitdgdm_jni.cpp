// The native functions of CpuNative.java: casts, calls, and turns exceptions into Java's. Nothing else.

#include <jni.h>

#include <algorithm>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include "algebra.h"
#include "protein_engine.h"
#include "similarity.h"

#ifndef BITDGDM_BUILD_ID
#error "build.sh defines the build id"
#endif

#define CPU_NATIVE(type, name) extern "C" JNIEXPORT type JNICALL Java_org_bitdgdm_kernels_CpuNative_##name

namespace {

using namespace bitdgdm;

void raise(JNIEnv* env, const char* type, const char* message) {
    jclass exception = env->FindClass(type);
    if (exception != nullptr) {
        env->ThrowNew(exception, message);
    }
}

// Runs `work`; an exception becomes a pending Java one, and the value a default.
template <typename Work>
auto guarded(JNIEnv* env, Work work) -> decltype(work()) {
    using Result = decltype(work());
    try {
        return work();
    } catch (const NotFiniteError& error) {
        raise(env, "org/bitdgdm/kernels/NotFiniteException", error.what());
    } catch (const EngineError& error) {
        raise(env, "org/bitdgdm/kernels/KernelException", error.what());
    } catch (const std::bad_alloc&) {
        raise(env, "org/bitdgdm/kernels/KernelException", "the cpu backend ran out of native memory; use smaller batches");
    } catch (const std::exception& error) {
        raise(env, "java/lang/IllegalStateException", error.what());
    }
    return Result();
}

template <typename Type>
Type& at(jlong handle) {
    return *reinterpret_cast<Type*>(handle);
}

template <typename Type>
jlong handleOf(Type* object) {
    return reinterpret_cast<jlong>(object);
}

std::vector<float> floats(JNIEnv* env, jfloatArray array) {
    std::vector<float> values(env->GetArrayLength(array));
    env->GetFloatArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
    return values;
}

std::vector<int32_t> ints(JNIEnv* env, jintArray array) {
    std::vector<int32_t> values(env->GetArrayLength(array));
    env->GetIntArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
    return values;
}

template <typename Byte>
std::vector<Byte> bytes(JNIEnv* env, jbyteArray array) {
    std::vector<Byte> values(env->GetArrayLength(array));
    env->GetByteArrayRegion(array, 0, static_cast<jsize>(values.size()), reinterpret_cast<jbyte*>(values.data()));
    return values;
}

std::vector<bool> booleans(JNIEnv* env, jbooleanArray array) {
    std::vector<jboolean> values(env->GetArrayLength(array));
    env->GetBooleanArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
    return std::vector<bool>(values.begin(), values.end());
}

std::vector<double> doubles(JNIEnv* env, jdoubleArray array) {
    std::vector<double> values(env->GetArrayLength(array));
    env->GetDoubleArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
    return values;
}

// The elements of an array where they lie; nothing else of JNI's may be called while one is held.
template <typename Element>
class Held {
public:
    Held(JNIEnv* env, jarray array, bool written)
        : env_(env), array_(array), written_(written),
          elements_(array == nullptr ? nullptr : static_cast<Element*>(env->GetPrimitiveArrayCritical(array, nullptr))) {
        if (array != nullptr && elements_ == nullptr) {
            throw std::bad_alloc();
        }
    }
    ~Held() {
        if (elements_ != nullptr) {
            env_->ReleasePrimitiveArrayCritical(array_, const_cast<std::remove_const_t<Element>*>(elements_),
                written_ ? 0 : JNI_ABORT);
        }
    }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

    Element* get() const { return elements_; }

private:
    JNIEnv* env_;
    jarray array_;
    bool written_;
    Element* elements_;
};

Batch batchOf(JNIEnv* env, jint nodeCount, jlongArray ids, jbyteArray nodes, jbyteArray edges) {
    Batch batch = {nodeCount, {}, bytes<uint8_t>(env, nodes), bytes<uint8_t>(env, edges)};
    batch.ids.resize(env->GetArrayLength(ids));
    env->GetLongArrayRegion(ids, 0, static_cast<jsize>(batch.ids.size()), reinterpret_cast<jlong*>(batch.ids.data()));
    return batch;
}

void putBatch(JNIEnv* env, const Batch& batch, jbyteArray nodes, jbyteArray edges) {
    env->SetByteArrayRegion(nodes, 0, static_cast<jsize>(batch.nodeClasses.size()),
        reinterpret_cast<const jbyte*>(batch.nodeClasses.data()));
    env->SetByteArrayRegion(edges, 0, static_cast<jsize>(batch.edgeClasses.size()),
        reinterpret_cast<const jbyte*>(batch.edgeClasses.data()));
}

// Steps as CpuNative.java lays their fields out.
std::vector<Step> stepsOf(JNIEnv* env, jintArray wholes, jfloatArray reals) {
    constexpr size_t WHOLES = 4, REALS = 6;
    const std::vector<int32_t> whole = ints(env, wholes);
    const std::vector<float> real = floats(env, reals);
    if (whole.size() % WHOLES != 0 || whole.size() / WHOLES * REALS != real.size()) {
        throw std::invalid_argument("steps must have 4 whole and 6 real fields each");
    }
    std::vector<Step> steps(whole.size() / WHOLES);
    for (size_t i = 0; i < steps.size(); i++) {
        const int32_t* w = whole.data() + i * WHOLES;
        const float* r = real.data() + i * REALS;
        steps[i] = {w[0], w[1], w[2], w[3], r[0], r[1], r[2], r[3], r[4], r[5]};
    }
    return steps;
}

std::string text(JNIEnv* env, jstring from) {
    const char* characters = env->GetStringUTFChars(from, nullptr);
    if (characters == nullptr) {
        throw std::bad_alloc();
    }
    std::string copy = characters;
    env->ReleaseStringUTFChars(from, characters);
    return copy;
}

Isa isaOf(JNIEnv* env, jstring name) {
    const std::string label = text(env, name);
    for (Isa isa : {Isa::SCALAR, Isa::AVX2, Isa::AVX512}) {
        if (label == isaName(isa)) {
            return isa;
        }
    }
    throw std::invalid_argument("unknown instruction set " + label);
}

}  // namespace

CPU_NATIVE(jstring, buildId)(JNIEnv* env, jclass) {
    return env->NewStringUTF(BITDGDM_BUILD_ID);
}

CPU_NATIVE(jstring, bestIsa)(JNIEnv* env, jclass) {
    return env->NewStringUTF(isaName(bestIsa()));
}

CPU_NATIVE(void, requireIsa)(JNIEnv* env, jclass, jstring isa) {
    guarded(env, [&] { kernelsOf(isaOf(env, isa)); });
}

// ---- Layers --------------------------------------------------------------------------------------------------------

CPU_NATIVE(jlong, newLinear)(JNIEnv* env, jclass, jint in, jint out, jfloatArray bias) {
    return guarded(env, [&] {
        auto source = std::make_unique<LinearSource>();
        source->in = in;
        source->out = out;
        source->bias = floats(env, bias);
        return handleOf(source.release());
    });
}

CPU_NATIVE(void, setWeight)(JNIEnv* env, jclass, jlong linear, jfloatArray weight) {
    guarded(env, [&] {
        at<LinearSource>(linear).hasWeight = true;
        at<LinearSource>(linear).weight = floats(env, weight);
    });
}

CPU_NATIVE(void, setActivation)(JNIEnv*, jclass, jlong linear, jint bits, jboolean isUnsigned, jboolean perRow,
                                jfloat threshold, jfloat scale, jfloat inverse) {
    LinearSource& source = at<LinearSource>(linear);
    source.activationBits = bits;
    source.isUnsigned = isUnsigned;
    source.perRow = perRow;
    source.threshold = threshold;
    source.scale = scale;
    source.inverse = inverse;
}

// part: 0 the left factor, 1 the right factor, 2 the residual.
CPU_NATIVE(void, setMatrix)(JNIEnv* env, jclass, jlong linear, jint part, jint rows, jint cols, jboolean coded,
                            jbyteArray codes, jfloatArray scale, jfloatArray values) {
    guarded(env, [&] {
        LinearSource& source = at<LinearSource>(linear);
        MatrixSource& matrix = part == 0 ? source.left : part == 1 ? source.right : source.residual;
        (part == 2 ? source.hasResidual : source.hasLowRank) = true;
        matrix = {rows, cols, coded != JNI_FALSE, bytes<int8_t>(env, codes), floats(env, scale), floats(env, values)};
    });
}

CPU_NATIVE(void, setIntermediate)(JNIEnv*, jclass, jlong linear, jint bits, jfloat scale, jfloat inverse) {
    LinearSource& source = at<LinearSource>(linear);
    source.intermediateBits = bits;
    source.intermediateScale = scale;
    source.intermediateInverse = inverse;
}

CPU_NATIVE(void, setDense)(JNIEnv* env, jclass, jlong linear, jfloatArray dense) {
    guarded(env, [&] { at<LinearSource>(linear).dense = floats(env, dense); });
}

CPU_NATIVE(void, setSparse)(JNIEnv* env, jclass, jlong linear, jint width, jintArray columns, jfloatArray values,
                            jboolean crossTerm) {
    guarded(env, [&] {
        LinearSource& source = at<LinearSource>(linear);
        source.sparseWidth = width;
        source.sparseColumns = ints(env, columns);
        source.sparseValues = floats(env, values);
        source.crossTerm = crossTerm;
    });
}

CPU_NATIVE(void, setTransform)(JNIEnv* env, jclass, jlong linear, jfloatArray scale, jint block, jfloatArray first,
                               jintArray permutation, jfloatArray second) {
    guarded(env, [&] {
        at<LinearSource>(linear).transform = {block, floats(env, scale), floats(env, first), ints(env, permutation),
            floats(env, second)};
    });
}

CPU_NATIVE(void, setBranch)(JNIEnv* env, jclass, jlong linear, jint rank, jfloatArray down, jfloatArray up) {
    guarded(env, [&] { at<LinearSource>(linear).branch = {rank, floats(env, down), floats(env, up)}; });
}

CPU_NATIVE(void, addScales)(JNIEnv* env, jclass, jlong linear, jfloat threshold, jfloat scale, jfloat inverse,
                            jfloat intermediateScale, jfloat intermediateInverse) {
    guarded(env, [&] {
        at<LinearSource>(linear).laterScales.push_back({threshold, scale, inverse, intermediateScale, intermediateInverse});
    });
}

CPU_NATIVE(void, freeLinear)(JNIEnv*, jclass, jlong linear) {
    delete &at<LinearSource>(linear);
}

CPU_NATIVE(void, product)(JNIEnv* env, jclass, jlong linear, jstring isa, jfloatArray input, jint rows,
                          jfloatArray output) {
    guarded(env, [&] {
        const Kernels& kernels = kernelsOf(isaOf(env, isa));
        Memory memory;
        Workspace workspace = {};
        const Linear layer = packLinear(at<LinearSource>(linear), 0, memory);
        prepareLinear(layer, memory, workspace);
        const size_t xStride = padded(layer.in);
        const size_t yStride = padded(layer.out);
        float* x = memory.allocate<float>(rows * xStride);
        float* y = memory.allocate<float>(rows * yStride);
        for (jint row = 0; row < rows; row++) {
            env->GetFloatArrayRegion(input, row * layer.in, layer.in, x + row * xStride);
        }
        kernels.linear(layer, x, xStride, rows, y, false, workspace);
        for (jint row = 0; row < rows; row++) {
            env->SetFloatArrayRegion(output, row * layer.out, layer.out, y + row * yStride);
        }
    });
}

CPU_NATIVE(void, exponential)(JNIEnv* env, jclass, jstring isa, jfloatArray x, jfloatArray y) {
    guarded(env, [&] {
        const Kernels& kernels = kernelsOf(isaOf(env, isa));
        std::vector<float> values = floats(env, x);
        const size_t count = values.size();
        values.resize(padded(static_cast<int>(count)));
        for (size_t from = 0; from < count; from += PANEL) {
            kernels.exponential(values.data() + from, values.data() + from);
        }
        env->SetFloatArrayRegion(y, 0, static_cast<jsize>(count), values.data());
    });
}

// ---- Networks ------------------------------------------------------------------------------------------------------

CPU_NATIVE(jlong, newNetwork)(JNIEnv* env, jclass, jint layers, jint heads, jint nodeTypes, jint edgeTypes, jint maxNodes,
                              jboolean fixedBug, jint features, jboolean molecular, jint walks, jboolean absorbing,
                              jint stepRanges) {
    return guarded(env, [&] {
        Shape shape = {};
        shape.layers = layers;
        shape.heads = heads;
        shape.nodeTypes = nodeTypes;
        shape.edgeTypes = edgeTypes;
        shape.maxNodes = maxNodes;
        shape.fixedBug = fixedBug != JNI_FALSE;
        shape.features = features;
        shape.molecular = molecular != JNI_FALSE;
        shape.walks = walks;
        shape.absorbing = absorbing != JNI_FALSE;
        return handleOf(new NetworkBuilder(shape, stepRanges));
    });
}

CPU_NATIVE(void, setWeights)(JNIEnv* env, jclass, jlong network, jfloatArray nodeWeights, jfloat maxWeight) {
    guarded(env, [&] { at<NetworkBuilder>(network).setWeights(floats(env, nodeWeights), maxWeight); });
}

CPU_NATIVE(void, setLimits)(JNIEnv* env, jclass, jlong network, jfloatArray nodeMarginal, jfloatArray edgeMarginal) {
    guarded(env, [&] { at<NetworkBuilder>(network).setLimits(floats(env, nodeMarginal), floats(env, edgeMarginal)); });
}

CPU_NATIVE(void, addLinear)(JNIEnv* env, jclass, jlong network, jint block, jstring module, jlong linear) {
    guarded(env, [&] {
        at<NetworkBuilder>(network).addLinear({block, text(env, module)}, at<LinearSource>(linear));
    });
}

CPU_NATIVE(void, addNorm)(JNIEnv* env, jclass, jlong network, jint block, jstring module, jfloatArray weight,
                          jfloatArray bias) {
    guarded(env, [&] {
        at<NetworkBuilder>(network).addNorm({block, text(env, module)}, floats(env, weight), floats(env, bias));
    });
}

CPU_NATIVE(void, freeNetwork)(JNIEnv*, jclass, jlong network) {
    delete &at<NetworkBuilder>(network);
}

CPU_NATIVE(jlong, open)(JNIEnv* env, jclass, jlong network, jstring isa, jint threads) {
    return guarded(env, [&] {
        return handleOf(new Engine(at<NetworkBuilder>(network).finish(), isaOf(env, isa), threads));
    });
}

CPU_NATIVE(void, close)(JNIEnv*, jclass, jlong engine) {
    delete &at<Engine>(engine);
}

CPU_NATIVE(void, advance)(JNIEnv* env, jclass, jlong engine, jint nodeCount, jlongArray ids, jbyteArray nodes,
                          jbyteArray edges, jlong seed, jintArray wholes, jfloatArray reals) {
    guarded(env, [&] {
        Batch batch = batchOf(env, nodeCount, ids, nodes, edges);
        at<Engine>(engine).advance(batch, static_cast<uint64_t>(seed), stepsOf(env, wholes, reals));
        putBatch(env, batch, nodes, edges);
    });
}

CPU_NATIVE(void, logits)(JNIEnv* env, jclass, jlong engine, jint nodeCount, jlongArray ids, jbyteArray nodes,
                         jbyteArray edges, jfloat time, jint range, jfloatArray nodeLogits, jfloatArray edgeLogits) {
    guarded(env, [&] {
        const Batch batch = batchOf(env, nodeCount, ids, nodes, edges);
        const Shape& shape = at<Engine>(engine).shape();
        std::vector<float> node(batch.nodeClasses.size() * shape.nodeTypes);
        std::vector<float> edge(batch.edgeClasses.size() * shape.edgeTypes);
        at<Engine>(engine).logits(batch, time, range, node.data(), edge.data());
        env->SetFloatArrayRegion(nodeLogits, 0, static_cast<jsize>(node.size()), node.data());
        env->SetFloatArrayRegion(edgeLogits, 0, static_cast<jsize>(edge.size()), edge.data());
    });
}

CPU_NATIVE(void, features)(JNIEnv* env, jclass, jlong engine, jint nodeCount, jlongArray ids, jbyteArray nodes,
                           jbyteArray edges, jfloat time, jfloatArray nodeInput, jfloatArray edgeInput,
                           jfloatArray globalInput) {
    guarded(env, [&] {
        const Batch batch = batchOf(env, nodeCount, ids, nodes, edges);
        const Shape& shape = at<Engine>(engine).shape();
        std::vector<float> node(batch.nodeClasses.size() * shape.nodeInputs());
        std::vector<float> edge(shape.walks > 0 ? batch.edgeClasses.size() * shape.edgeInputs() : 0);
        std::vector<float> global(batch.ids.size() * shape.globalInputs());
        at<Engine>(engine).features(batch, time, node.data(), edge.data(), global.data());
        env->SetFloatArrayRegion(nodeInput, 0, static_cast<jsize>(node.size()), node.data());
        env->SetFloatArrayRegion(edgeInput, 0, static_cast<jsize>(edge.size()), edge.data());
        env->SetFloatArrayRegion(globalInput, 0, static_cast<jsize>(global.size()), global.data());
    });
}

CPU_NATIVE(jlong, scratchBytes)(JNIEnv* env, jclass, jlong engine) {
    return guarded(env, [&] { return static_cast<jlong>(at<Engine>(engine).scratchBytes()); });
}

CPU_NATIVE(jlong, record)(JNIEnv* env, jclass, jlong engine, jint nodeCount, jlongArray ids, jbyteArray nodes,
                          jbyteArray edges, jlong seed, jboolean draw, jintArray wholes, jfloatArray reals,
                          jbooleanArray wanted) {
    return guarded(env, [&] {
        Batch batch = batchOf(env, nodeCount, ids, nodes, edges);
        const Step step = stepsOf(env, wholes, reals).at(0);
        auto recording = std::make_unique<Recording>();
        at<Engine>(engine).record(batch, static_cast<uint64_t>(seed), step.time, step.range, draw ? &step : nullptr,
            booleans(env, wanted), *recording);
        if (draw && recording->drawn) {
            putBatch(env, batch, nodes, edges);
        }
        return handleOf(recording.release());
    });
}

CPU_NATIVE(jboolean, drawn)(JNIEnv*, jclass, jlong recording) {
    return at<Recording>(recording).drawn;
}

CPU_NATIVE(jint, recorded)(JNIEnv* env, jclass, jlong recording, jint layer, jfloatArray to) {
    return guarded(env, [&] {
        jsize size = 0;
        for (const auto& group : at<Recording>(recording).groups) {
            const std::vector<float>& input = group.at(layer);
            const jsize count = static_cast<jsize>(input.size());
            if (to != nullptr) {
                env->SetFloatArrayRegion(to, size, count, input.data());
            }
            size += count;
        }
        return static_cast<jint>(size);
    });
}

CPU_NATIVE(void, freeRecording)(JNIEnv*, jclass, jlong recording) {
    delete &at<Recording>(recording);
}

// ---- Samples of inputs ---------------------------------------------------------------------------------------------

CPU_NATIVE(jlong, newRecording)(JNIEnv* env, jclass) {
    return guarded(env, [&] { return handleOf(new Recording()); });
}

CPU_NATIVE(jlong, newInputSample)(JNIEnv* env, jclass, jint in, jlong seed, jlong stream, jint rows, jint magnitudes) {
    return guarded(env, [&] {
        return handleOf(new InputSample(in, static_cast<uint64_t>(seed), static_cast<uint64_t>(stream), rows, magnitudes));
    });
}

CPU_NATIVE(void, freeInputSample)(JNIEnv*, jclass, jlong sample) {
    delete &at<InputSample>(sample);
}

CPU_NATIVE(void, sampleStep)(JNIEnv* env, jclass, jlong engine, jint nodeCount, jlongArray ids, jbyteArray nodes,
                             jbyteArray edges, jlong seed, jintArray wholes, jfloatArray reals, jlong recording,
                             jbooleanArray wanted, jintArray layers, jlongArray samples) {
    guarded(env, [&] {
        Batch batch = batchOf(env, nodeCount, ids, nodes, edges);
        const Step step = stepsOf(env, wholes, reals).at(0);
        const std::vector<int32_t> indices = ints(env, layers);
        std::vector<jlong> handles(indices.size());
        env->GetLongArrayRegion(samples, 0, static_cast<jsize>(handles.size()), handles.data());
        std::vector<std::pair<size_t, InputSample*>> taking;
        for (size_t k = 0; k < indices.size(); k++) {
            taking.emplace_back(static_cast<size_t>(indices[k]), &at<InputSample>(handles[k]));
        }
        Recording& recorded = at<Recording>(recording);
        at<Engine>(engine).record(batch, static_cast<uint64_t>(seed), step.time, step.range, &step, booleans(env, wanted),
            recorded);
        at<Engine>(engine).sample(recorded, taking);
        if (recorded.drawn) {
            putBatch(env, batch, nodes, edges);
        }
    });
}

// What a sample has seen: whether all was finite, bits of the largest magnitude, entries, those not 0, rows.
CPU_NATIVE(jlongArray, sampled)(JNIEnv* env, jclass, jlong handle) {
    const InputSample& sample = at<InputSample>(handle);
    const jlong seen[] = {sample.finite(), sample.maximum(), sample.values(), sample.nonZeros(), sample.rowsSeen()};
    jlongArray result = env->NewLongArray(5);
    if (result != nullptr) {
        env->SetLongArrayRegion(result, 0, 5, seen);
    }
    return result;
}

CPU_NATIVE(void, sampledMagnitudes)(JNIEnv* env, jclass, jlong sample, jfloatArray to) {
    guarded(env, [&] {
        const std::vector<float> sorted = at<InputSample>(sample).sortedMagnitudes();
        env->SetFloatArrayRegion(to, 0, static_cast<jsize>(sorted.size()), sorted.data());
    });
}

CPU_NATIVE(void, sampledRows)(JNIEnv* env, jclass, jlong sample, jfloatArray to) {
    guarded(env, [&] { env->SetFloatArrayRegion(to, 0, env->GetArrayLength(to), at<InputSample>(sample).rows().data()); });
}

// ---- Algebra of the quantizer ----------------------------------------------------------------------------------------

CPU_NATIVE(void, multiply)(JNIEnv* env, jclass, jdoubleArray sums, jdoubleArray columns, jdoubleArray factors, jint rows,
                           jint cols, jint inner, jboolean byFours) {
    guarded(env, [&] {
        const Algebra& loops = algebra(bestIsa());
        std::vector<double> scratch(productScratch(inner, cols));
        Held<double> summed(env, sums, true);
        Held<const double> left(env, columns, false);
        Held<const double> right(env, factors, false);
        loops.multiply(summed.get(), left.get(), right.get(), rows, cols, inner, byFours != JNI_FALSE, scratch.data());
    });
}

CPU_NATIVE(void, gram)(JNIEnv* env, jclass, jfloatArray rows, jint count, jint in, jdoubleArray gram) {
    guarded(env, [&] {
        std::vector<float> values(static_cast<size_t>(count) * in);
        env->GetFloatArrayRegion(rows, 0, static_cast<jsize>(values.size()), values.data());
        const size_t stride = gramStride(in);
        std::vector<double> scratch(8 * stride);
        std::vector<double> sums((in + size_t{1}) * stride);
        algebra(bestIsa()).gram(sums.data(), values.data(), count, in, scratch.data());
        for (jint column = 0; column < in; column++) {
            env->SetDoubleArrayRegion(gram, column * in, column + 1, sums.data() + column * stride);
        }
    });
}

CPU_NATIVE(jboolean, comparesFingerprints)(JNIEnv*, jclass) {
    return similarity() != nullptr;
}

CPU_NATIVE(void, nearest)(JNIEnv* env, jclass, jlongArray bits, jintArray set, jint from, jint to, jlongArray otherBits,
                          jintArray otherSet, jint words, jfloatArray nearest) {
    guarded(env, [&] {
        const size_t rows = env->GetArrayLength(set);
        const size_t others = env->GetArrayLength(otherSet);
        Held<const int64_t> mine(env, bits, false);
        Held<const int32_t> counts(env, set, false);
        Held<const int64_t> theirs(env, otherBits, false);
        Held<const int32_t> otherCounts(env, otherSet, false);
        Held<float> found(env, nearest, true);
        similarity()->nearest({mine.get(), counts.get(), rows, static_cast<size_t>(words)}, from, to,
            {theirs.get(), otherCounts.get(), others, static_cast<size_t>(words)}, found.get());
    });
}

CPU_NATIVE(void, means)(JNIEnv* env, jclass, jlongArray bits, jintArray set, jdoubleArray shares, jint from, jint to, jint words,
                        jdoubleArray means) {
    guarded(env, [&] {
        const size_t rows = env->GetArrayLength(set);
        Held<const int64_t> all(env, bits, false);
        Held<const int32_t> counts(env, set, false);
        Held<const double> weights(env, shares, false);
        Held<double> found(env, means, true);
        similarity()->means({all.get(), counts.get(), rows, static_cast<size_t>(words)}, weights.get(), from, to, found.get());
    });
}

CPU_NATIVE(void, roundVectors)(JNIEnv* env, jclass, jdoubleArray upper, jdoubleArray diagonal, jintArray order,
                               jbooleanArray dead, jint size, jdoubleArray vectors, jint count, jint maxCode, jbyteArray codes,
                               jfloatArray scales) {
    guarded(env, [&] {
        const Algebra& loops = algebra(bestIsa());
        const std::vector<int32_t> ordered = ints(env, order);
        std::vector<uint8_t> zero(size);
        env->GetBooleanArrayRegion(dead, 0, size, zero.data());
        std::vector<double> left(size * TRIAL_LANES);
        std::vector<int8_t> tried(size * TRIAL_LANES);
        Held<const double> factor(env, upper, false);
        Held<const double> entries(env, diagonal, false);
        Held<const double> values(env, vectors, false);
        Held<int8_t> found(env, codes, true);
        Held<float> scale(env, scales, true);
        const Feedback feedback = {static_cast<size_t>(size), factor.get(), entries.get(), ordered.data(), zero.data()};
        for (size_t vector = 0; vector < static_cast<size_t>(count); vector++) {
            scale.get()[vector] = loops.round(feedback, values.get() + vector * size, maxCode, found.get() + vector * size,
                left.data(), tried.data());
        }
    });
}

// See DenseAlgebra.inverseCholesky; the matrix is replaced by U. False where it is not positive definite.
CPU_NATIVE(jboolean, inverseCholesky)(JNIEnv* env, jclass, jdoubleArray matrix, jint n) {
    return guarded(env, [&] {
        const Algebra& loops = algebra(bestIsa());
        std::vector<double> reversed = doubles(env, matrix);
        std::reverse(reversed.begin(), reversed.end());
        std::vector<double> scratch(choleskyScratch(n));
        if (!loops.cholesky(reversed.data(), n, scratch.data())) {
            return static_cast<jboolean>(JNI_FALSE);
        }
        std::reverse(reversed.begin(), reversed.end());
        for (jint column = 0; column < n; column++) {
            std::fill_n(reversed.begin() + static_cast<size_t>(column) * n + column + 1, n - column - 1, 0.0);
        }
        loops.invert(reversed.data(), n, scratch.data());
        env->SetDoubleArrayRegion(matrix, 0, static_cast<jsize>(reversed.size()), reversed.data());
        return static_cast<jboolean>(JNI_TRUE);
    });
}

// ---- Proteins ------------------------------------------------------------------------------------------------------

CPU_NATIVE(jlong, newProteinNetwork)(JNIEnv* env, jclass, jint layers, jboolean nodesNormalised, jboolean edgesUpdated,
                                     jint structureAt, jint stepRanges) {
    return guarded(env, [&] {
        ProteinModel shape = {};
        shape.layerCount = layers;
        shape.nodesNormalised = nodesNormalised != JNI_FALSE;
        shape.edgesUpdated = edgesUpdated != JNI_FALSE;
        shape.structureAt = structureAt;
        return handleOf(new ProteinBuilder(shape, stepRanges));
    });
}

CPU_NATIVE(void, addProteinLinear)(JNIEnv* env, jclass, jlong network, jint block, jstring module, jlong linear) {
    guarded(env, [&] {
        at<ProteinBuilder>(network).addLinear({block, text(env, module)}, at<LinearSource>(linear));
    });
}

CPU_NATIVE(void, addProteinNorm)(JNIEnv* env, jclass, jlong network, jint block, jstring module, jfloatArray weight,
                                 jfloatArray bias) {
    guarded(env, [&] {
        at<ProteinBuilder>(network).addNorm({block, text(env, module)}, floats(env, weight), floats(env, bias));
    });
}

CPU_NATIVE(void, freeProteinNetwork)(JNIEnv*, jclass, jlong network) {
    delete &at<ProteinBuilder>(network);
}

CPU_NATIVE(jlong, openProteins)(JNIEnv* env, jclass, jlong network, jstring isa, jint threads) {
    return guarded(env, [&] {
        return handleOf(new ProteinEngine(at<ProteinBuilder>(network).finish(), isaOf(env, isa), threads));
    });
}

CPU_NATIVE(void, closeProteins)(JNIEnv*, jclass, jlong engine) {
    delete &at<ProteinEngine>(engine);
}

CPU_NATIVE(jlong, newBackbone)(JNIEnv* env, jclass, jintArray sources, jintArray targets, jfloatArray nodeFeatures,
                               jfloatArray structure, jfloatArray positions, jfloatArray edgeFeatures) {
    return guarded(env, [&] {
        return handleOf(new Backbone(ints(env, sources), ints(env, targets), floats(env, nodeFeatures),
            floats(env, structure), floats(env, positions), floats(env, edgeFeatures)));
    });
}

CPU_NATIVE(void, freeBackbone)(JNIEnv*, jclass, jlong backbone) {
    delete &at<Backbone>(backbone);
}

CPU_NATIVE(void, proteinLogits)(JNIEnv* env, jclass, jlong engine, jlong backbone, jbyteArray sequences, jfloat time,
                                jint range, jfloatArray logits) {
    guarded(env, [&] {
        const std::vector<uint8_t> classes = bytes<uint8_t>(env, sequences);
        std::vector<float> values(classes.size() * 20);
        at<ProteinEngine>(engine).logits(at<Backbone>(backbone), classes, time, range, values.data());
        env->SetFloatArrayRegion(logits, 0, static_cast<jsize>(values.size()), values.data());
    });
}

CPU_NATIVE(jlong, recordProtein)(JNIEnv* env, jclass, jlong engine, jlong backbone, jbyteArray sequence, jfloat time,
                                 jint range, jbooleanArray wanted) {
    return guarded(env, [&] {
        return handleOf(new Recording(at<ProteinEngine>(engine).record(at<Backbone>(backbone),
            bytes<uint8_t>(env, sequence), time, range, booleans(env, wanted))));
    });
}
