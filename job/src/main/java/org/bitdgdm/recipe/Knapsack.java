package org.bitdgdm.recipe;

import java.util.Arrays;

/**
 * One choice for every item, of least cost, whose losses add up to no more than a budget: the multiple-choice knapsack
 * (Kellerer, Pferschy and Pisinger, "Knapsack Problems", 2004, chapter 11), solved exactly by dynamic programming over
 * losses in units of the budget ÷ {@value #UNITS}, each rounded up, so that a choice never exceeds the budget.
 */
final class Knapsack {
    /** Parts that the budget is cut into: items lose less than one each to rounding. */
    static final int UNITS = 20_000;

    private Knapsack() {
    }

    /**
     * The choice of every item.
     *
     * @param cost   (items, choices) at least 0
     * @param loss   (items, choices) at least 0; infinite: not to be chosen
     * @param budget above 0
     * @return (items) index of the choice; null if no choice is within the budget
     */
    static int[] solve(double[][] cost, double[][] loss, double budget) {
        // (UNITS+1) least cost of the items so far at a loss of exactly so many units.
        double[] least = new double[UNITS + 1];
        Arrays.fill(least, Double.POSITIVE_INFINITY);
        least[0] = 0;
        int[][] taken = new int[cost.length][UNITS + 1];
        for (int item = 0; item < cost.length; item++) {
            double[] next = new double[UNITS + 1];
            Arrays.fill(next, Double.POSITIVE_INFINITY);
            for (int choice = 0; choice < cost[item].length; choice++) {
                double units = Math.ceil(loss[item][choice] / budget * UNITS);
                if (!(units <= UNITS)) {
                    continue;
                }
                int step = (int) units;
                for (int used = 0; used + step <= UNITS; used++) {
                    double sum = least[used] + cost[item][choice];
                    if (sum < next[used + step]) {
                        next[used + step] = sum;
                        taken[item][used + step] = choice;
                    }
                }
            }
            least = next;
        }
        int best = 0;
        for (int used = 1; used <= UNITS; used++) {
            best = least[used] < least[best] ? used : best;
        }
        if (least[best] == Double.POSITIVE_INFINITY) {
            return null;
        }
        int[] choices = new int[cost.length];
        for (int item = cost.length - 1; item >= 0; item--) {
            choices[item] = taken[item][best];
            best -= (int) Math.ceil(loss[item][choices[item]] / budget * UNITS);
        }
        return choices;
    }
}
