#!/usr/bin/env python3
"""The peer of the benchmark of proteins: the network of GraDe-IF in PyTorch, FP32 on processors.

The network is the published one (model/egnn_pytorch/egnn_net.py), spelled over tensors of all samples at once; edges, which
depend on the backbone alone, are computed once for all samples of a call, as the published code computes them once for a call.
Weights are those of the published configuration by a formula of their names, the same that the Java side uses.

    gradeif_torch.py --file FILE                   checks the logits of FILE, then prints evaluations of a sequence per
                                                   second as JSON
    gradeif_torch.py --file FILE --export FOLDER   writes the network for the protein of FILE as TorchScript, network.pt, and
                                                   ONNX, network.onnx, of any number of sequences, with its edges computed

FILE is what ProteinBench writes: a line of JSON that says what follows, then numbers of 4 bytes. Needs Debian's python3-torch
and python3-numpy; exit code 3 and one line of text where one of them is absent, 1 where the logits differ.

Shapes: S sequences of N residues, E edges; x (S, N, d), e (E, d).
"""
import argparse
import json
import pathlib
import sys
import time
import warnings

SKIPPED = 3
TOLERANCE = 2e-3

try:
    import numpy
    import torch
    from torch.nn.functional import linear, silu
except ImportError as absent:
    print(f"peer skipped: {absent.name} is not installed for {sys.executable} (Debian: apt-get install python3-torch)")
    sys.exit(SKIPPED)


def by_formula(name, shape):
    """The weights of a tensor: a hash of its name and place, evenly spread."""
    hashed = 0xCBF29CE484222325
    for letter in ("model." + name).encode():
        hashed = (hashed ^ letter) * 0x100000001B3 % (1 << 64)
    count = int(numpy.prod(shape))
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(hashed) + numpy.arange(1, count + 1, dtype=numpy.uint64) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ z >> numpy.uint64(30)) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ z >> numpy.uint64(27)) * numpy.uint64(0x94D049BB133111EB)
        z ^= z >> numpy.uint64(31)
    norm = name.endswith(("edge_norm.weight", "node_norm.weight")) or name.startswith("ff_list") and name.endswith(".3.weight")
    spread = (6 / sum(shape)) ** 0.5 if len(shape) == 2 else 0.1
    values = (1 if norm else 0) + spread * (2 * ((z >> numpy.uint64(40)).astype(numpy.float64) / 2 ** 24) - 1)
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


