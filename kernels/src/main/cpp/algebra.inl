// The functions of algebra.h for one instruction set; included within its namespace.

// Vectors of GCC's and Clang's, which are made of what registers there are; passed within this unit only.
#pragma GCC diagnostic ignored "-Wpsabi"
typedef double Lanes __attribute__((vector_size(64)));
typedef float Floats __attribute__((vector_size(32)));
typedef int32_t Ints __attribute__((vector_size(32)));
typedef int8_t Bytes __attribute__((vector_size(8)));

static inline Lanes lanes(const double* at) {
    Lanes loaded;
    __builtin_memcpy(&loaded, at, sizeof loaded);
    return loaded;
}

static inline void put(double* at, const Lanes& stored) {
    __builtin_memcpy(at, &stored, sizeof stored);
}

// Sixteen rows of four columns: panel (inner, 16), packed (inner, 4), tile (4, 16). An inner of whole fours where `byFours`.
template <bool BY_FOURS>
static inline void multiplyTile(const double* panel, const double* packed, size_t inner, double* tile) {
    Lanes a0 = lanes(tile), a1 = lanes(tile + 8), b0 = lanes(tile + 16), b1 = lanes(tile + 24);
    Lanes c0 = lanes(tile + 32), c1 = lanes(tile + 40), d0 = lanes(tile + 48), d1 = lanes(tile + 56);
    if (BY_FOURS) {
        for (size_t k = 0; k < inner; k += 4) {
            const double* p = panel + k * PANEL_ROWS;
            const double* f = packed + k * PANEL_COLUMNS;
            const Lanes p00 = lanes(p), p10 = lanes(p + 16), p20 = lanes(p + 32), p30 = lanes(p + 48);
            a0 += p00 * f[0] + p10 * f[4] + (p20 * f[8] + p30 * f[12]);
            b0 += p00 * f[1] + p10 * f[5] + (p20 * f[9] + p30 * f[13]);
            c0 += p00 * f[2] + p10 * f[6] + (p20 * f[10] + p30 * f[14]);
            d0 += p00 * f[3] + p10 * f[7] + (p20 * f[11] + p30 * f[15]);
            const Lanes p01 = lanes(p + 8), p11 = lanes(p + 24), p21 = lanes(p + 40), p31 = lanes(p + 56);
            a1 += p01 * f[0] + p11 * f[4] + (p21 * f[8] + p31 * f[12]);
            b1 += p01 * f[1] + p11 * f[5] + (p21 * f[9] + p31 * f[13]);
            c1 += p01 * f[2] + p11 * f[6] + (p21 * f[10] + p31 * f[14]);
            d1 += p01 * f[3] + p11 * f[7] + (p21 * f[11] + p31 * f[15]);
        }
    } else {
        for (size_t k = 0; k < inner; k++) {
            const Lanes p0 = lanes(panel + k * PANEL_ROWS);
            const Lanes p1 = lanes(panel + k * PANEL_ROWS + 8);
            const double* f = packed + k * PANEL_COLUMNS;
            a0 += p0 * f[0];
            a1 += p1 * f[0];
            b0 += p0 * f[1];
            b1 += p1 * f[1];
            c0 += p0 * f[2];
            c1 += p1 * f[2];
            d0 += p0 * f[3];
            d1 += p1 * f[3];
        }
    }
    put(tile, a0);
    put(tile + 8, a1);
    put(tile + 16, b0);
    put(tile + 24, b1);
    put(tile + 32, c0);
    put(tile + 40, c1);
    put(tile + 48, d0);
    put(tile + 56, d1);
}

