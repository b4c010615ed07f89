package org.bitdgdm.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What the calls in a pickle mean: the reader's list of the few names that {@code torch.save} needs. Anything else is
 * inert, and a name that only serves to run code ends the reading.
 */
final class PickledCall {
    private static final Map<String, ElementType> STORAGES = Map.of(
        "DoubleStorage", ElementType.F64, "FloatStorage", ElementType.F32, "HalfStorage", ElementType.F16,
        "BFloat16Storage", ElementType.BF16, "LongStorage", ElementType.I64, "IntStorage", ElementType.I32,
        "ShortStorage", ElementType.I16, "CharStorage", ElementType.I8, "ByteStorage", ElementType.U8,
        "BoolStorage", ElementType.BOOL);
    private static final Set<String> SEQUENCES = Set.of("torch.Size", "builtins.list", "builtins.tuple", "builtins.set",
        "builtins.frozenset", "__builtin__.list", "__builtin__.tuple", "__builtin__.set", "__builtin__.frozenset");
    private static final Set<String> DICTIONARIES =
        Set.of("collections.OrderedDict", "collections.defaultdict", "builtins.dict", "__builtin__.dict");
    /** The argument of these that holds entries as (key, value) pairs; a defaultdict's first is its factory. */
    private static final Map<String, Integer> ENTRIES_ARGUMENT = Map.of("collections.defaultdict", 1);
    /** v3 is for types of numbers that have no storage class of their own, such as float8; of them none is read. */
    private static final Set<String> TENSORS = Set.of("torch._utils._rebuild_tensor", "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_tensor_v3");
    private static final String V2 = "torch._utils._rebuild_tensor_v2";
    private static final String V3 = "torch._utils._rebuild_tensor_v3";
    /** A tensor with Python attributes: (rebuild, class, arguments, state). */
    private static final String WITH_ATTRIBUTES = "torch._tensor._rebuild_from_type_v2";
    private static final Set<String> PLAIN_CLASSES =
        Set.of("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer");
    /** The most axes of a tensor, as of torch's own. */
    private static final int MAX_RANK = 64;
    private static final int V2_METADATA = 6;
    private static final int V3_TYPE = 6;
    private static final Set<String> PARAMETERS =
        Set.of("torch._utils._rebuild_parameter", "torch._utils._rebuild_parameter_with_state");

    /** Modules and functions that no data needs: a pickle that names one is an attack on those who load it in Python. */
    private static final Set<String> CODE_MODULES = Set.of("os", "posix", "nt", "subprocess", "sys", "shutil", "socket",
        "pty", "commands", "runpy", "importlib", "imp", "code", "ctypes", "multiprocessing", "webbrowser", "popen2");
    private static final Set<String> CODE_FUNCTIONS = Set.of("eval", "exec", "execfile", "compile", "__import__", "open");

    private PickledCall() {
    }

    /**
     * A name.
     *
     * @throws IllegalArgumentException if it is that of a function which runs code or touches the machine
     */
    static PickledGlobal global(String module, String name) {
        int dot = module.indexOf('.');
        boolean builtin = module.equals("builtins") || module.equals("__builtin__");
        if (CODE_MODULES.contains(dot < 0 ? module : module.substring(0, dot)) || builtin && CODE_FUNCTIONS.contains(name)) {
            throw new IllegalArgumentException(
                "the pickle asks to run " + Excerpt.of(module + "." + name) + ", which was not run,");
        }
        return new PickledGlobal(module, name);
    }