class Network:
    """Logits (S, N, 20) of sequences (S, N) at a time."""

    def __init__(self, layers, d, m):
        self.layers = layers
        self.weights = {}
        self.d, self.m = d, m
        self.time = self.mlp("time_mlp.0", "time_mlp.2", 1, m, d)
        self.structure = self.mlp("ss_mlp.0", "ss_mlp.2", 8, m, d)
        self.nodes = self.embedding("node_embedding", (20, 1, 1, 4, 5))
        self.edges = self.embedding("edge_embedding", (65, 1, 15, 12))
        self.out = self.layer("lin", d, 20)
        self.blocks = [{
            "edge": self.mlp(f"mpnn_layes.{i}.edge_mlp.0", f"mpnn_layes.{i}.edge_mlp.3", d, 2 * d, d),
            "message": self.mlp(f"mpnn_layes.{i}.message_mlp.0", f"mpnn_layes.{i}.message_mlp.3", 3 * d + 1, 2 * (3 * d + 1), m),
            "node": self.mlp(f"mpnn_layes.{i}.node_mlp.0", f"mpnn_layes.{i}.node_mlp.3", d + m, 2 * d, d),
            "time": self.layer(f"time_mlp_list.{i}.1", d, 2 * d),
            "ff": self.mlp(f"ff_list.{i}.0", f"ff_list.{i}.4", d, d, d),
            "edge_norm": self.norm(f"mpnn_layes.{i}.edge_norm"), "node_norm": self.norm(f"mpnn_layes.{i}.node_norm"),
            "ff_norm": self.norm(f"ff_list.{i}.3")} for i in range(layers)]

    def layer(self, name, inputs, outputs):
        return by_formula(name + ".weight", (outputs, inputs)), by_formula(name + ".bias", (outputs,))

    def mlp(self, first, second, inputs, hidden, outputs):
        return self.layer(first, inputs, hidden), self.layer(second, hidden, outputs)

    def norm(self, name):
        return by_formula(name + ".weight", (self.d,)), by_formula(name + ".bias", (self.d,))

    def embedding(self, name, slices):
        parts = [self.layer(f"{name}.atom_embedding_list.{k}", width, self.d) for k, width in enumerate(slices)]
        return torch.cat([weight for weight, _ in parts], 1), sum(bias for _, bias in parts)

    @staticmethod
    def normalised(x, norm, beside):
        """Over all entries of a graph together; epsilon beside the root of the variance, or under it."""
        dims = tuple(range(x.dim() - 2, x.dim()))
        centred = x - x.mean(dims, keepdim=True)
        variance = (centred * centred).mean(dims, keepdim=True)
        deviation = variance.sqrt() + 1e-5 if beside else (variance + 1e-5).sqrt()
        return centred / deviation * norm[0] + norm[1]

    def __call__(self, protein, sequences, t):
        te = linear(silu(linear(torch.full((1, 1), float(t)), *self.time[0])), *self.time[1])
        se = linear(silu(linear(protein["structure"], *self.structure[0])), *self.structure[1])
        # A class picks a column of the first matrix.
        x = self.nodes[0].t()[:20][sequences] + linear(protein["nodes"], self.nodes[0][:, 20:], self.nodes[1])
        e = linear(protein["edges"], *self.edges)
        source, target = protein["sources"], protein["targets"]
        distance = ((protein["positions"][source] - protein["positions"][target]) ** 2).sum(1, keepdim=True)
        samples, residues = sequences.shape
        for block in self.blocks:
            e = self.normalised(silu(linear(silu(linear(e, *block["edge"][0])), *block["edge"][1])) + e, block["edge_norm"], False)
            edges = torch.cat((e, distance), 1).expand(samples, -1, -1)
            h = torch.cat((x[:, target], x[:, source], edges), 2)
            message = silu(linear(silu(linear(h, *block["message"][0])), *block["message"][1]))
            sums = torch.zeros(samples, residues, self.m).index_add_(1, target, message)
            inner = torch.cat((self.normalised(x, block["node_norm"], False), sums), 2)
            x = x + linear(silu(linear(inner, *block["node"][0])), *block["node"][1])
            factor, term = linear(silu(te), *block["time"]).chunk(2, 1)
            x = x * (factor + 1) + term
            inner = self.normalised(silu(linear(x, *block["ff"][0])), block["ff_norm"], True)
            x = linear(inner, *block["ff"][1])
        return linear(x + se, *self.out)


class Exported(torch.nn.Module):
    """The network as ONNX Runtime and libtorch run it, on one protein: classes one-hot (S, N, 20) and times (S, 1), of which
    the first counts, to logits. What depends on the backbone alone is computed here, once."""

    def __init__(self, network, protein, incidence):
        super().__init__()
        self.network, self.protein = network, protein
        source, target = protein["sources"], protein["targets"]
        distance = ((protein["positions"][source] - protein["positions"][target]) ** 2).sum(1, keepdim=True)
        e = linear(protein["edges"], *network.edges)
        self.edges = []
        for block in network.blocks:
            edge = block["edge"]
            e = network.normalised(silu(linear(silu(linear(e, *edge[0])), *edge[1])) + e, block["edge_norm"], False)
            self.edges.append(torch.cat((e, distance), 1))
        self.structure = linear(silu(linear(protein["structure"], *network.structure[0])), *network.structure[1])
        self.nodes = linear(protein["nodes"], network.nodes[0][:, 20:], network.nodes[1])
        # Sums over a residue's messages as a product, which ONNX has for any number of samples.
        self.incidence = None
        if incidence:
            self.incidence = torch.zeros(len(protein["nodes"]), len(target))
            self.incidence[target, torch.arange(len(target))] = 1

    def forward(self, classes, times):
        network = self.network
        te = linear(silu(linear(times[:1], *network.time[0])), *network.time[1])
        x = classes @ network.nodes[0].t()[:20] + self.nodes
        source, target = self.protein["sources"], self.protein["targets"]
        samples, residues = classes.shape[0], classes.shape[1]
        for block, edges in zip(network.blocks, self.edges):
            h = torch.cat((x[:, target], x[:, source], edges.expand(samples, -1, -1)), 2)
            message = silu(linear(silu(linear(h, *block["message"][0])), *block["message"][1]))
            if self.incidence is None:
                sums = torch.zeros(samples, residues, network.m).index_add_(1, target, message)
            else:
                sums = self.incidence @ message
            inner = torch.cat((network.normalised(x, block["node_norm"], False), sums), 2)
            x = x + linear(silu(linear(inner, *block["node"][0])), *block["node"][1])
            factor, term = linear(silu(te), *block["time"]).chunk(2, 1)
            x = x * (factor + 1) + term
            inner = network.normalised(silu(linear(x, *block["ff"][0])), block["ff_norm"], True)
            x = linear(inner, *block["ff"][1])
        return linear(x + self.structure, *network.out)


