"""Writes mutated-smiles.txt: SMILES with small random changes, and what RDKit says of each.

    python3 mutated_smiles.py > mutated-smiles.txt      (Debian's python3-rdkit 2022.09.3)

A line is RDKit's canonical SMILES without stereochemistry and isotopes, or "-" where MolFromSmiles reads no molecule, a
tab, and the changed SMILES.
"""
import random

from rdkit import Chem, RDLogger, rdBase

MOLECULES = """CC(=O)Oc1ccccc1C(=O)O
CN1C=NC2=C1C(=O)N(C)C(=O)N2C
CC(C)Cc1ccc(cc1)[C@@H](C)C(=O)O
CC(=O)Nc1ccc(O)cc1
CN1CCC[C@H]1c1cccnc1
CN1[C@H]2CC[C@@H]1[C@H]([C@H](C2)OC(=O)c1ccccc1)C(=O)OC
CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5
C[C@]12CC[C@H]3[C@H]([C@@H]1CC[C@@H]2O)CCC4=CC(=O)CC[C@]34C
Cn1cnc2c1c(=O)[nH]c(=O)n2C
O=C1NC(=O)NC=C1F
Nc1ccn([C@@H]2O[C@H](CO)[C@@H](O)[C@H]2O)c(=O)n1
Cc1ccc(cc1)S(=O)(=O)NC(=O)NN1CC2CCCC2C1
CC(C)NCC(O)COc1cccc2ccccc12
OC(=O)COc1ccc(Cl)cc1Cl
C[N+](C)(C)CC(=O)[O-]
[O-][N+](=O)c1ccc(cc1)N=Nc1ccc(O)cc1
CCN(CC)CCNC(=O)c1ccc(N)cc1
Clc1ccccc1C1=NCC(=O)Nc2ccc(Cl)cc12
c1ccc2c(c1)[nH]c1ccccc12
FC(F)(F)c1cccc(NC(=O)c2cc(Br)ccc2O)c1
CN(C)C(=N)NC(=N)N
NC(N)=NC(=O)c1nc(Cl)c(N)nc1N
CC1(C)S[C@@H]2[C@H](NC(=O)Cc3ccccc3)C(=O)N2[C@H]1C(=O)O
O=P(O)(O)OP(=O)(O)O
COP(=S)(OC)Oc1ccc(cc1)[N+](=O)[O-]
C/C=C/C(=O)OCC
F/C(Cl)=C(/F)Br
c1ccc(cc1)-c1ccccc1
O=c1cc(-c2ccc(O)c(O)c2)oc2cc(O)cc(O)c12
N#CC(C#N)=C(C#N)C#N
CS(=O)(=O)CCNCc1ccc(o1)-c1ccc2ncnc(Nc3ccc(OCc4cccc(F)c4)c(Cl)c3)c2c1
[2H]C([2H])([2H])S(C)=O
[H]/C(=C\\[H])C([H])([H])[H]
OB(O)c1ccccc1
C[Si](C)(C)OS(=O)(=O)C(F)(F)F
c1csc(n1)-c1nccs1
Ic1c[nH]c2ncccc12
[Na+].CC([O-])=O
C1CC2CCC1CC2
C12C3C4C1C5C2C3C45
CN=[N+]=[N-]
[O-][n+]1ccccc1
C1=CC=C[CH-]1.[Li+]
CCC[NH+]1CCOCC1
N1C=CC=C1""".split("\n")
PIECES = list("CNOSFPBIcnosp()=#123[]+-@H/\\%.") + ["Cl", "Br", "[nH]", "[N+]", "[O-]", "[C@@H]", "%10", "()", "=="]
COUNT = 4000


def mutated(smiles, draw):
    text = list(smiles)
    for _ in range(draw.choice([1, 1, 1, 2, 3])):
        if not text:
            break
        at = draw.randrange(len(text))
        kind = draw.randrange(5)
        if kind == 0:
            del text[at]
        elif kind == 1:
            text.insert(at, draw.choice(PIECES))
        elif kind == 2:
            text[at] = draw.choice(PIECES)
        elif kind == 3:
            other = draw.randrange(len(text))
            text[at], text[other] = text[other], text[at]
        elif draw.random() < 0.5:
            text = text[: at + 1]
    return "".join(text)


def verdict(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    if molecule is None:
        return "-"
    for atom in molecule.GetAtoms():
        atom.SetIsotope(0)
    return Chem.MolToSmiles(Chem.RemoveHs(molecule, sanitize=False), isomericSmiles=False)


def main():
    RDLogger.DisableLog("rdApp.*")
    draw = random.Random(20221)
    print("# RDKit", rdBase.rdkitVersion)
    seen = set()
    for smiles in MOLECULES:
        seen.add(smiles)
        print(verdict(smiles), smiles, sep="\t")
    while len(seen) < COUNT:
        smiles = mutated(draw.choice(MOLECULES), draw)
        if smiles and smiles not in seen:
            seen.add(smiles)
            print(verdict(smiles), smiles, sep="\t")


if __name__ == "__main__":
    main()
