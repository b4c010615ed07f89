#!/usr/bin/env python3
"""The peer of the benchmarks: the DiGress denoiser in PyTorch, from the tensors of a model bundle; FP32 on processors, and
on a GPU (--device cuda) FP32, BF16 and BF16 compiled.

One reverse step is what the sampler does: extra features, network, posterior, draw; for a batch of graphs of one size,
so without padding and masks. The network is the published one (src/models/transformer_model.py), spelled for speed where
PyTorch has a faster spelling; features and posterior are batched tensor code, as in the published code.

    digress_torch.py --check            against the golden file; exit code 1 if a tolerance is broken
    digress_torch.py --bench            graph-steps per second as JSON: batch sizes x (one process, two processes)
    digress_torch.py --export FOLDER    the network for other runtimes, as TorchScript and ONNX
    digress_torch.py --bench --device cuda    the same on a GPU: batch sizes x precisions, one process, a line of JSON each

Needs Debian's python3-torch and a fast BLAS (libopenblas0-openmp), or a PyTorch 2 that sees a GPU; exit code 3 and one
line of text where one of them is absent. Nothing else in this repository needs Python.

Shapes: B graphs of n nodes; X (B, n, dx), E (B, n, n, de), y (B, dy).
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time
import warnings

SKIPPED = 3
REPOSITORY = pathlib.Path(__file__).resolve().parents[4]
# Precision and compilation of what --device cuda measures; compiling takes longest, so it comes last.
GPU_MODES = ("fp32", "bf16", "bf16 compiled")
GOLDEN_GROUPS = ("n9", "n8", "n6", "n4", "n2", "mol9", "mol8", "mol6")
# glibc then keeps large blocks instead of handing each (B, n, n, dx) tensor back to the kernel: page faults would
# otherwise be what is measured.
KEEP_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(1 << 40), "MALLOC_TOP_PAD_": str(64 << 20)}


def skip(reason):
    print("peer skipped: " + reason)
    sys.exit(SKIPPED)


try:
    import torch
    from torch.nn.functional import layer_norm, linear, one_hot, relu
except ImportError as absent:
    skip(f"{absent.name} is not installed for {sys.executable} "
         "(Debian: apt-get install python3-torch libopenblas0-openmp)")

# Where everything lies. Named at every creation: torch.set_default_device would make each operation dearer.
device = torch.device("cpu")


def read_safetensors(path):
    """The F32 and I32 tensors of a file, by name."""
    data = bytearray(pathlib.Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        if name != "__metadata__":
            begin, end = entry["data_offsets"]
            kind = {"F32": torch.float32, "I32": torch.int32}[entry["dtype"]]
            # A buffer must not be empty, as edges of one node are.
            values = torch.frombuffer(data[start + begin:start + end] or bytearray(4), dtype=kind)
            tensors[name] = values[:(end - begin) // 4].reshape(entry["shape"]).to(device)
    return tensors


def read_bundle(folder):
    """Facts and tensors of a model bundle."""
    return json.loads((folder / "model.json").read_text()), read_safetensors(folder / "model.safetensors")


class Features:
    """Network inputs recomputed from z_t at every step, "extra_features: all", with those of molecules where it is one."""

    def __init__(self, facts):
        self.fixed_bug = facts["variant"] == "fixed_bug"
        self.max_nodes = facts["max_nodes"]
        self.steps = facts["diffusion_steps"]
        self.molecular = facts["family"] == "molecules"
        if self.molecular:
            self.weights = torch.tensor(facts["atom_weights"], device=device)
            self.max_weight = facts["max_weight"]

    def cycles(self, a1):
        """Cycles of length 3, 4, 5 through each node (B, n, 3); of length 3 to 6 in each graph (B, 4)."""
        a2 = a1 @ a1
        a3 = a2 @ a1
        degree = a1.sum(-1)
        walks3 = a3.diagonal(dim1=1, dim2=2)
        # The matrices are symmetric: diag(A^4), diag(A^5), tr(A^6) are sums of products of rows.
        walks4 = (a2 * a2).sum(-1)
        walks5 = (a2 * a3).sum(-1)
        neighbours = lambda values: (a1 @ values.unsqueeze(-1)).squeeze(-1)
        c4 = walks4 - degree * (degree - 1) - neighbours(degree)
        if self.fixed_bug:
            shared = ((a1 * a2) @ degree.unsqueeze(-1)).squeeze(-1)
            c5 = walks5 - 2 * shared - 2 * degree * walks3 - neighbours(walks3) + 5 * walks3
        else:
            c5 = walks5 - 2 * walks3 * degree - neighbours(walks3) + walks3
        c6 = ((a3 * a3).sum(-1) - 3 * walks3 ** 2 + 9 * (a1 * a2 * a2).sum(-1) - 6 * degree * walks4 + 6 * walks4
              - 4 * walks3 + 4 * degree ** 3 + 3 * a3.sum(-1) - 12 * degree ** 2 + 4 * degree)
        node = torch.stack((walks3, c4, c5), -1) / 2
        whole = torch.stack((walks3.sum(-1) / 6, c4.sum(-1) / 8, c5.sum(-1) / 10, c6.sum(-1) / 12), -1)
        return (node / 10).clamp_(max=1), (whole / 10).clamp_(max=1)

    @staticmethod
    def spectrum(a1):
        """1 outside the largest component and 2 eigenvectors (B, n, 3); components and 5 eigenvalues (B, 6).

        LAPACK's choice of signs and bases; the indicator reads the first null vector, as published.
        """
        n = a1.shape[-1]
        values, vectors = torch.linalg.eigh(torch.diag_embed(a1.sum(-1)) - a1)
        values = values / n
        components = (values < 1e-5).sum(-1, keepdim=True)
        values = torch.cat((values, values.new_full((len(values), 5), 2)), -1)
        lowest = values.gather(1, components + torch.arange(5, device=device))
        first = (vectors[:, :, 0] * 1000).round_()
        outside = (first != first.mode(1, keepdim=True).values).float()
        vectors = torch.cat((vectors, vectors.new_zeros(len(vectors), n, 2)), -1)
        chosen = (components + torch.arange(2, device=device)).unsqueeze(1).expand(-1, n, -1)
        return torch.cat((outside.unsqueeze(-1), vectors.gather(2, chosen)), -1), torch.cat((components, lowest), -1)

    def __call__(self, types, bonds, x_types, t):
        n = types.shape[1]
        a1 = (bonds != 0).float()
        node_cycles, cycles = self.cycles(a1)
        node_spectrum, spectrum = self.spectrum(a1)
        nodes = [x_types, node_cycles, node_spectrum]
        whole = [torch.full((len(types), 1), n / self.max_nodes, device=device), cycles, spectrum]
        if self.molecular:
            # Quirks of training: "valency" sums bond class indices, "charge" is the type index minus that.
            valency = bonds.sum(-1)
            nodes.append(torch.stack((types - valency, valency), -1).float())
            whole.append(self.weights[types].sum(-1, keepdim=True) / self.max_weight)
        return torch.cat(nodes, -1), torch.cat((*whole, t.unsqueeze(-1) / self.steps), -1)


class Network:
    """The graph transformer: logits of p(x0 | z_t), edges symmetric with a diagonal of zeros."""

    def __init__(self, tensors, facts, precision):
        self.precision = precision
        self.weights = {name[len("model."):]: value.to(precision) for name, value in tensors.items()
                        if name.startswith("model.")}
        self.layers = facts["layers"]
        self.heads = facts["heads"]
        self.fixed_bug = facts["variant"] == "fixed_bug"

    def linear(self, name, value):
        # Of two-dimensional inputs PyTorch makes one product with the bias inside; of others two passes.
        rows = value.reshape(-1, value.shape[-1])
        return linear(rows, self.weights[name + ".weight"], self.weights[name + ".bias"]).view(*value.shape[:-1], -1)

    def norm(self, name, value):
        weight = self.weights[name + ".weight"]
        return layer_norm(value, weight.shape, weight, self.weights[name + ".bias"])

    def mlp(self, first, second, value):
        return self.linear(second, self.linear(first, value).relu_())

    def pool(self, values):
        """mean, min, max, spread over the rows of each graph: (B, rows, d) to (B, 4 d)."""
        rows = values.shape[1]
        mean = values.mean(1, keepdim=True)
        # Several times faster than torch.var over a dimension that is not the last.
        squares = (values - mean).square_().sum(1)
        spread = squares / rows if self.fixed_bug else (squares / max(1, rows - 1)).sqrt_()
        return torch.cat((mean.squeeze(1), values.amin(1), values.amax(1), spread), -1)

    def __call__(self, x_in, e_in, y_in, x_types):
        x_in, e_in, y_in, x_types = (value.to(self.precision) for value in (x_in, e_in, y_in, x_types))
        x = self.mlp("mlp_in_X.0", "mlp_in_X.2", x_in).relu_()
        e = self.mlp("mlp_in_E.0", "mlp_in_E.2", e_in).relu_()
        e = (e + e.transpose(1, 2)) / 2
        y = self.mlp("mlp_in_y.0", "mlp_in_y.2", y_in).relu_()
        for layer in range(self.layers):
            x, e, y = self.block(f"tf_layers.{layer}.", x, e, y)
        x = self.mlp("mlp_out_X.0", "mlp_out_X.2", x) + x_types
        e = self.mlp("mlp_out_E.0", "mlp_out_E.2", e) + e_in
        # Times zeros instead of zeros put in place, which ONNX has not.
        e = (e + e.transpose(1, 2)) / 2 * (1 - torch.eye(e.shape[1], dtype=e.dtype, device=device)).unsqueeze(-1)
        return x.float(), e.float()

    def block(self, block, x, e, y):
        attention = block + "self_attn."
        dx = x.shape[-1]
        film = lambda name: self.linear(attention + name, y)
        q = self.linear(attention + "q", x).mul_((dx / self.heads) ** -0.5)
        k = self.linear(attention + "k", x)
        v = self.linear(attention + "v", x)
        # One score per channel and pair, modulated by the edge, not summed over a head.
        scores = self.linear(attention + "e_mul", e).add_(1)
        scores.mul_(q.unsqueeze(2)).mul_(k.unsqueeze(1)).add_(self.linear(attention + "e_add", e))
        attended = torch.softmax(scores, 2).mul_(v.unsqueeze(1)).sum(2)
        attended = torch.addcmul(film("y_x_add").unsqueeze(1), attended, film("y_x_mul").add_(1).unsqueeze(1))
        scores.mul_(film("y_e_mul").add_(1)[:, None, None]).add_(film("y_e_add")[:, None, None])
        y_terms = (film("y_y") + self.linear(attention + "x_y.lin", self.pool(x))
                   + self.linear(attention + "e_y.lin", self.pool(e.flatten(1, 2))))
        x = self.norm(block + "normX1", self.linear(attention + "x_out", attended).add_(x))
        e = self.norm(block + "normE1", self.linear(attention + "e_out", scores).add_(e))
        y = self.norm(block + "norm_y1", self.mlp(attention + "y_out.0", attention + "y_out.2", y_terms).add_(y))
        x = self.norm(block + "normX2", self.mlp(block + "linX1", block + "linX2", x).add_(x))
        e = self.norm(block + "normE2", self.mlp(block + "linE1", block + "linE2", e).add_(e))
        y = self.norm(block + "norm_y2", self.mlp(block + "lin_y1", block + "lin_y2", y).add_(y))
        return x, e, y


class Posterior:
    """p(z_s | z_t) for s = t - 1 from logits, one kind of element."""

    def __init__(self, betas, alphas_bar, marginal):
        self.betas = betas
        self.alphas_bar = alphas_bar
        self.limit = torch.tensor(marginal, device=device) / sum(marginal)

    def __call__(self, logits, current, t):
        """`logits` (B, rows, classes), `current` the one-hot classes at time t, `t` (B)."""
        at = lambda table, index: table[index].view(-1, 1, 1)
        classes = logits.shape[-1]
        eye = torch.eye(classes, device=device)
        transition = lambda keep: keep * eye + (1 - keep) * self.limit
        back = current @ transition(1 - at(self.betas, t)).transpose(1, 2)
        reached = current @ transition(at(self.alphas_bar, t)).transpose(1, 2)
        reached.masked_fill_(reached == 0, 1e-6)
        weights = back * ((torch.softmax(logits, -1) / reached) @ transition(at(self.alphas_bar, t - 1)))
        total = weights.sum(-1, keepdim=True)
        return torch.where(total == 0, torch.full_like(weights, 1 / classes), weights / total)


class Denoiser:
    """Model bundle to reverse steps."""

    def __init__(self, bundle, variant=None, precision=torch.float32, compiled=False):
        facts, tensors = read_bundle(bundle)
        facts["variant"] = variant or facts["variant"]
        self.features = Features(facts)
        network = Network(tensors, facts, precision)
        # One program for each batch size: sizes vary between measurements only.
        self.network = torch.compile(network.__call__, dynamic=False) if compiled else network
        self.steps = facts["diffusion_steps"]
        betas = tensors["noise_schedule.betas"]
        alphas_bar = torch.exp(torch.cumsum(torch.log(1 - betas.double().clamp(max=0.9999)), 0)).float()
        self.nodes = Posterior(betas, alphas_bar, facts["node_marginal"])
        self.edges = Posterior(betas, alphas_bar, facts["edge_marginal"])

    def noise(self, graphs, n):
        """z_T of `graphs` graphs: types (B, n), bonds (B, n, n)."""
        types = torch.multinomial(self.nodes.limit, graphs * n, True).view(graphs, n)
        pairs = n * (n - 1) // 2
        drawn = torch.multinomial(self.edges.limit, max(1, graphs * pairs), True)[:graphs * pairs]
        return types, self.mirrored(drawn, graphs, n)

    @staticmethod
    def mirrored(drawn, graphs, n):
        """Symmetric bonds (B, n, n) from those of i < j."""
        bonds = torch.zeros(graphs, n, n, dtype=torch.int64, device=device)
        i, j = torch.triu_indices(n, n, 1, device=device)
        bonds[:, i, j] = drawn.view(graphs, -1)
        return bonds + bonds.transpose(1, 2)

    def time(self, graphs, k):
        """(B) of the k-th step that is measured, from mid-way on, where graphs look like those that most steps see."""
        return torch.full((graphs,), self.steps // 2 - k % (self.steps // 2), device=device)

    def one_hot(self, types, bonds):
        return one_hot(types, len(self.nodes.limit)).float(), one_hot(bonds, len(self.edges.limit)).float()

    def step(self, types, bonds, t):
        """z_{t-1} from z_t; `t` (B)."""
        graphs, n = types.shape
        x_types, e_types = self.one_hot(types, bonds)
        x, y = self.features(types, bonds, x_types, t)
        x_logits, e_logits = self.network(x, e_types, y, x_types)
        types = torch.multinomial(self.nodes(x_logits, x_types, t).flatten(0, 1), 1).view(graphs, n)
        i, j = torch.triu_indices(n, n, 1, device=device)
        upper = self.edges(e_logits[:, i, j], e_types[:, i, j], t)
        return types, self.mirrored(torch.multinomial(upper.flatten(0, 1), 1), graphs, n)


def check(bundle, golden_folder):
    """Every stage from the golden inputs of that stage; the largest share of the tolerance used, by variant and stage."""
    shares = {}
    for variant in ("fixed_bug", "main"):
        golden = read_safetensors(golden_folder / f"golden-{variant}.safetensors")
        denoiser = Denoiser(bundle, variant)
        used = {}

        def compare(stage, wanted, found):
            share = ((found - wanted).abs() / (1e-5 + 1e-4 * wanted.abs())).nan_to_num(float("inf")).max().item()
            used[stage] = max(used.get(stage, 0.0), share)

        for group in GOLDEN_GROUPS:
            get = lambda key: golden[f"{group}.{key}"]
            types, bonds, t = get("X_t").long(), get("E_t").long(), get("t").long()
            x_types, e_types = denoiser.one_hot(types, bonds)
            x, y = denoiser.features(types, bonds, x_types, t)
            compare("features y", get("features.y"), y)
            # Spectral columns are LAPACK's choice; compare_spectra() takes those that are defined up to a sign.
            a = x_types.shape[-1]
            plain = [column for column in range(x.shape[-1]) if not a + 3 <= column < a + 6]
            compare("features X", get("features.X")[..., plain], x[..., plain])
            used["spectra compared"] = used.get("spectra compared", 0) + compare_spectra(
                compare, bonds, get("features.X")[..., a + 4:a + 6], x[..., a + 4:a + 6])
            logits = denoiser.network(get("features.X"), get("features.E"), get("features.y"), x_types)
            compare("logits X", get("logits.X"), logits[0])
            compare("logits E", get("logits.E"), logits[1])
            compare("posterior X", get("posterior.X"), denoiser.nodes(get("logits.X"), x_types, t))
            compare("posterior E", get("posterior.E").flatten(1, 2),
                    denoiser.edges(get("logits.E").flatten(1, 2), e_types.flatten(1, 2), t))
        spectra = used.pop("spectra compared")
        if not spectra:
            sys.exit(f"{variant}: the golden file has no graph whose eigenvectors can be compared")
        shares.update({f"{variant}: {stage}": share for stage, share in used.items()})
    return shares


def compare_spectra(compare, bonds, wanted, found):
    """Compares eigenvectors of connected graphs with distinct eigenvalues; returns how many graphs that are."""
    compared = 0
    for graph, graph_bonds in enumerate(bonds):
        a1 = (graph_bonds != 0).double()
        values = torch.linalg.eigvalsh(torch.diag(a1.sum(-1)) - a1)
        if len(values) > 2 and (values[1:4] - values[:3][:len(values) - 1]).min() > 0.05:
            sign = torch.sign((wanted[graph] * found[graph]).sum(0))
            compare("eigenvectors", wanted[graph], found[graph] * torch.where(sign == 0, torch.ones_like(sign), sign))
            compared += 1
    return compared


def blas_library():
    """File name of the BLAS that PyTorch uses; it is loaded by the first product."""
    torch.mm(torch.ones(8, 8), torch.ones(8, 8))
    loaded = {line.split()[-1] for line in open("/proc/self/maps") if "blas" in line or "libmkl" in line}
    named = sorted(os.path.basename(path) for path in loaded if os.path.basename(path).startswith(("libopenblas", "libmkl",
                                                                                                  "libblis")))
    return named[0] if named else "reference"


def work(arguments):
    """A process of the benchmark: for each line "BATCH STEPS" of stdin runs that many steps and prints the seconds."""
    torch.set_num_threads(arguments.threads)
    denoiser = Denoiser(arguments.bundle)
    torch.manual_seed(0)
    state = {}
    print("ready", flush=True)
    for line in sys.stdin:
        graphs, steps = map(int, line.split())
        if graphs not in state:
            state = {graphs: denoiser.noise(graphs, arguments.nodes)}
        types, bonds = state[graphs]
        start = time.perf_counter()
        for k in range(steps):
            t = denoiser.time(graphs, k)
            types, bonds = denoiser.step(types, bonds, t)
        seconds = time.perf_counter() - start
        state[graphs] = types, bonds
        print(seconds, flush=True)


class Processes:
    """Workers that run the same steps at the same time."""

    def __init__(self, arguments, processes, threads):
        environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), **KEEP_MEMORY)
        command = [sys.executable, __file__, "--work", "--threads", str(threads), "--nodes", str(arguments.nodes),
                   "--bundle", str(arguments.bundle)]
        self.workers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
                        for _ in range(processes)]
        for worker in self.workers:
            if worker.stdout.readline() != "ready\n":
                sys.exit("a process of the peer did not start")

    def rate(self, graphs, steps):
        """Graph-steps per second of all workers together, by the slowest of them."""
        for worker in self.workers:
            worker.stdin.write(f"{graphs} {steps}\n")
            worker.stdin.flush()
        slowest = max(float(worker.stdout.readline()) for worker in self.workers)
        return graphs * steps * len(self.workers) / slowest

    def close(self):
        for worker in self.workers:
            worker.stdin.close()
            worker.wait()


def gpu_rates(denoiser, graphs, arguments):
    """Graph-steps per second of each repeat; the clock is read once the device has finished."""
    state = denoiser.noise(graphs, arguments.nodes)

    def seconds(steps):
        nonlocal state
        finish_device()
        start = time.perf_counter()
        for k in range(steps):
            t = denoiser.time(graphs, k)
            state = denoiser.step(*state, t)
        finish_device()
        return time.perf_counter() - start

    # Compiles, picks algorithms, grows the allocator's pools.
    seconds(2)
    steps = max(1, round(arguments.seconds / (seconds(2) / 2)))
    return [graphs * steps / seconds(steps) for _ in range(arguments.repeats)]


def finish_device():
    """Waits for the GPU; on the processor nothing is under way."""
    if device.type == "cuda":
        torch.cuda.synchronize()


def say(**row):
    """A line of JSON, at once: what was measured stays where the rest is cut off."""
    print(json.dumps(row), flush=True)


def bench_gpu(arguments):
    """Prints lines of JSON: what runs, the check, then each mode's and batch size's rate and peak of allocated bytes.

    A mode that fails says why in a line of its own, as one whose batch does not fit does. Compiled, the sizes that are
    best without come first, and no size is begun after --compile-seconds.
    """
    gpu = device.type == "cuda"
    say(torch=torch.__version__, python=sys.version.split()[0], nodes=arguments.nodes, repeats=arguments.repeats,
        device=torch.cuda.get_device_name() if gpu else "cpu", float32_matmul=torch.get_float32_matmul_precision())
    if arguments.golden_check:
        shares = check(arguments.bundle, arguments.golden)
        stage = max(shares, key=shares.get)
        say(check=stage, used=shares[stage])
    best_first = []
    for mode in arguments.modes:
        compiled = mode.endswith("compiled")
        start = time.perf_counter()
        rates = {}
        try:
            denoiser = Denoiser(arguments.bundle, precision=torch.float32 if mode == "fp32" else torch.bfloat16,
                                compiled=compiled)
            batches = sorted(arguments.batches)
            if compiled and best_first:
                batches = best_first
            for graphs in batches:
                if compiled and time.perf_counter() - start > arguments.compile_seconds:
                    break
                if gpu:
                    torch.cuda.empty_cache()
                    torch.cuda.reset_peak_memory_stats()
                found = gpu_rates(denoiser, graphs, arguments)
                rates[graphs] = statistics.median(found)
                say(mode=mode, batch=graphs, median=rates[graphs], low=min(found), high=max(found),
                    peak_bytes=torch.cuda.max_memory_allocated() if gpu else 0)
        # Whatever a compiler throws; the other modes do not depend on it.
        except Exception as failure:
            lines = str(failure).strip().splitlines() or [""]
            say(mode=mode, failed=f"{type(failure).__name__}: {lines[0]}"[:300])
        best_first = sorted(rates, key=rates.get, reverse=True)
        denoiser = None


def use_gpu():
    """Makes the first GPU the device."""
    global device
    if not torch.cuda.is_available():
        skip(f"PyTorch {torch.__version__} sees no GPU")
    if not hasattr(torch, "compile"):
        skip(f"PyTorch {torch.__version__} is too old for the GPU benchmark, 2.0 is needed")
    device = torch.device("cuda")


def bench(arguments):
    """Prints JSON: for each layout and batch size the median, lowest and highest graph-steps per second."""
    blas = blas_library()
    if blas == "reference" and not arguments.any_blas:
        skip("PyTorch runs on the reference BLAS, some 50 times slower than a tuned one "
             "(Debian: apt-get install libopenblas0-openmp)")
    result = {"torch": torch.__version__, "python": sys.version.split()[0], "blas": blas, "nodes": arguments.nodes,
              "repeats": arguments.repeats, "rows": []}
    for processes, threads in arguments.layouts:
        workers = Processes(arguments, processes, threads)
        for graphs in arguments.batches:
            workers.rate(graphs, 1)
            # The first steps warm up and tell how many fill a repeat.
            speed = workers.rate(graphs, 2)
            steps = max(1, round(arguments.seconds * speed / (graphs * processes)))
            rates = [workers.rate(graphs, steps) for _ in range(arguments.repeats)]
            result["rows"].append({"processes": processes, "threads": threads, "batch": graphs,
                                   "median": statistics.median(rates), "low": min(rates), "high": max(rates)})
        workers.close()
    result["best"] = max(result["rows"], key=lambda row: row["median"])
    json.dump(result, sys.stdout, indent=1)
    print()


class DynamicInt8(torch.autograd.Function):
    """A linear layer as ONNX Runtime's dynamic quantization writes it: 8-bit weights with a scale for each output, 8-bit
    inputs with one scale and zero found when it runs."""

    @staticmethod
    def forward(context, rows, codes, scale, bias):
        return rows @ (codes * scale) + bias

    @staticmethod
    def symbolic(graph, rows, codes, scale, bias):
        inputs, step, zero = graph.op("DynamicQuantizeLinear", rows, outputs=3)
        product = graph.op("Cast", graph.op("MatMulInteger", inputs, codes, zero), to_i=1)
        return graph.op("Add", graph.op("Mul", product, graph.op("Mul", step, scale)), bias)


class Int8Network(Network):
    """The network with all linear layers of its blocks in DynamicInt8."""

    def __init__(self, tensors, facts):
        super().__init__(tensors, facts, torch.float32)
        self.codes = {}
        for name in [name for name in self.weights if name.startswith("tf_layers.") and ".norm" not in name]:
            if name.endswith(".weight"):
                weight = self.weights.pop(name).t()
                scale = weight.abs().amax(0).clamp_(min=1e-30) / 127
                self.codes[name[:-len(".weight")]] = ((weight / scale).round().to(torch.int8).contiguous(), scale)

    def linear(self, name, value):
        if name not in self.codes:
            return super().linear(name, value)
        codes, scale = self.codes[name]
        product = DynamicInt8.apply(value.reshape(-1, len(codes)), codes, scale, self.weights[name + ".bias"])
        return product.view(*value.shape[:-1], -1)


class Exported(torch.nn.Module):
    """The network as ONNX Runtime and libtorch run it: X, E and y to logits; the first columns of X are the node's class."""

    def __init__(self, network, classes):
        super().__init__()
        self.network = network
        self.classes = classes

    def forward(self, x, e, y):
        return self.network(x, e, y, x[..., :self.classes])


