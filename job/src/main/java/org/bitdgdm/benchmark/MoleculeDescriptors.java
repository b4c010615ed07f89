package org.bitdgdm.benchmark;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.bitdgdm.molecule.Canonicaliser;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.interfaces.IElement;
import org.openscience.cdk.tools.manipulator.AtomContainerManipulator;

/**
 * What published benchmarks compute of one molecule.
 *
 * @param weight         average molecular weight, g/mol
 * @param logP           {@link CrippenLogP}
 * @param qed            {@link DrugLikeness}
 * @param sa             {@link SyntheticAccessibility}
 * @param bertz          {@link BertzComplexity}
 * @param polarSurface   {@link PolarSurface}, Å²
 * @param acceptors      of hydrogen bonds
 * @param donors         of hydrogen bonds
 * @param rotatable      bonds, amides and the like not among them
 * @param aliphaticRings rings with a bond that is not aromatic
 * @param aromaticRings  rings of aromatic bonds
 * @param passesFilters  {@link MosesFilters}
 * @param scaffold       {@link MurckoScaffold} of two or more rings; null where it has fewer
 * @param fragments      {@link BricsFragments}
 * @param morgan         identifiers of the circular fragments of radius 2, which fold to fingerprints of any length
 */
public record MoleculeDescriptors(double weight, double logP, double qed, double sa, double bertz, double polarSurface,
                                  int acceptors, int donors, int rotatable, int aliphaticRings, int aromaticRings,
                                  boolean passesFilters, String scaffold, List<String> fragments, int[] morgan)
    implements Serializable {

    /** Computes descriptors. Holds patterns that are not thread-safe: one instance per thread. */
    public static final class Calculator {
        private static final int RADIUS = 2;
        private static final int SCAFFOLD_RINGS = 2;

        /** What is asked of atoms where hydrogens are counts. */
        private final SmartsTerms heavy = new SmartsTerms();
        /** What is asked where they are atoms. */
        private final SmartsTerms all = new SmartsTerms();
        private final PartSmiles parts = new PartSmiles();
        private final CrippenLogP logP = new CrippenLogP(all);
        private final DrugLikeness drugLikeness = new DrugLikeness(heavy);
        private final BricsFragments brics = new BricsFragments(heavy, parts);
        private final MosesFilters filters = new MosesFilters(all);
        private final Smarts donor = new Smarts("[N&!H0&v3,N&!H0&+1&v4,O&H1&+0,S&H1&+0,n&H1&+0]", heavy);
        private final Smarts acceptor = new Smarts("[$([O,S;H1;v2]-[!$(*=[O,N,P,S])]),$([O,S;H0;v2]),$([O,S;-]),"
            + "$([N;v3;!$(N-*=!@[O,N,P,S])]),$([nH0,o,s;+0])]", heavy);
        private final Smarts rotor = new Smarts("[!$(*#*)&!D1&!$(C(F)(F)F)&!$(C(Cl)(Cl)Cl)&!$(C(Br)(Br)Br)"
            + "&!$(C([CH3])([CH3])[CH3])]", heavy);
        private final Smarts amide = new Smarts("[$([CD3](=[N,O,S])-!@[#7,O,S!D1]),$([#7,O,S!D1]-!@[CD3]=[N,O,S]),"
            + "$([CD3](=[N+])-!@[#7!D1]),$([#7!D1]-!@[CD3]=[N+])]", heavy);

        /**
         * Descriptors of a SMILES of ours.
         *
         * @throws CDKException where a part of it cannot be written
         * @throws IllegalArgumentException where the text is no molecule
         */
        public MoleculeDescriptors of(String smiles) throws CDKException {
            return of(smiles, true);
        }

        /**
         * The same.
         *
         * @param complexity whether {@link #bertz}, which takes all distances, is asked for; it is NaN where not
         */
        public MoleculeDescriptors of(String smiles, boolean complexity) throws CDKException {
            BenchmarkMolecule molecule = new BenchmarkMolecule(Canonicaliser.read(smiles));
            IAtomContainer atoms = molecule.molecule();
            SmartsTarget looked = new SmartsTarget(atoms, heavy);
            SmartsTarget whole = new SmartsTarget(molecule.withHydrogens(), all);
            Map<Integer, Integer> morgan = MorganFragments.of(atoms, RADIUS);
            double weight = weight(atoms);
            double coefficient = logP.of(whole);
            double surface = PolarSurface.of(molecule);
            int donors = donor.count(looked);
            int rotatable = rotatable(atoms, looked);
            int aromatic = molecule.aromaticRings();
            int rings = molecule.rings().size();
            String scaffold = rings < SCAFFOLD_RINGS ? null : MurckoScaffold.of(atoms, parts);
            return new MoleculeDescriptors(weight, coefficient,
                drugLikeness.of(atoms, looked, weight, coefficient, surface, donors, rotatable),
                SyntheticAccessibility.of(molecule, morgan), complexity ? BertzComplexity.of(atoms) : Double.NaN, surface,
                acceptor.count(looked), donors,
                rotatable, rings - aromatic, aromatic, filters.pass(molecule, whole), scaffold, brics.of(atoms, looked),
                morgan.keySet().stream().mapToInt(Integer::intValue).toArray());
        }

        /** Bonds between two atoms that turn, one of which is no end of an amide or ester bond. */
        private int rotatable(IAtomContainer molecule, SmartsTarget looked) {
            int count = 0;
            for (IBond bond : molecule.bonds()) {
                int begin = bond.getBegin().getIndex();
                int end = bond.getEnd().getIndex();
                boolean turns = !bond.isInRing() && (bond.isAromatic() || bond.getOrder() == IBond.Order.SINGLE)
                    && rotor.matchesAt(looked, begin) && rotor.matchesAt(looked, end);
                count += turns && !(amide.matchesAt(looked, begin) && amide.matchesAt(looked, end)) ? 1 : 0;
            }
            return count;
        }

        private static double weight(IAtomContainer molecule) {
            double sum = 0;
            for (IAtom atom : molecule.atoms()) {
                sum += weight(atom) + atom.getImplicitHydrogenCount() * 1.008;
            }
            return sum;
        }

        /** As RDKit has them; the CDK's natural masses have more digits, and other elements are taken from there. */
        private static double weight(IAtom atom) {
            return switch (atom.getAtomicNumber()) {
                case IElement.H -> 1.008;
                case IElement.B -> 10.812;
                case IElement.C -> 12.011;
                case IElement.N -> 14.007;
                case IElement.O -> 15.999;
                case IElement.F -> 18.998;
                case IElement.Si -> 28.086;
                case IElement.P -> 30.974;
                case IElement.S -> 32.067;
                case IElement.Cl -> 35.453;
                case IElement.Se -> 78.96;
                case IElement.Br -> 79.904;
                case IElement.I -> 126.904;
                default -> {
                    IAtomContainer alone = atom.getBuilder().newAtomContainer();
                    alone.newAtom(atom.getAtomicNumber(), 0);
                    yield AtomContainerManipulator.getMass(alone, AtomContainerManipulator.MolWeight);
                }
            };
        }
    }

    /**
     * The fingerprint of so many bits, packed.
     *
     * @param bits a power of two, at least 64
     */
    public long[] fingerprint(int bits) {
        long[] packed = new long[bits / Long.SIZE];
        for (int id : morgan) {
            int bit = Integer.remainderUnsigned(id, bits);
            packed[bit / Long.SIZE] |= 1L << bit;
        }
        return packed;
    }
}