def export(network, tensors, folder):
    """Writes the network as TorchScript and ONNX."""
    # Of the exporter's own, about itself.
    warnings.simplefilter("ignore")
    folder.mkdir(parents=True, exist_ok=True)
    inputs = one_hot(tensors["sequences"][:2]), torch.full((2, 1), 1.0)
    torch.jit.trace(Exported(network, tensors, False), inputs).save(str(folder / "network.pt"))
    torch.onnx.export(torch.jit.trace(Exported(network, tensors, True), inputs), inputs, str(folder / "network.onnx"),
                      input_names=("classes", "times"), output_names=("logits",), opset_version=17,
                      dynamic_axes={axis: {0: "batch"} for axis in ("classes", "times", "logits")})
    print(f"PyTorch {torch.__version__}")


def one_hot(sequences):
    return torch.nn.functional.one_hot(sequences, 20).float()


def read(path):
    """Head and tensors of a file of ProteinBench's."""
    data = bytearray(pathlib.Path(path).read_bytes())
    end = data.index(b"\n") + 1
    head = json.loads(data[:end])
    tensors = {}
    for name, entry in head["tensors"].items():
        kind = {"f": torch.float32, "i": torch.int32}[entry["kind"]]
        values = torch.frombuffer(data, dtype=kind, count=int(numpy.prod(entry["shape"])), offset=end + entry["at"])
        tensors[name] = values.reshape(entry["shape"]).clone()
    return head, tensors


def rate(run, sequences, arguments):
    """Evaluations of a sequence per second of each repeat; fewer repeats where a whole --budget has gone for them."""
    run()
    start = time.perf_counter()
    run()
    times = max(1, round(arguments.seconds / (time.perf_counter() - start)))
    rates = []
    begin = time.perf_counter()
    while len(rates) < arguments.repeats and (not rates or time.perf_counter() - begin < arguments.budget):
        start = time.perf_counter()
        for _ in range(times):
            run()
        rates.append(times * sequences / (time.perf_counter() - start))
    return rates


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--file", required=True)
    options.add_argument("--export", type=pathlib.Path)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--repeats", type=int, default=5)
    options.add_argument("--seconds", type=float, default=1)
    options.add_argument("--budget", type=float, default=10, help="seconds of a row after which no repeat begins [10]")
    arguments = options.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.set_grad_enabled(False)
    head, tensors = read(arguments.file)
    for name in ("sources", "targets", "sequences"):
        tensors[name] = tensors[name].long()
    network = Network(head["layers"], head["d"], head["m"])
    if arguments.export:
        export(network, tensors, arguments.export)
        return
    sequences = tensors["sequences"]
    found = network(tensors, sequences[:1], head["time"])[0]
    error = (found - tensors["logits"]).abs().max().item()
    if not error <= TOLERANCE:
        print(f"the logits of the peer differ by {error:.3g}, at most {TOLERANCE} is allowed")
        sys.exit(1)
    rows = []
    many = len(sequences)
    for batch in (1, 10, many):
        def together():
            for first in range(0, many, batch):
                network(tensors, sequences[first:first + batch], head["time"])
        rows.append({"work": "many samples", "batch": batch, "rates": rate(together, many, arguments)})

    def one():
        for t in range(many):
            network(tensors, sequences[:1], 10 * t + 10)
    rows.append({"work": "one sample", "batch": 1, "rates": rate(one, many, arguments)})
    print(json.dumps({"torch": torch.__version__, "error": error, "rows": rows}))


if __name__ == "__main__":
    main()