def export(arguments):
    """Writes the network as TorchScript, network.pt, and ONNX, network.onnx and in 8 bits network-int8.onnx, of any batch
    size and graphs of one size."""
    # Of the exporter's own, about itself.
    warnings.simplefilter("ignore")
    facts, tensors = read_bundle(arguments.bundle)
    denoiser = Denoiser(arguments.bundle)
    types, bonds = denoiser.noise(2, arguments.nodes)
    x_types, e = denoiser.one_hot(types, bonds)
    x, y = denoiser.features(types, bonds, x_types, denoiser.time(2, 0))
    classes = x_types.shape[-1]
    arguments.export.mkdir(parents=True, exist_ok=True)
    full = torch.jit.trace(Exported(denoiser.network, classes), (x, e, y))
    full.save(str(arguments.export / "network.pt"))
    inputs = ("x", "e", "y")
    outputs = ("nodes", "edges")
    for network, name in ((full, "network"), (Exported(Int8Network(tensors, facts), classes), "network-int8")):
        torch.onnx.export(network, (x, e, y), str(arguments.export / (name + ".onnx")), input_names=inputs,
                          output_names=outputs, opset_version=17,
                          dynamic_axes={axis: {0: "batch"} for axis in inputs + outputs})
    print(f"PyTorch {torch.__version__}")


