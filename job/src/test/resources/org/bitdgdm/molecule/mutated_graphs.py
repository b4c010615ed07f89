"""Writes mutated-graphs.txt: graphs of GuacaMol's elements with small random changes, and what RDKit says of each.

    python3 mutated_graphs.py > mutated-graphs.txt      (Debian's python3-rdkit 2022.09.3)

A line is 1 or 0 (SanitizeMol finds nothing), a tab, the symbols of the atoms, a tab, the bonds as i-j, i=j, i#j or i:j.
Graphs are those of the molecules below, aromatic bonds as such, as DiGress makes them of MOSES and GuacaMol: no charges, no
hydrogens.
"""
import random

from rdkit import Chem, RDLogger, rdBase

from mutated_smiles import MOLECULES

MORE = """OP(O)(O)=O
CS(=O)(=O)N1CCCCC1
C[Si](C)(C)C#C
c1cc[se]c1
OB(O)c1cccs1
C[As](C)(=O)O
CI(Cl)Cl
O=Cl(=O)(=O)O
O=I(=O)c1ccccc1
CP(C)(C)(C)C
F[Si](F)(F)F
CSC(=S)N""".split("\n")
ELEMENTS = "C N O F B Br Cl I P S Se Si As".split()
SYMBOLS = {Chem.BondType.SINGLE: "-", Chem.BondType.DOUBLE: "=", Chem.BondType.TRIPLE: "#", Chem.BondType.AROMATIC: ":"}
COUNT = 1500


def graph(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    return ([atom.GetSymbol() for atom in molecule.GetAtoms()],
            {(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()): bond.GetBondType() for bond in molecule.GetBonds()})


def changed(atoms, bonds, draw):
    atoms, bonds = list(atoms), dict(bonds)
    for _ in range(draw.choice([0, 1, 1, 2, 3])):
        kind = draw.randrange(3)
        if kind == 0:
            atoms[draw.randrange(len(atoms))] = draw.choice(ELEMENTS)
        elif kind == 1 and bonds:
            bonds[draw.choice(sorted(bonds))] = draw.choice(list(SYMBOLS))
        elif len(atoms) > 1:
            i, j = sorted(draw.sample(range(len(atoms)), 2))
            bonds[i, j] = draw.choice(list(SYMBOLS))
            bonds.pop((j, i), None)
    return atoms, bonds


def valid(atoms, bonds):
    molecule = Chem.RWMol()
    for symbol in atoms:
        molecule.AddAtom(Chem.Atom(symbol))
    for (i, j), order in bonds.items():
        molecule.AddBond(i, j, order)
    try:
        Chem.SanitizeMol(molecule)
        return True
    except ValueError:
        return False


def main():
    RDLogger.DisableLog("rdApp.*")
    draw = random.Random(20222)
    print("# RDKit", rdBase.rdkitVersion)
    graphs = [graph(smiles) for smiles in MOLECULES + MORE]
    graphs = [(atoms, bonds) for atoms, bonds in graphs if 1 < len(atoms) <= 24 and set(atoms) <= set(ELEMENTS)]
    for k in range(COUNT):
        atoms, bonds = changed(*graphs[k % len(graphs)], draw)
        print(int(valid(atoms, bonds)), " ".join(atoms),
              " ".join(f"{i}{SYMBOLS[order]}{j}" for (i, j), order in sorted(bonds.items())), sep="\t")


main()
