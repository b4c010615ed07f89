package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * The workspaces of a denoiser: those that no call uses are kept for the next one, with the steps that they captured. Any
 * number of threads may lease at once.
 */
final class CudaWorkspaces {
    private final CudaContext context;
    private final PackedModel model;
    private final long mostBytes;
    /** The one given back last is at the end. */
    private final List<CudaWorkspace> idle = new ArrayList<>();
    /** For a number of nodes, how many graphs to ask for at most, since twice as many did not fit. */
    private final Map<Integer, Integer> limits = new HashMap<>();

    /** @param mostBytes device memory of one call, whose batch is worked on in parts if it needs more, and of all kept */
    CudaWorkspaces(CudaContext context, PackedModel model, long mostBytes) {
        this.context = context;
        this.model = model;
        this.mostBytes = mostBytes;
    }

    /**
     * How many of {@code graphs} graphs of {@code n} nodes to work on at once. A number that did not fit is not asked for
     * again before the device has the memory that it takes.
     */
    synchronized int largestPart(int n, int graphs) {
        int count = graphs;
        while (count > 1 && bytes(n, count) > mostBytes) {
            count = (count + 1) / 2;
        }
        Integer limit = limits.get(n);
        if (limit == null || count <= limit) {
            return count;
        }
        if (bytes(n, count) > context.driver().freeBytes() + idleBytes()) {
            return limit;
        }
        limits.remove(n);
        return count;
    }

    /** Notes that more than {@code graphs} graphs of {@code n} nodes did not fit. */
    synchronized void limit(int n, int graphs) {
        limits.put(n, graphs);
    }

    /**
     * A workspace for so many graphs of n nodes: one that is idle, or a new one, for which idle ones make way if they must.
     *
     * @throws CudaFailure if there is not enough device memory
     */
    CudaWorkspace lease(int n, int graphs) {
        CudaWorkspace kept = take(n, graphs);
        if (kept != null) {
            return kept;
        }
        try {
            return CudaWorkspace.allocate(context, model, n, graphs);
        } catch (CudaFailure failure) {
            if (!failure.outOfMemory() || free() == 0) {
                throw failure;
            }
        }
        return CudaWorkspace.allocate(context, model, n, graphs);
    }

    private synchronized CudaWorkspace take(int n, int graphs) {
        for (Iterator<CudaWorkspace> all = idle.iterator(); all.hasNext();) {
            CudaWorkspace candidate = all.next();
            if (candidate.n == n && candidate.capacity >= graphs) {
                all.remove();
                return candidate;
            }
        }
        return null;
    }

    /** Keeps a workspace for the next call; those that were kept longest go where all take too much. */
    synchronized void giveBack(CudaWorkspace workspace) {
        idle.add(workspace);
        while (idleBytes() > mostBytes) {
            idle.remove(0).free();
        }
    }

    /** Frees those that are idle, the one given back last first; returns how many there were. */
    synchronized int free() {
        List<Runnable> frees = new ArrayList<>();
        idle.forEach(workspace -> frees.add(0, workspace::free));
        idle.clear();
        CudaContext.releaseAll(frees);
        return frees.size();
    }

    private long idleBytes() {
        return idle.stream().mapToLong(workspace -> workspace.bytes).sum();
    }

    private long bytes(int n, int graphs) {
        return CudaWorkspace.bytes(context, model, n, graphs);
    }
}
