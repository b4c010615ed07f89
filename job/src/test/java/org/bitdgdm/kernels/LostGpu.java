package org.bitdgdm.kernels;

import java.nio.ByteBuffer;

/**
 * A CUDA driver without a device, in the place of {@code libcuda}: it gives out addresses, computes nothing, and from some
 * moment on its device is lost, as after an illegal address.
 */
public final class LostGpu implements CudaDriver {
    private static final int ILLEGAL_ADDRESS = 700;
    private static final int SHARED = 101_376;

    private long next = 256;
    private boolean lost;

    private LostGpu() {
    }

    /** The cuda backend on a device that is lost once the model is open, so that the next call finds out. */
    public static Denoiser denoiser(PackedModel model) {
        LostGpu gpu = new LostGpu();
        CudaDenoiser denoiser = new CudaDenoiser(model, gpu, false);
        gpu.lost = true;
        return denoiser;
    }

    /** Opens the cuda backend on a device that is lost while the model is opened. */
    public static Denoiser opening(PackedModel model) {
        LostGpu gpu = new LostGpu();
        gpu.lost = true;
        return new CudaDenoiser(model, gpu, false);
    }

    private void call() {
        if (lost) {
            throw new CudaFailure(ILLEGAL_ADDRESS, "the test's driver said CUDA_ERROR_ILLEGAL_ADDRESS");
        }
    }

    @Override
    public Device device() {
        return new Device("lost", "8.0", 4, SHARED, SHARED, 0);
    }

    @Override
    public synchronized long allocate(long bytes) {
        long address = next;
        next += (bytes + 255) / 256 * 256;
        return address;
    }

    @Override
    public void free(long address) {
        call();
    }

    @Override
    public long freeBytes() {
        return 0;
    }

    @Override
    public long newStream() {
        return 1;
    }

    @Override
    public void freeStream(long stream) {
        call();
    }

    @Override
    public void upload(long address, ByteBuffer from, long stream) {
        call();
    }

    @Override
    public void download(long address, ByteBuffer to, long stream) {
        call();
    }

    @Override
    public void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments, long stream) {
        call();
    }

    @Override
    public void synchronize(long stream) {
        call();
    }

    @Override
    public void beginCapture(long stream) {
        call();
    }

    @Override
    public long endCapture(long stream) {
        call();
        return 1;
    }

    @Override
    public void abandonCapture(long stream) {
        call();
    }

    @Override
    public void launchGraph(long graph, long stream) {
        call();
    }

    @Override
    public void freeGraph(long graph) {
        call();
    }

    @Override
    public long newEvent() {
        return 1;
    }

    @Override
    public void recordEvent(long event, long stream) {
        call();
    }

    @Override
    public void awaitEvent(long event, long stream) {
        call();
    }

    @Override
    public double secondsBetween(long first, long second) {
        return 0;
    }

    @Override
    public void freeEvent(long event) {
        call();
    }

    @Override
    public void close() {
        call();
    }
}