// The product of multiply() with strides of its columns and factors, and with factors transposed where their columns lie
// `factorStep` apart in a row: factor (k, col) at factors[k * factorRow + col * factorStep].
static void product(double* sums, size_t sumStride, const double* columns, size_t columnStride, const double* factors,
                    size_t factorRow, size_t factorStep, double factorScale, size_t rows, size_t cols, size_t inner, bool byFours,
                    double* scratch) {
    const size_t whole = byFours ? (inner + 3) / 4 * 4 : inner;
    double* panel = scratch;
    double* packed = scratch + whole * PANEL_ROWS;
    for (size_t col = 0; col < cols; col += PANEL_COLUMNS) {
        double* four = packed + col * whole;
        const size_t width = cols - col < PANEL_COLUMNS ? cols - col : PANEL_COLUMNS;
        for (size_t c = 0; c < PANEL_COLUMNS; c++) {
            const size_t filled = c < width ? inner : 0;
            for (size_t k = 0; k < filled; k++) {
                four[k * PANEL_COLUMNS + c] = factorScale * factors[k * factorRow + (col + c) * factorStep];
            }
            for (size_t k = filled; k < whole; k++) {
                four[k * PANEL_COLUMNS + c] = 0;
            }
        }
    }
    for (size_t row = 0; row < rows; row += PANEL_ROWS) {
        const size_t height = rows - row < PANEL_ROWS ? rows - row : PANEL_ROWS;
        for (size_t k = 0; k < whole; k++) {
            const size_t filled = k < inner ? height : 0;
            for (size_t r = 0; r < filled; r++) {
                panel[k * PANEL_ROWS + r] = columns[k * columnStride + row + r];
            }
            for (size_t r = filled; r < PANEL_ROWS; r++) {
                panel[k * PANEL_ROWS + r] = 0;
            }
        }
        for (size_t col = 0; col < cols; col += PANEL_COLUMNS) {
            const size_t width = cols - col < PANEL_COLUMNS ? cols - col : PANEL_COLUMNS;
            double tile[PANEL_COLUMNS * PANEL_ROWS] = {};
            for (size_t c = 0; c < width; c++) {
                __builtin_memcpy(tile + c * PANEL_ROWS, sums + (col + c) * sumStride + row, height * sizeof(double));
            }
            if (byFours) {
                multiplyTile<true>(panel, packed + col * whole, whole, tile);
            } else {
                multiplyTile<false>(panel, packed + col * whole, whole, tile);
            }
            for (size_t c = 0; c < width; c++) {
                __builtin_memcpy(sums + (col + c) * sumStride + row, tile + c * PANEL_ROWS, height * sizeof(double));
            }
        }
    }
}

static void multiply(double* sums, const double* columns, const double* factors, size_t rows, size_t cols, size_t inner,
                     bool byFours, double* scratch) {
    product(sums, rows, columns, rows, factors, 1, inner, 1, rows, cols, inner, byFours, scratch);
}

static void gram(double* sums, const float* rows, size_t count, size_t in, double* scratch) {
    constexpr size_t COLUMNS = 32;
    const size_t stride = gramStride(in);
    for (size_t first = 0; first < in; first += COLUMNS) {
        const size_t last = first + COLUMNS < in ? first + COLUMNS : in;
        const size_t filled = gramStride(last);
        for (size_t from = 0; from < count; from += 8) {
            for (size_t k = 0; k < 8; k++) {
                const bool there = from + k < count;
                for (size_t i = 0; i < last; i++) {
                    scratch[k * stride + i] = there ? rows[(from + k) * in + i] : 0;
                }
                for (size_t i = last; i < filled; i++) {
                    scratch[k * stride + i] = 0;
                }
            }
            // Two columns at a time read eight rows once.
            for (size_t j = first; j < last; j += 2) {
                const size_t other = j + 1 < last ? j + 1 : j;
                double* one = sums + j * stride;
                double* two = sums + (other == j ? in : other) * stride;
                double f[8], g[8];
                for (size_t k = 0; k < 8; k++) {
                    f[k] = scratch[k * stride + j];
                    g[k] = scratch[k * stride + other];
                }
                for (size_t i = 0; i <= other; i += 8) {
                    const double* at = scratch + i;
                    const Lanes r0 = lanes(at), r1 = lanes(at + stride), r2 = lanes(at + 2 * stride), r3 = lanes(at + 3 * stride);
                    const Lanes r4 = lanes(at + 4 * stride), r5 = lanes(at + 5 * stride);
                    const Lanes r6 = lanes(at + 6 * stride), r7 = lanes(at + 7 * stride);
                    put(one + i, lanes(one + i) + (r0 * f[0] + r1 * f[1] + (r2 * f[2] + r3 * f[3]))
                        + (r4 * f[4] + r5 * f[5] + (r6 * f[6] + r7 * f[7])));
                    put(two + i, lanes(two + i) + (r0 * g[0] + r1 * g[1] + (r2 * g[2] + r3 * g[3]))
                        + (r4 * g[4] + r5 * g[5] + (r6 * g[6] + r7 * g[7])));
                }
            }
        }
    }
}

// Eight trials on their way: their scales, and what their codes have cost.
struct Trials {
    Floats inverse;
    Lanes scale;
    Lanes loss;
};