def layout(text):
    processes, threads = text.lower().split("x")
    return int(processes), int(threads)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--check", action="store_true", help="compare with the golden files")
    mode.add_argument("--bench", action="store_true", help="measure and print JSON")
    mode.add_argument("--export", type=pathlib.Path, help="write the network as TorchScript and ONNX into a folder")
    mode.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to run [cpu]")
    parser.add_argument("--bundle", type=pathlib.Path, default=REPOSITORY / "conf/models/qm9", help="folder of the model")
    parser.add_argument("--golden", type=pathlib.Path, help="folder of the golden files",
                        default=REPOSITORY / "kernels/src/test/resources/org/bitdgdm/kernels")
    # What is done on a GPU, on the processor: to try it where there is none.
    parser.add_argument("--lines", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--golden-check", action="store_true", help="--device cuda: check first, on the shipped bundle")
    parser.add_argument("--modes", nargs="+", choices=GPU_MODES, default=list(GPU_MODES),
                        help="--device cuda: precisions, compiled or not [all]")
    parser.add_argument("--compile-seconds", type=float, default=60,
                        help="--device cuda: no batch size of a compiled mode is begun after so long [60]")
    parser.add_argument("--nodes", type=int, default=9, help="nodes of each graph [9]")
    parser.add_argument("--batches", type=int, nargs="+", default=[1 << k for k in range(9)], help="batch sizes [1 ... 256]")
    parser.add_argument("--layouts", type=layout, nargs="+", default=[(1, 1), (1, 2), (2, 1)],
                        help="processes x threads of each [1x1 1x2 2x1]")
    parser.add_argument("--repeats", type=int, default=10, help="repeats of each measurement [10]")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of a repeat [0.2]")
    parser.add_argument("--any-blas", action="store_true", help="measure on the reference BLAS as well")
    parser.add_argument("--threads", type=int, default=1, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    if arguments.device == "cuda":
        use_gpu()
    with torch.inference_mode():
        if arguments.check:
            shares = check(arguments.bundle, arguments.golden)
            for stage, share in shares.items():
                print(f"{stage}: {100 * share:.0f}% of the tolerance used")
            sys.exit(0 if all(share <= 1 for share in shares.values()) else 1)
        elif arguments.work:
            work(arguments)
        elif arguments.export:
            with torch.inference_mode(False):
                export(arguments)
        elif arguments.device == "cuda" or arguments.lines:
            bench_gpu(arguments)
        else:
            bench(arguments)


if __name__ == "__main__":
    main()
