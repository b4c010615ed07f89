package org.bitdgdm.kernels;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUctx_flags;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** The CUDA driver through JCuda: the device's primary context, which all denoisers of a process share. */
final class JcudaDriver implements CudaDriver {
    private static final int NAME_BYTES = 256;
    /** Percentage of a multiprocessor's memory. */
    private static final int ALL_SHARED = 100;
    /** Results that JCuda has no names for. */
    private static final int CUDA_ERROR_STREAM_CAPTURE_INVALIDATED = 901;
    private static final int CUDA_ERROR_STREAM_CAPTURE_UNJOINED = 904;

    private final CUdevice handle;
    private final CUcontext context = new CUcontext();
    private final CUmodule module = new CUmodule();
    private final Device device;
    private final Map<String, CUfunction> functions = new ConcurrentHashMap<>();
    private final Map<Long, Object> objects = new ConcurrentHashMap<>();
    private final ConcurrentSkipListMap<Long, Allocation> allocations = new ConcurrentSkipListMap<>();
    private final AtomicLong names = new AtomicLong();

    /** An allocation, whose address can be read. */
    private static final class Allocation extends CUdeviceptr {
        long address() {
            return getNativePointer();
        }
    }

    /**
     * Opens the device of the options and loads the kernels.
     *
     * @throws KernelException if there is none that this build runs on; the message says what was looked for
     */
    static JcudaDriver open(BackendOptions options) {
        CudaBuild build = CudaBuild.read();
        Device device = find(options, build);
        try {
            return new JcudaDriver(device, build);
        } catch (CudaFailure e) {
            throw refused(device.name() + " cannot be opened", e);
        }
    }

    /** The device that {@link #open} would open, after every check that needs no context. */
    static Device find(BackendOptions options, CudaBuild build) {
        JcudaLibrary.load(options.nativeDirectory());
        try {
            return usable(options, build);
        } catch (CudaFailure e) {
            throw refused("the driver cannot be asked for its GPUs", e);
        }
    }

    /** All denoisers of a process share a context: once it is dead, none can be opened. */
    private static KernelException refused(String what, CudaFailure failure) {
        String message = "backend cuda: " + what + ": " + failure.getMessage();
        return failure.sticky() ? new DeviceLostException(message, failure) : new KernelException(message, failure);
    }