// Codes of what is left of one entry, and the error of each.
static inline void takeEntry(const double* left, int maxCode, const Trials& trials, int8_t* codes, Lanes& error) {
    const Lanes value = lanes(left);
    // Adding and subtracting 1.5 · 2²³ rounds to nearest, ties to even, what is smaller than 2²²; more is cut off below.
    const float rounding = 12582912.0f;
    const float most = static_cast<float>(maxCode);
    Floats code = __builtin_convertvector(value, Floats) * trials.inverse;
    code = (code + rounding) - rounding;
    code = code > most ? most - Floats{} : code;
    code = code < -most ? -most - Floats{} : code;
    const Bytes bytes = __builtin_convertvector(__builtin_convertvector(code, Ints), Bytes);
    __builtin_memcpy(codes, &bytes, sizeof bytes);
    error = value - __builtin_convertvector(code, Lanes) * trials.scale;
}

static float round(const Feedback& feedback, const double* values, int maxCode, int8_t* codes, double* left, int8_t* tried) {
    constexpr size_t BLOCK = 8;
    constexpr double LARGEST_CUT = 0.6;
    constexpr float SMALLEST_NORMAL = 0x1p-126f;
    const size_t size = feedback.size;
    float largest = 0;
    for (size_t i = 0; i < size; i++) {
        const float magnitude = __builtin_fabsf(static_cast<float>(values[i]));
        largest = magnitude > largest ? magnitude : largest;
    }
    const double spanning = static_cast<double>(largest) / maxCode;
    float scales[TRIAL_LANES] = {};
    bool usable[TRIAL_LANES] = {true};
    scales[0] = spanning >= SMALLEST_NORMAL ? static_cast<float>(spanning) : 0;
    for (size_t t = 1; t < TRIALS; t++) {
        const float scale = static_cast<float>(scales[0] * (1 - LARGEST_CUT * static_cast<double>(t) / (TRIALS - 1)));
        usable[t] = scale >= SMALLEST_NORMAL;
        scales[t] = scale;
    }
    for (size_t t = 1; t < TRIAL_LANES; t++) {
        scales[t] = usable[t] ? scales[t] : scales[0];
    }
    Trials one = {}, two = {};
    for (size_t t = 0; t < 8; t++) {
        one.scale[t] = scales[t];
        two.scale[t] = scales[t + 8];
        one.inverse[t] = scales[t] == 0 ? 0 : 1 / scales[t];
        two.inverse[t] = scales[t + 8] == 0 ? 0 : 1 / scales[t + 8];
    }
    for (size_t i = 0; i < size; i++) {
        const double value = feedback.dead[i] ? 0 : static_cast<float>(values[feedback.order[i]]);
        put(left + i * TRIAL_LANES, value - Lanes{});
        put(left + i * TRIAL_LANES + 8, value - Lanes{});
    }
    const double* upper = feedback.upper;
    Lanes errors[BLOCK][2];
    for (size_t from = 0; from < size; from += BLOCK) {
        const size_t end = from + BLOCK < size ? from + BLOCK : size;
        for (size_t i = from; i < end; i++) {
            Lanes first, second;
            takeEntry(left + i * TRIAL_LANES, maxCode, one, tried + i * TRIAL_LANES, first);
            takeEntry(left + i * TRIAL_LANES + 8, maxCode, two, tried + i * TRIAL_LANES + 8, second);
            if (upper == nullptr) {
                one.loss += feedback.diagonal[i] * first * first;
                two.loss += feedback.diagonal[i] * second * second;
                continue;
            }
            const double* row = upper + i * size;
            first /= row[i];
            second /= row[i];
            one.loss += first * first;
            two.loss += second * second;
            errors[i - from][0] = first;
            errors[i - from][1] = second;
            for (size_t j = i + 1; j < end; j++) {
                put(left + j * TRIAL_LANES, lanes(left + j * TRIAL_LANES) - first * row[j]);
                put(left + j * TRIAL_LANES + 8, lanes(left + j * TRIAL_LANES + 8) - second * row[j]);
            }
        }
        // Only whole blocks have entries after them.
        for (size_t j = end; upper != nullptr && j < size; j++) {
            Lanes first = lanes(left + j * TRIAL_LANES);
            Lanes second = lanes(left + j * TRIAL_LANES + 8);
            for (size_t k = 0; k < BLOCK; k++) {
                const double by = upper[(from + k) * size + j];
                first -= errors[k][0] * by;
                second -= errors[k][1] * by;
            }
            put(left + j * TRIAL_LANES, first);
            put(left + j * TRIAL_LANES + 8, second);
        }
    }
    size_t best = 0;
    double least = one.loss[0];
    for (size_t t = 1; t < TRIALS; t++) {
        const double loss = t < 8 ? one.loss[t] : two.loss[t - 8];
        if (usable[t] && loss < least) {
            least = loss;
            best = t;
        }
    }
    for (size_t i = 0; i < size; i++) {
        codes[feedback.order[i]] = tried[i * TRIAL_LANES + best];
    }
    return scales[best];
}

