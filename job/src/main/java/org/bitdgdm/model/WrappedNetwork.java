package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.bitdgdm.conf.InputException;

/**
 * A {@code state_dict} whose names are not DiGress's own because the network, or what holds it, was wrapped when it was
 * saved: by {@code torch.compile}, parallel training, activation checkpointing, averaging of weights, or as an attribute
 * of another name. The numbers are the same, so the names are turned back.
 */
final class WrappedNetwork {
    /** What wrappers put between the parts of a name. No module of DiGress has such a name. */
    private static final Set<String> WRAPPERS = Set.of(
        // torch.compile (torch/_dynamo/eval_frame.py)
        "_orig_mod",
        // DataParallel, DistributedDataParallel, DeepSpeed, torch.optim.swa_utils.AveragedModel
        "module",
        // Lightning's strategies and Fabric
        "_forward_module", "_original_module",
        // FullyShardedDataParallel, also in its first versions
        "_fsdp_wrapped_module", "_fpw_module",
        // torch.distributed.algorithms._checkpoint.checkpoint_wrapper
        "_checkpoint_wrapped_module");
    /** How many models an average was made of, which wrappers that average keep beside the weights. */
    private static final String AVERAGED = "n_averaged";
    /** All weights of a module in one row, as FullyShardedDataParallel keeps them. */
    private static final Set<String> FLAT = Set.of("flat_param", "_flat_param");
    private static final String NETWORK = "model.";
    /** A tensor that every network has; what stands before it is the network's own name. */
    private static final String FIRST = "mlp_in_X.0.weight";
    private static final List<String> PARTS = List.of("mlp_in_", "tf_layers.", "mlp_out_");

    private WrappedNetwork() {
    }

    /**
     * The same tensors under DiGress's names, {@code model.…} for those of the network.
     *
     * @param file for messages
     * @throws InputException if two tensors would have one name and differ, if there are two networks, or if the weights
     *                        are in pieces
     */
    static Map<String, StoredTensor> unwrapped(String file, Map<String, StoredTensor> stored) {
        Map<String, StoredTensor> tensors = new LinkedHashMap<>();
        stored.values().forEach(tensor -> add(file, tensors, plain(file, tensor.name()), tensor));
        Set<String> networks = tensors.keySet().stream()
            .filter(name -> name.equals(FIRST) || name.endsWith("." + FIRST))
            .map(name -> name.substring(0, name.length() - FIRST.length())).collect(Collectors.toCollection(TreeSet::new));
        if (networks.size() > 1) {
            throw new InputException(file + " holds more than one network, under "
                + networks.stream().map(name -> "'" + excerpt(name) + "'").collect(Collectors.joining(" and "))
                + ", such as weights and their average; save the one that is meant alone");
        }
        String network = networks.isEmpty() ? NETWORK : networks.iterator().next();
        Map<String, StoredTensor> named = new LinkedHashMap<>();
        tensors.forEach((name, tensor) -> {
            if (!name.equals(AVERAGED) && !name.endsWith("." + AVERAGED)) {
                add(file, named, named(name, network), tensor);
            }
        });
        return named;
    }

    /** A name without the wrappers. */
    private static String plain(String file, String name) {
        List<String> parts = Arrays.asList(name.split("\\.", -1));
        if (FLAT.contains(parts.get(parts.size() - 1))) {
            throw new InputException(file + " keeps weights in the flat tensor " + excerpt(name)
                + " of FullyShardedDataParallel; save its full state_dict");
        }
        return parts.stream().filter(part -> !WRAPPERS.contains(part)).collect(Collectors.joining("."));
    }

    /** A name in a file whose network has another name than {@link #NETWORK}, or none. */
    private static String named(String name, String network) {
        if (network.isEmpty()) {
            return PARTS.stream().anyMatch(name::startsWith) ? NETWORK + name : name;
        }
        if (name.startsWith(network)) {
            return NETWORK + name.substring(network.length());
        }
        String holder = network.endsWith("." + NETWORK) ? network.substring(0, network.length() - NETWORK.length()) : "";
        return name.startsWith(holder) ? name.substring(holder.length()) : name;
    }

    private static void add(String file, Map<String, StoredTensor> tensors, String name, StoredTensor tensor) {
        StoredTensor there = tensors.putIfAbsent(name, new StoredTensor(name, tensor.type(), tensor.shape(), tensor.values()));
        if (there != null && !(Arrays.equals(there.shape(), tensor.shape())
            && Arrays.equals(there.values().get(), tensor.values().get()))) {
            throw new InputException(file + " has tensor " + excerpt(name) + " twice with different numbers, once as "
                + excerpt(tensor.name()) + "; keep the one that is meant");
        }
    }
}
