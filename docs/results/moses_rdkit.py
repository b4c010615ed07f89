"""MOSES's metrics on RDKit, as its paper defines them (Polykovskiy et al., Frontiers in Pharmacology 11, 2020), for a comparison
of speed. Not MOSES's own code, which current Pythons cannot install: the definitions are expressed again, with the same RDKit
functions (BRICS, Murcko scaffolds, Crippen, QED, the SA score of RDKit's Contrib folder), the same division of work (a pool of
processes for all that is done molecule by molecule, matrix products of PyTorch for similarities) and without FCD.

    python3 moses_rdkit.py FILTERS GENERATED TESTS PROCESSES

FILTERS: lines of name, tab, SMARTS. Files of SMILES, one a line. Prints the metrics as JSON with the seconds they took.
"""
import json
import os
import sys
import time
from collections import Counter
from multiprocessing import Pool

import numpy as np
import torch
from rdkit import Chem, DataStructs, RDConfig, RDLogger, rdBase
from rdkit.Chem import AllChem, Crippen, Descriptors, QED
from rdkit.Chem.Scaffolds import MurckoScaffold
from scipy.stats import wasserstein_distance

sys.path.append(os.path.join(RDConfig.RDContribDir, "SA_Score"))
import sascorer  # noqa: E402

RDLogger.DisableLog("rdApp.*")
ALLOWED = {"C", "N", "S", "O", "F", "Cl", "Br", "H"}
BITS = 1024
BATCH = 5000
FILTERS = []


def canonical(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    return None if molecule is None else Chem.MolToSmiles(molecule)


def passes(molecule):
    rings = molecule.GetRingInfo()
    if rings.NumRings() and any(len(ring) >= 8 for ring in rings.AtomRings()):
        return False
    if any(atom.GetFormalCharge() != 0 or atom.GetSymbol() not in ALLOWED for atom in molecule.GetAtoms()):
        return False
    whole = Chem.AddHs(molecule)
    return not any(whole.HasSubstructMatch(pattern) for pattern in FILTERS)


def scaffold(molecule):
    found = MurckoScaffold.GetScaffoldForMol(molecule)
    return Chem.MolToSmiles(found) if found.GetRingInfo().NumRings() >= 2 else None


def fragments(molecule):
    return Chem.MolToSmiles(AllChem.FragmentOnBRICSBonds(molecule)).split(".")


def fingerprint(molecule):
    bits = np.zeros(BITS, dtype=np.uint8)
    DataStructs.ConvertToNumpyArray(AllChem.GetMorganFingerprintAsBitVect(molecule, 2, nBits=BITS), bits)
    return bits


def described(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    return (passes(molecule), fragments(molecule), scaffold(molecule), fingerprint(molecule), Crippen.MolLogP(molecule),
            sascorer.calculateScore(molecule), QED.qed(molecule), Descriptors.MolWt(molecule))


def start(patterns):
    FILTERS.extend(Chem.MolFromSmarts(pattern) for pattern in patterns)


def similarities(one, other, aggregate):
    """Aggregate over `other` of the Tanimoto similarity with each row of `one`."""
    found = []
    b = torch.tensor(other, dtype=torch.float32)
    sizes = b.sum(1)
    for at in range(0, len(one), BATCH):
        a = torch.tensor(one[at:at + BATCH], dtype=torch.float32)
        common = a @ b.T
        found.append(aggregate(common / (a.sum(1)[:, None] + sizes[None] - common)))
    return torch.cat(found)


def cosine(one, other):
    keys = set(one) | set(other)
    a = np.array([one[key] for key in keys], dtype=float)
    b = np.array([other[key] for key in keys], dtype=float)
    return float(a @ b / np.sqrt(a @ a * (b @ b)))


def counts(rows):
    return Counter(fragment for row in rows for fragment in row[1]), Counter(row[2] for row in rows if row[2])


def main():
    filters, generated, tests, processes = sys.argv[1:]
    with open(filters) as lines:
        patterns = [line.split("\t")[1].strip() for line in lines if "\t" in line and not line.startswith("#")]
    with open(generated) as lines:
        rows = [line.split()[0] for line in lines if line.strip()]
    with open(tests) as lines:
        other = [line.split()[0] for line in lines if line.strip()]
    begun = time.time()
    torch.set_num_threads(int(processes))
    with Pool(int(processes), initializer=start, initargs=(patterns,)) as pool:
        valid = [smiles for smiles in pool.map(canonical, rows, chunksize=64) if smiles]
        mine = pool.map(described, valid, chunksize=64)
        theirs = pool.map(described, other, chunksize=64)
    a = np.stack([row[3] for row in mine])
    b = np.stack([row[3] for row in theirs])
    first = similarities(a, a, lambda found: found.mean(1))
    second = similarities(a, a, lambda found: (found ** 2).mean(1).sqrt())
    metrics = {"validity": len(valid) / len(rows), "unique@1000": len(set(valid[:1000])) / min(1000, len(valid)),
               "unique@10000": len(set(valid[:10000])) / min(10000, len(valid)),
               "filters": float(np.mean([row[0] for row in mine])), "intdiv": 1 - float(first.mean()),
               "intdiv2": 1 - float(second.mean()), "snn": float(similarities(a, b, lambda found: found.max(1)[0]).mean()),
               "frag": cosine(counts(mine)[0], counts(theirs)[0]), "scaf": cosine(counts(mine)[1], counts(theirs)[1])}
    for at, name in enumerate(("logp", "sa", "qed", "weight")):
        metrics["wasserstein_" + name] = wasserstein_distance([row[4 + at] for row in mine], [row[4 + at] for row in theirs])
    print(json.dumps({"seconds": time.time() - begun, "rows": len(rows), "tests": len(other), "rdkit": rdBase.rdkitVersion,
                      "torch": torch.__version__, "metrics": metrics}, indent=1))


if __name__ == "__main__":
    main()
