"""Where what is computed here of molecules differs from RDKit, by the lines that Descriptors.java prints.

    python3 rdkit_agreement.py NAME FILTERS LINES

FILTERS: lines of name, tab, SMARTS. Both see the same molecule: the SMILES that is written here, without stereochemistry and
isotopes. Prints rows of a table in Markdown.
"""
import sys

from rdkit import Chem
from rdkit.Chem import AllChem, Crippen, Descriptors, GraphDescriptors, QED, rdMolDescriptors
from rdkit.Chem.Scaffolds import MurckoScaffold

from moses_rdkit import passes, sascorer, start

NUMBERS = ["weight", "logP", "QED", "SA", "BertzCT", "TPSA", "acceptors of hydrogen bonds", "donors", "rotatable bonds",
           "aliphatic rings", "aromatic rings"]
DIGITS = 1e-6
SHOWN = 3


def numbers(molecule):
    return [Descriptors.MolWt(molecule), Crippen.MolLogP(molecule), QED.qed(molecule), sascorer.calculateScore(molecule),
            GraphDescriptors.BertzCT(molecule), rdMolDescriptors.CalcTPSA(molecule), rdMolDescriptors.CalcNumHBA(molecule),
            rdMolDescriptors.CalcNumHBD(molecule), rdMolDescriptors.CalcNumRotatableBonds(molecule),
            rdMolDescriptors.CalcNumAliphaticRings(molecule), rdMolDescriptors.CalcNumAromaticRings(molecule)]


def again(smiles):
    molecule = Chem.MolFromSmiles(smiles)
    return smiles if molecule is None else Chem.MolToSmiles(molecule)


def fragments(texts):
    return sorted(again(text) for text in texts)


def main():
    name, filters, file = sys.argv[1:]
    with open(filters) as lines:
        start([line.split("\t")[1].strip() for line in lines if "\t" in line and not line.startswith("#")])
    compared = {}

    def count(what, same, smiles):
        total, different = compared.setdefault(what, [0, []])
        compared[what][0] = total + 1
        if not same:
            different.append(smiles)

    with open(file) as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            theirs = Chem.MolFromSmiles(fields[0]) if fields[0] else None
            described = len(fields) > 2
            count("valid", (theirs is not None) == (described or fields[1].startswith("no descriptors")), fields[0])
            if theirs is None or not described:
                continue
            smiles = fields[2]
            molecule = Chem.MolFromSmiles(smiles)
            count("the molecule read back", molecule is not None, smiles)
            if molecule is None:
                continue
            for what, ours, value in zip(NUMBERS, fields[3:14], numbers(molecule)):
                count(what, abs(float(ours) - value) <= DIGITS, smiles)
            count("MOSES's filters", (fields[14] == "1") == passes(molecule), smiles)
            scaffold = MurckoScaffold.GetScaffoldForMol(molecule)
            wanted = Chem.MolToSmiles(scaffold) if scaffold.GetRingInfo().NumRings() >= 2 else None
            count("scaffold", (None if fields[15] == "null" else again(fields[15])) == (wanted and again(wanted)), smiles)
            parts = Chem.MolToSmiles(AllChem.FragmentOnBRICSBonds(molecule)).split(".")
            count("BRICS fragments", fragments(fields[16].split(".")) == fragments(parts), smiles)
            bits = set(AllChem.GetMorganFingerprint(molecule, 2).GetNonzeroElements())
            count("Morgan fragments of radius 2", set(map(int, fields[17].split())) == bits, smiles)
    for what, (total, different) in compared.items():
        print(f"| {name} | {what} | {total:,} | {len(different)} | "
              + ", ".join(f"`{smiles}`" for smiles in different[:SHOWN]) + " |")


if __name__ == "__main__":
    main()
