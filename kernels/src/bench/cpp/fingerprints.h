// Comparisons of fingerprints beside what the units of a core could do.
#pragma once

#include "stopwatch.h"

namespace bitdgdm {

// Prints the peaks of counting bits, then pairs of fingerprints of 1,024 and 2,048 bits by the product's loops and by one word
// at a time; nothing of vectors where the processor cannot count their bits. Fails where the loops disagree.
void fingerprints(const Patience& patience);

}  // namespace bitdgdm