    private static Device usable(BackendOptions options, CudaBuild build) {
        int initialised = JCudaDriver.cuInit(0);
        int[] count = new int[1];
        if (initialised == CUresult.CUDA_SUCCESS) {
            check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        }
        int ordinal = options.cudaDevice();
        if (initialised != CUresult.CUDA_SUCCESS || count[0] <= ordinal) {
            throw new KernelException("backend cuda: looked for GPU " + ordinal + ", the driver shows " + count[0]
                + (initialised == CUresult.CUDA_SUCCESS ? "" : " (cuInit: " + CUresult.stringFor(initialised) + ")")
                + ", CUDA_VISIBLE_DEVICES is " + System.getenv().getOrDefault("CUDA_VISIBLE_DEVICES", "not set")
                + "; use --backend cpu where there is no GPU");
        }
        CUdevice handle = deviceOf(ordinal);
        byte[] name = new byte[NAME_BYTES];
        check(JCudaDriver.cuDeviceGetName(name, name.length, handle), "cuDeviceGetName");
        int capability = 10 * attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
            + attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        Device device = new Device(new String(name, StandardCharsets.UTF_8).replaceAll("\0.*", "").strip(),
            capability / 10 + "." + capability % 10,
            attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
            attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
            attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR), ordinal);
        int[] version = new int[1];
        check(JCudaDriver.cuDriverGetVersion(version), "cuDriverGetVersion");
        build.requireRunsOn(version[0], device.name(), capability);
        requireCapability(device, options.cudaCapability());
        return device;
    }

    /** Refuses a GPU of another kind than the run's others: the same seed could give other graphs there. */
    static void requireCapability(Device device, String expected) {
        if (!expected.isEmpty() && !expected.equals(device.computeCapability())) {
            throw new KernelException("backend cuda: " + device.name() + " has compute capability "
                + device.computeCapability() + ", this run began on " + expected
                + "; let all its executors have GPUs of one model");
        }
    }

    private JcudaDriver(Device device, CudaBuild build) {
        this.device = device;
        this.handle = deviceOf(device.ordinal());
        // By default a thread that waits for the device spins, on a core that other tasks turn graphs into molecules on.
        int scheduled = JCudaDriver.cuDevicePrimaryCtxSetFlags(handle, CUctx_flags.CU_CTX_SCHED_BLOCKING_SYNC);
        if (scheduled != CUresult.CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE) {
            // A context that is active already is as whoever made it wants it; drivers before CUDA 11 do not change it.
            check(scheduled, "cuDevicePrimaryCtxSetFlags");
        }
        check(JCudaDriver.cuDevicePrimaryCtxRetain(context, handle), "cuDevicePrimaryCtxRetain");
        try {
            enter();
            check(JCudaDriver.cuModuleLoadData(module, build.fatbin()), "cuModuleLoadData");
        } catch (RuntimeException e) {
            JCudaDriver.cuDevicePrimaryCtxRelease(handle);
            throw e;
        }
    }

    private static CUdevice deviceOf(int ordinal) {
        CUdevice handle = new CUdevice();
        check(JCudaDriver.cuDeviceGet(handle, ordinal), "cuDeviceGet");
        return handle;
    }

    private static int attribute(CUdevice handle, int attribute) {
        int[] value = new int[1];
        check(JCudaDriver.cuDeviceGetAttribute(value, attribute, handle), "cuDeviceGetAttribute");
        return value[0];
    }

    private static void check(int result, String call) {
        if (result != CUresult.CUDA_SUCCESS) {
            throw new CudaFailure(result, call + " said " + CUresult.stringFor(result));
        }
    }

    /** Makes the context current on the calling thread. */
    private void enter() {
        check(JCudaDriver.cuCtxSetCurrent(context), "cuCtxSetCurrent");
    }

    private long named(Object object) {
        long name = names.incrementAndGet();
        objects.put(name, object);
        return name;
    }

    private CUstream stream(long name) {
        return (CUstream) objects.get(name);
    }

    @Override
    public Device device() {
        return device;
    }

    @Override
    public long allocate(long bytes) {
        enter();
        Allocation allocation = new Allocation();
        check(JCudaDriver.cuMemAlloc(allocation, bytes), "cuMemAlloc");
        allocations.put(allocation.address(), allocation);
        return allocation.address();
    }

    /** An address within an allocation. */
    private CUdeviceptr pointer(long address) {
        Map.Entry<Long, Allocation> allocation = allocations.floorEntry(address);
        return allocation.getValue().withByteOffset(address - allocation.getKey());
    }

    @Override
    public void free(long address) {
        enter();
        check(JCudaDriver.cuMemFree(allocations.remove(address)), "cuMemFree");
    }

    @Override
    public long freeBytes() {
        enter();
        long[] free = new long[1];
        check(JCudaDriver.cuMemGetInfo(free, new long[1]), "cuMemGetInfo");
        return free[0];
    }

    @Override
    public long newStream() {
        enter();
        CUstream stream = new CUstream();
        check(JCudaDriver.cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING), "cuStreamCreate");
        return named(stream);
    }

    @Override
    public void freeStream(long stream) {
        enter();
        check(JCudaDriver.cuStreamDestroy((CUstream) objects.remove(stream)), "cuStreamDestroy");
    }

    @Override
    public void upload(long address, ByteBuffer from, long stream) {
        enter();
        check(JCudaDriver.cuMemcpyHtoDAsync(pointer(address), Pointer.toBuffer(from), from.remaining(), stream(stream)),
            "cuMemcpyHtoDAsync");
    }

    @Override
    public void download(long address, ByteBuffer to, long stream) {
        enter();
        check(JCudaDriver.cuMemcpyDtoHAsync(Pointer.toBuffer(to), pointer(address), to.remaining(), stream(stream)),
            "cuMemcpyDtoHAsync");
    }

    @Override
    public void launch(String kernel, int[] grid, int threads, int sharedBytes, ByteBuffer arguments, long stream) {
        enter();
        check(JCudaDriver.cuLaunchKernel(functions.computeIfAbsent(kernel, this::function), grid[0], grid[1], grid[2],
            threads, 1, 1, sharedBytes, stream(stream), Pointer.to(Pointer.toBuffer(arguments)), null),
            "launch of " + kernel);
    }

    /** A kernel, allowed as much shared memory as the device gives to a block. */
    private CUfunction function(String kernel) {
        CUfunction function = new CUfunction();
        check(JCudaDriver.cuModuleGetFunction(function, module, kernel), "cuModuleGetFunction of " + kernel);
        check(JCudaDriver.cuFuncSetAttribute(function, CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            device.sharedBytesPerBlock()), "cuFuncSetAttribute of " + kernel);
        if (kernel.startsWith(CudaNetwork.EDGES) || kernel.equals(CudaNetwork.NODES)) {
            // Its tiles fill shared memory; what the cache loses would hold weights that are read once a tile.
            check(JCudaDriver.cuFuncSetAttribute(function,
                CUfunction_attribute.CU_FUNC_ATTRIBUTE_PREFERRED_SHARED_MEMORY_CARVEOUT, ALL_SHARED),
                "cuFuncSetAttribute of " + kernel);
        }
        return function;
    }

    @Override
    public void synchronize(long stream) {
        enter();
        check(JCudaDriver.cuStreamSynchronize(stream(stream)), "cuStreamSynchronize");
    }

    @Override
    public void beginCapture(long stream) {
        enter();
        check(JCudaDriver.cuStreamBeginCapture(stream(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
            "cuStreamBeginCapture");
    }

    @Override
    public long endCapture(long stream) {
        enter();
        CUgraph graph = new CUgraph();
        check(JCudaDriver.cuStreamEndCapture(stream(stream), graph), "cuStreamEndCapture");
        CUgraphExec executable = new CUgraphExec();
        try {
            check(JCudaDriver.cuGraphInstantiate(executable, graph, 0), "cuGraphInstantiate");
        } finally {
            JCudaDriver.cuGraphDestroy(graph);
        }
        return named(executable);
    }

    @Override
    public void abandonCapture(long stream) {
        enter();
        CUgraph graph = new CUgraph();
        int ended = JCudaDriver.cuStreamEndCapture(stream(stream), graph);
        if (ended == CUresult.CUDA_SUCCESS) {
            check(JCudaDriver.cuGraphDestroy(graph), "cuGraphDestroy");
        } else if (ended != CUDA_ERROR_STREAM_CAPTURE_INVALIDATED && ended != CUDA_ERROR_STREAM_CAPTURE_UNJOINED) {
            // Those two end it as well, and leave no graph.
            check(ended, "cuStreamEndCapture");
        }
    }

    @Override
    public void launchGraph(long graph, long stream) {
        enter();
        check(JCudaDriver.cuGraphLaunch((CUgraphExec) objects.get(graph), stream(stream)), "cuGraphLaunch");
    }

    @Override
    public void freeGraph(long graph) {
        enter();
        check(JCudaDriver.cuGraphExecDestroy((CUgraphExec) objects.remove(graph)), "cuGraphExecDestroy");
    }

    @Override
    public long newEvent() {
        enter();
        CUevent event = new CUevent();
        check(JCudaDriver.cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT), "cuEventCreate");
        return named(event);
    }

    @Override
    public void recordEvent(long event, long stream) {
        enter();
        check(JCudaDriver.cuEventRecord((CUevent) objects.get(event), stream(stream)), "cuEventRecord");
    }

    @Override
    public void awaitEvent(long event, long stream) {
        enter();
        check(JCudaDriver.cuStreamWaitEvent(stream(stream), (CUevent) objects.get(event), 0), "cuStreamWaitEvent");
    }

    @Override
    public double secondsBetween(long first, long second) {
        enter();
        float[] milliseconds = new float[1];
        check(JCudaDriver.cuEventElapsedTime(milliseconds, (CUevent) objects.get(first), (CUevent) objects.get(second)),
            "cuEventElapsedTime");
        return milliseconds[0] / 1e3;
    }

    @Override
    public void freeEvent(long event) {
        enter();
        check(JCudaDriver.cuEventDestroy((CUevent) objects.remove(event)), "cuEventDestroy");
    }

    @Override
    public void close() {
        enter();
        check(JCudaDriver.cuModuleUnload(module), "cuModuleUnload");
        check(JCudaDriver.cuDevicePrimaryCtxRelease(handle), "cuDevicePrimaryCtxRelease");
        if (!objects.isEmpty()) {
            throw new IllegalStateException(objects.size() + " streams, graphs or events were not freed");
        }
    }
}