    /** The result of a call. */
    static Object of(Object function, List<Object> arguments) {
        String name = function instanceof PickledGlobal ? function.toString() : "";
        if (DICTIONARIES.contains(name)) {
            return dictionary(arguments, ENTRIES_ARGUMENT.getOrDefault(name, 0));
        }
        if (SEQUENCES.contains(name) && arguments.size() <= 1) {
            return arguments.isEmpty() ? new ArrayList<>() : arguments.get(0);
        }
        if (TENSORS.contains(name) && !lazy(name, arguments)) {
            return tensor(name, arguments);
        }
        if (name.equals(WITH_ATTRIBUTES) && arguments.size() == 4 && arguments.get(1) instanceof PickledGlobal type
            && PLAIN_CLASSES.contains(type.toString()) && arguments.get(0) instanceof PickledGlobal rebuild
            && TENSORS.contains(rebuild.toString())
            && arguments.get(2) instanceof List<?> inner) {
            return of(rebuild, new ArrayList<>(inner));
        }
        if (PARAMETERS.contains(name) && !arguments.isEmpty()) {
            return arguments.get(0);
        }
        return inert(function, arguments);
    }

    /** The result of a call that is not ours to understand. */
    static PickledObject inert(Object function, List<Object> arguments) {
        PickledGlobal type = function instanceof PickledGlobal global ? global : new PickledGlobal("", "unnamed");
        return new PickledObject(type, arguments);
    }

    /** A reference to numbers; {@code type} is the Python class, such as torch.FloatStorage. */
    static PickledStorage storage(PickledGlobal type, String key, long size) {
        require(size >= 0, "a storage of " + size + " numbers");
        ElementType element = type.module().startsWith("torch") ? STORAGES.get(type.name()) : null;
        return new PickledStorage(element, type.toString(), key, size);
    }

    private static PickledDict dictionary(List<Object> arguments, int at) {
        PickledDict dict = new PickledDict();
        if (arguments.size() > at && arguments.get(at) instanceof List<?> pairs) {
            for (Object pair : pairs) {
                require(pair instanceof List<?> list && list.size() == 2, "an entry of a dictionary is no pair");
                dict.put(((List<?>) pair).get(0), ((List<?>) pair).get(1));
            }
        }
        return dict;
    }

    /** Whether the numbers of a tensor still are to be negated or conjugated, which a view may leave undone. */
    private static boolean lazy(String name, List<Object> arguments) {
        return name.equals(V2) && arguments.size() > V2_METADATA && arguments.get(V2_METADATA) instanceof PickledDict metadata
            && (Boolean.TRUE.equals(metadata.get("neg")) || Boolean.TRUE.equals(metadata.get("conj")));
    }

    private static PickledTensor tensor(String name, List<Object> arguments) {
        require(arguments.size() >= 4 && arguments.get(0) instanceof PickledStorage && arguments.get(1) instanceof Long,
            "a tensor has no storage or offset");
        long[] sizes = numbers(arguments.get(2));
        int[] shape = new int[sizes.length];
        for (int i = 0; i < shape.length; i++) {
            require(sizes[i] >= 0 && sizes[i] <= Integer.MAX_VALUE, "a tensor has the size " + sizes[i]);
            shape[i] = (int) sizes[i];
        }
        PickledStorage storage = (PickledStorage) arguments.get(0);
        if (name.equals(V3)) {
            boolean named = arguments.size() > V3_TYPE && arguments.get(V3_TYPE) instanceof PickledGlobal;
            storage = new PickledStorage(null, named ? arguments.get(V3_TYPE).toString() : "of no type", storage.key(),
                storage.size());
        }
        return new PickledTensor(storage, (Long) arguments.get(1), shape, numbers(arguments.get(3)));
    }

    private static long[] numbers(Object value) {
        require(value instanceof List<?>, "a tensor has no shape or strides");
        List<?> list = (List<?>) value;
        require(list.size() <= MAX_RANK, "a tensor has " + list.size() + " axes");
        long[] numbers = new long[list.size()];
        for (int i = 0; i < numbers.length; i++) {
            require(list.get(i) instanceof Long, "a tensor has a shape or strides that are no whole numbers");
            numbers[i] = (Long) list.get(i);
        }
        return numbers;
    }

    private static void require(boolean holds, String wrong) {
        if (!holds) {
            throw new IllegalArgumentException(wrong);
        }
    }
}
