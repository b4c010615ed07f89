package org.bitdgdm.benchmark;

import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;

/**
 * Topological polar surface area of N and O, Å² (Ertl, Rohde and Selzer, J. Med. Chem. 43, 2000): a contribution for each way
 * in which an atom can be bound, and for the ways that the paper lacks a line through its hydrogens and neighbours, as RDKit
 * has it. The CDK's descriptor calls molecules with such an atom without value.
 */
final class PolarSurface {
    private PolarSurface() {
    }

    static double of(BenchmarkMolecule molecule) {
        double sum = 0;
        for (IAtom atom : molecule.molecule().atoms()) {
            int element = atom.getAtomicNumber();
            if (element == IElement.N || element == IElement.O) {
                sum += of(atom, molecule.inRingOf(3, atom.getIndex()));
            }
        }
        return sum;
    }

    private static double of(IAtom atom, boolean threeRing) {
        int[] bonds = new int[4];
        int aromatic = 0;
        for (IBond bond : atom.bonds()) {
            if (bond.isAromatic()) {
                aromatic++;
            } else {
                bonds[Math.min(bond.getOrder().numeric(), 3)]++;
            }
        }
        int hydrogens = atom.getImplicitHydrogenCount();
        // One digit each: charge, hydrogens, single, double, triple and aromatic bonds.
        String way = atom.getSymbol() + (atom.getFormalCharge() < 0 ? "" : "+") + atom.getFormalCharge() + hydrogens + bonds[1]
            + bonds[2] + bonds[3] + aromatic;
        return switch (way) {
            case "N+000010" -> 23.79;
            case "N+010100" -> 23.85;
            case "N+021000" -> 26.02;
            case "N+120100" -> 25.59;
            case "N+131000" -> 27.64;
            case "N+001100" -> 12.36;
            case "N+000110" -> 13.60;
            case "N+012000" -> threeRing ? 21.94 : 12.03;
            case "N+101010" -> 4.36;
            case "N+111100" -> 13.97;
            case "N+122000" -> 16.61;
            case "N+000002" -> 12.89;
            case "N+010002" -> 15.79;
            case "N+110002" -> 14.14;
            case "N+003000" -> threeRing ? 3.01 : 3.24;
            case "N+001200" -> 11.68;
            case "N+102100" -> 3.01;
            case "N+113000" -> 4.44;
            case "N+000003" -> 4.41;
            case "N+001002" -> 4.93;
            case "N+000102" -> 8.39;
            case "N+100003" -> 4.10;
            case "N+101002" -> 3.88;
            case "N+104000" -> 0;
            case "O+000100" -> 17.07;
            case "O+011000" -> 20.23;
            case "O-101000" -> 23.06;
            case "O+002000" -> threeRing ? 12.53 : 9.23;
            case "O+000002" -> 13.14;
            default -> Math.max(0, atom.getAtomicNumber() == IElement.N
                ? 30.5 - 8.2 * atom.getBondCount() + 1.5 * hydrogens : 28.5 - 8.6 * atom.getBondCount() + 1.5 * hydrogens);
        };
    }
}