// The order of sums of LAPACK's dpotrf with blocks of 64: all products are subtracted one after the other, but those of a diagonal
// entry with its own block, which are summed before.
static bool cholesky(double* a, size_t n, double* scratch) {
    const size_t block = n > LAPACK_BLOCK ? LAPACK_BLOCK : n;
    for (size_t from = 0; from < n; from += block) {
        const size_t width = n - from < block ? n - from : block;
        double* own = a + from * n;
        // Also entries above the diagonal of the block, which nobody reads.
        if (from > 0) {
            product(own + from, n, a + from, n, a + from, n, 1, -1, n - from, width, from, false, scratch);
        }
        for (size_t j = 0; j < width; j++) {
            const size_t row = from + j;
            double squares = 0;
            for (size_t l = 0; l < j; l++) {
                squares += own[l * n + row] * own[l * n + row];
            }
            const double rest = own[j * n + row] - squares;
            if (!(rest > 0)) {
                return false;
            }
            const double root = __builtin_sqrt(rest);
            const double inverse = 1 / root;
            own[j * n + row] = root;
            for (size_t i = row + 1; i < n; i++) {
                own[j * n + i] *= inverse;
            }
            // Right-looking within the block: to each entry products come in the order of columns all the same.
            for (size_t k = j + 1; k < width; k++) {
                const double by = own[j * n + from + k];
                for (size_t i = from + k + 1; i < n; i++) {
                    own[k * n + i] -= by * own[j * n + i];
                }
            }
        }
    }
    return true;
}

// The order of sums of LAPACK's dtrtri with blocks of 64.
static void invert(double* u, size_t n, double* scratch) {
    const size_t block = n > LAPACK_BLOCK ? LAPACK_BLOCK : n;
    double* before = scratch + productScratch(n, LAPACK_BLOCK);
    for (size_t from = 0; from < n; from += block) {
        const size_t width = n - from < block ? n - from : block;
        double* own = u + from * n;
        // The inverse so far times what is above the block: rows from the first on, sixteen at a time; in a row its diagonal first.
        for (size_t c = 0; c < width; c++) {
            for (size_t i = 0; i < from; i++) {
                before[c * from + i] = own[c * n + i];
            }
        }
        for (size_t row = 0; row < from; row += PANEL_ROWS) {
            const size_t end = row + PANEL_ROWS < from ? row + PANEL_ROWS : from;
            for (size_t c = 0; c < width; c++) {
                for (size_t i = row; i < end; i++) {
                    double sum = before[c * from + i] * u[i * n + i];
                    for (size_t k = i + 1; k < end; k++) {
                        sum += before[c * from + k] * u[k * n + i];
                    }
                    own[c * n + i] = sum;
                }
            }
            if (end < from) {
                product(own + row, n, u + end * n + row, n, before + end, 1, from, 1, end - row, width, from - end, false, scratch);
            }
        }
        // Times minus the block's own inverse from the right, by its columns.
        for (size_t j = 0; j < width; j++) {
            double* column = own + j * n;
            for (size_t i = 0; i < from; i++) {
                column[i] = -column[i];
            }
            for (size_t k = 0; k < j; k++) {
                const double by = own[j * n + from + k];
                for (size_t i = 0; i < from; i++) {
                    column[i] -= by * own[k * n + i];
                }
            }
            const double inverse = 1 / own[j * n + from + j];
            for (size_t i = 0; i < from; i++) {
                column[i] = inverse * column[i];
            }
        }
        // The block itself, column by column.
        double* square = own + from;
        for (size_t j = 0; j < width; j++) {
            double* column = square + j * n;
            column[j] = 1 / column[j];
            for (size_t k = 0; k < j; k++) {
                const double by = column[k];
                for (size_t i = 0; i < k; i++) {
                    column[i] += by * square[k * n + i];
                }
                column[k] *= square[k * n + k];
            }
            for (size_t i = 0; i < j; i++) {
                column[i] = -column[j] * column[i];
            }
        }
    }
}
