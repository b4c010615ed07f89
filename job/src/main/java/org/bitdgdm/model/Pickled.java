package org.bitdgdm.model;

import static org.bitdgdm.conf.InputException.excerpt;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bitdgdm.model.StoredTensor.ElementType;

/**
 * Values of a pickle besides text and numbers, and the results of the calls in it: the reader's list of the few names that
 * {@code torch.save} needs. Anything else is inert, and a name that only serves to run code ends the reading.
 */
final class Pickled {
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

    private Pickled() {
    }

    /**
     * A name.
     *
     * @throws IllegalArgumentException if it is that of a function which runs code or touches the machine
     */
    static Global global(String module, String name) {
        int dot = module.indexOf('.');
        boolean builtin = module.equals("builtins") || module.equals("__builtin__");
        if (CODE_MODULES.contains(dot < 0 ? module : module.substring(0, dot)) || builtin && CODE_FUNCTIONS.contains(name)) {
            throw new IllegalArgumentException(
                "the pickle asks to run " + excerpt(module + "." + name) + ", which was not run,");
        }
        return new Global(module, name);
    }

    /** The result of a call. */
    static Object of(Object function, List<Object> arguments) {
        String name = function instanceof Global ? function.toString() : "";
        if (DICTIONARIES.contains(name)) {
            return dictionary(arguments, ENTRIES_ARGUMENT.getOrDefault(name, 0));
        }
        if (SEQUENCES.contains(name) && arguments.size() <= 1) {
            return arguments.isEmpty() ? new ArrayList<>() : arguments.get(0);
        }
        if (TENSORS.contains(name) && !lazy(name, arguments)) {
            return tensor(name, arguments);
        }
        if (name.equals(WITH_ATTRIBUTES) && arguments.size() == 4 && arguments.get(1) instanceof Global type
            && PLAIN_CLASSES.contains(type.toString()) && arguments.get(0) instanceof Global rebuild
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
    static Instance inert(Object function, List<Object> arguments) {
        Global type = function instanceof Global global ? global : new Global("", "unnamed");
        return new Instance(type, arguments);
    }

    /** A reference to numbers; {@code type} is the Python class, such as torch.FloatStorage. */
    static Storage storage(Global type, String key, long size) {
        require(size >= 0, "a storage of " + size + " numbers");
        ElementType element = type.module().startsWith("torch") ? STORAGES.get(type.name()) : null;
        return new Storage(element, type.toString(), key, size);
    }

    private static Dict dictionary(List<Object> arguments, int at) {
        Dict dict = new Dict();
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
        return name.equals(V2) && arguments.size() > V2_METADATA && arguments.get(V2_METADATA) instanceof Dict metadata
            && (Boolean.TRUE.equals(metadata.get("neg")) || Boolean.TRUE.equals(metadata.get("conj")));
    }

    private static View tensor(String name, List<Object> arguments) {
        require(arguments.size() >= 4 && arguments.get(0) instanceof Storage && arguments.get(1) instanceof Long,
            "a tensor has no storage or offset");
        long[] sizes = numbers(arguments.get(2));
        int[] shape = new int[sizes.length];
        for (int i = 0; i < shape.length; i++) {
            require(sizes[i] >= 0 && sizes[i] <= Integer.MAX_VALUE, "a tensor has the size " + sizes[i]);
            shape[i] = (int) sizes[i];
        }
        Storage storage = (Storage) arguments.get(0);
        if (name.equals(V3)) {
            boolean named = arguments.size() > V3_TYPE && arguments.get(V3_TYPE) instanceof Global;
            storage = new Storage(null, named ? arguments.get(V3_TYPE).toString() : "of no type", storage.key(),
                storage.size());
        }
        return new View(storage, (Long) arguments.get(1), shape, numbers(arguments.get(3)));
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

    /**
     * The name of a Python class or function, as a pickle writes it. Only a name: it is compared with the few names that
     * {@code torch.save} needs, and never looked up.
     */
    record Global(String module, String name) {

        boolean is(String otherModule, String otherName) {
            return module.equals(otherModule) && name.equals(otherName);
        }

        @Override
        public String toString() {
            return module + "." + name;
        }
    }

    /**
     * A reference of a pickle to numbers stored beside it.
     *
     * @param type     how they are written; null where the type is none of ours, which only matters if they are read
     * @param typeName Python's name of the storage, for messages
     * @param key      name of the archive entry under {@code data/}
     * @param size     how many numbers there are
     */
    record Storage(ElementType type, String typeName, String key, long size) {
    }

    /**
     * A view of a storage: element (i₀, i₁, …) lies at {@code offset + Σ i_k · stride_k}. Checked against the storage's
     * size at birth, so that every element lies inside.
     *
     * @param shape  (rank) sizes, 0 or more
     * @param stride (rank) distances in elements, 0 or more
     */
    record View(Pickled.Storage storage, long offset, int[] shape, long[] stride) {

        View {
            if (shape.length != stride.length || offset < 0) {
                throw new IllegalArgumentException(shape.length + " sizes, " + stride.length + " strides and offset " + offset);
            }
            boolean empty = false;
            for (int i = 0; i < shape.length; i++) {
                if (shape[i] < 0 || stride[i] < 0) {
                    throw new IllegalArgumentException("size " + shape[i] + " with stride " + stride[i]);
                }
                empty |= shape[i] == 0;
            }
            if (!empty) {
                long last = offset;
                try {
                    for (int i = 0; i < shape.length; i++) {
                        last = Math.addExact(last, Math.multiplyExact(shape[i] - 1L, stride[i]));
                    }
                    Tensor.size(shape);
                } catch (ArithmeticException e) {
                    throw new IllegalArgumentException("a shape that overflows", e);
                }
                if (last >= storage.size()) {
                    throw new IllegalArgumentException("its last element at " + last + " of a storage of " + storage.size());
                }
            }
        }

        /** Number of elements. */
        long size() {
            return Tensor.size(shape);
        }
    }

    /**
     * A dictionary of a pickle, in insertion order; also an OrderedDict or defaultdict. Equality is identity, so that one
     * that holds itself can be a value like any other.
     */
    static final class Dict {
        /** Text, number or truth keys as themselves; any other key as something equal only to itself. */
        private final Map<Object, Object> entries = new LinkedHashMap<>(2);

        private static final class OtherKey {
            @Override
            public String toString() {
                return "a key that is no text, number or truth value";
            }
        }

        void put(Object key, Object value) {
            boolean plain = key instanceof String || key instanceof Number || key instanceof Boolean;
            // Hashing a container would follow its contents, as deep as the file likes.
            entries.put(plain ? key : new OtherKey(), value);
        }

        /** The value of a key; null if there is none, or if it is None. */
        Object get(Object key) {
            return entries.get(key);
        }

        boolean has(Object key) {
            return entries.containsKey(key);
        }

        Map<Object, Object> entries() {
            return Collections.unmodifiableMap(entries);
        }

        Collection<Object> values() {
            return Collections.unmodifiableCollection(entries.values());
        }

        @Override
        public String toString() {
            return "dictionary of " + entries.size();
        }
    }

    /**
     * What a pickle would make by calling Python code that is not on the reader's list: inert data. It keeps the name of
     * what would have been called, the arguments and the state, so that configuration objects can be read as data.
     */
    static final class Instance {
        /** Class or function that would have been called. */
        final Pickled.Global type;
        /** Arguments of the call. */
        final List<Object> arguments;
        /** What the object would have been given as its attributes, mostly a {@link Pickled.Dict}; null if nothing. */
        Object state;
        /** Entries, where the object would be a kind of dictionary. */
        final Pickled.Dict items = new Pickled.Dict();

        Instance(Pickled.Global type, List<Object> arguments) {
            this.type = type;
            this.arguments = arguments;
        }

        /** An attribute or an entry; null if there is none of that name, or if it is None. */
        Object get(String name) {
            return state instanceof Pickled.Dict attributes && attributes.has(name) ? attributes.get(name) : items.get(name);
        }

        @Override
        public String toString() {
            return "object of " + type;
        }
    }
}
