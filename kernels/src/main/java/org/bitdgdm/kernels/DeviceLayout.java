package org.bitdgdm.kernels;

/**
 * Offsets and sizes in bytes of what {@code layout.cuh} lays out: the structures that Java writes into device memory, and
 * the kernels' arguments. The compilers of both languages assert them there, and a test compares the two.
 */
final class DeviceLayout {

    /** {@code CodeTiles}. */
    static final class CodeTiles {
        static final int CODES = 0;
        static final int SCALE = 8;
        static final int FORM = 16;
        static final int K_TILES = 20;
        static final int N_TILES = 24;
        static final int SIZE = 32;

        private CodeTiles() {
        }
    }

    /** {@code Linear}. */
    static final class Linear {
        static final int BIAS = 0;
        static final int WEIGHT = 8;
        static final int LEFT = 16;
        static final int RIGHT = 48;
        static final int RIGHT_VALUES = 80;
        static final int RESIDUAL = 88;
        static final int DENSE = 120;
        static final int SPARSE_ROW = 128;
        static final int SPARSE_VALUE = 136;
        static final int IN = 144;
        static final int OUT = 148;
        static final int OUT_PADDED = 152;
        static final int RANK = 156;
        static final int RANK_PADDED = 160;
        static final int CODED = 164;
        static final int PER_ROW = 168;
        static final int IS_UNSIGNED = 172;
        static final int MAX_CODE = 176;
        static final int THRESHOLD = 180;
        static final int SCALE = 184;
        static final int INVERSE = 188;
        static final int INTERMEDIATE_MAX = 192;
        static final int INTERMEDIATE_INVERSE = 196;
        static final int SPARSE_WIDTH = 200;
        static final int CROSS_TERM = 204;
        static final int HALVES = 208;
        static final int TRANSFORM = 216;
        static final int BRANCH = 256;
        static final int SIZE = 280;

        private Linear() {
        }
    }

    /** {@code Transform}. */
    static final class Transform {
        static final int SCALE = 0;
        static final int FIRST = 8;
        static final int PERMUTATION = 16;
        static final int SECOND = 24;
        static final int BLOCK = 32;
        static final int PRESENT = 36;
        static final int SIZE = 40;

        private Transform() {
        }
    }

    /** {@code Branch}. */
    static final class Branch {
        static final int DOWN = 0;
        static final int UP = 8;
        static final int RANK = 16;
        static final int RANK_PADDED = 20;
        static final int SIZE = 24;

        private Branch() {
        }
    }

    /** {@code Step}. */
    static final class Step {
        static final int RULE = 0;
        static final int TO = 4;
        static final int TIME = 8;
        static final int BETA = 12;
        static final int ALPHA_BAR_FROM = 16;
        static final int ALPHA_BAR_TO = 20;
        static final int STOCHASTICITY = 24;
        static final int ETA = 28;
        static final int OMEGA = 32;
        static final int SIZE = 36;

        private Step() {
        }
    }

    /** {@code Progress}. */
    static final class Progress {
        static final int BROKEN = 4;
        static final int SIZE = 8;

        private Progress() {
        }
    }

    /** Of the kernels' arguments, which are written field by field, what is not found by counting; by structure. */
    static final class Arguments {
        static final int LINEAR_JOBS = 8;
        /** {@code LinearArguments.rows}, after the jobs. */
        static final int LINEAR_ROWS = 320;
        static final int LINEAR = 336;
        static final int NORM = 48;
        static final int SUM = 40;
        static final int POOL = 64;
        static final int EDGES = 200;
        static final int NODES = 96;
        static final int EDGE_INPUT = 40;
        static final int EDGE_OUTPUT = 56;
        static final int FEATURE = 152;
        static final int SYMMETRIC = 24;
        static final int DRAW = 128;

        private Arguments() {
        }
    }

    private DeviceLayout() {
    }
}
