# SMILES of drug-like molecules that nobody has made: a ring with two arms, each a linker and an end; few of them repeat.
#
#   awk -v first=N -v count=N -f docs/results/drug-like.awk
#
# The molecule of a number is the same in every run; numbers go through a permutation, so that neighbours differ in all parts.
BEGIN {
  ends = split("C CC C(C)C C1CC1 C1CCCC1 C1CCCCC1 C1CCOCC1 C1CCOC1 c1ccccc1 c1ccc(F)cc1 c1ccc(Cl)cc1 c1ccc(C)cc1 c1ccc(OC)cc1" \
    " c1cccc(F)c1 c1cccc(Cl)c1 c1cccc(C)c1 c1cccc(OC)c1 c1ccccc1F c1ccccc1Cl c1ccccc1C c1ccncc1 c1cccnc1 c1ccccn1 c1ccco1 c1ccsc1" \
    " c1cccs1 c1ccc(C#N)cc1 c1ncccn1 c1cnccn1 c1ccc2c(c1)OCO2 CCOC CCO CC(=O)N CCC#N CCS(C)(=O)=O C1CCN(C)CC1 c1cnn(C)c1 c1nc(C)cs1" \
    " c1ccc(Br)cc1 c1cc(C)on1", end, " ")
  links = split("C(=O)N NC(=O) C(=O)O CC(=O)N S(=O)(=O)N OC N NC CO CC(=O)O C(=O)NC C(=O)NCC SC CS(=O)(=O)N CNC(=O) O", link, " ")
  chains = split("- C CC", chain, " ")
  cores = split("c8(@)ccc(@)cc8 c8(@)cccc(@)c8 c8(@)ccccc8@ c8(@)ccc(@)nc8 c8(@)cnc(@)nc8 c8(@)csc(@)n8 c8(@)coc(@)n8 c8(@)nnc(@)o8" \
    " c8(@)nnc(@)s8 C8(@)CCN(@)CC8 C8(@)CCCN(@)C8 N8(@)CCN(@)CC8 N8(@)CCC(@)CC8 N8(@)CCCC8@ c8(@)cc(@)nn8C c8(@)ccc9[nH]c(@)cc9c8" \
    " c8(@)ccc9nc(@)sc9c8 c8(@)ccc9oc(@)cc9c8 C8(@)CC8@ c8(@)ncc(@)s8 C8(@)CCC(@)CC8 c8(@)cc(@)ccc8C c8(@)cc(@)ccc8F" \
    " N8(@)CCCC(@)C8 c8(@)nc(@)no8", core, " ")
  all = ends * links * cores * links * chains * ends
  # A prime that does not divide all.
  step = 104729
  for (k = first; k < first + count; k++) {
    at = (k * step) % all
    one = link[at % links + 1]; at = int(at / links)
    left = end[at % ends + 1]; at = int(at / ends)
    smiles = core[at % cores + 1]; at = int(at / cores)
    two = link[at % links + 1]; at = int(at / links)
    between = chain[at % chains + 1]; at = int(at / chains)
    sub(/@/, one left, smiles)
    sub(/@/, two (between == "-" ? "" : between) end[at % ends + 1], smiles)
    print smiles
  }
}
