package org.bitdgdm.recipe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** The choice against all choices there are. */
class KnapsackTest {

    @Test
    void findsTheCheapestChoiceWithinTheBudget() {
        Random random = new Random(5);
        for (int trial = 0; trial < 50; trial++) {
            int items = 1 + random.nextInt(6);
            int choices = 1 + random.nextInt(4);
            double[][] cost = new double[items][choices];
            double[][] loss = new double[items][choices];
            for (int item = 0; item < items; item++) {
                for (int choice = 1; choice < choices; choice++) {
                    loss[item][choice] = random.nextDouble();
                    cost[item][choice] = random.nextDouble();
                }
                cost[item][0] = 1 + random.nextDouble();
            }
            double budget = 0.05 + random.nextDouble() * items / 2;
            int[] found = Knapsack.solve(cost, loss, budget);
            assertThat(sum(loss, found)).isLessThanOrEqualTo(budget);
            // Rounding costs less than a unit for each item.
            assertThat(sum(cost, found)).isLessThanOrEqualTo(
                cheapest(cost, loss, budget * (1 - (double) items / Knapsack.UNITS), 0, 0, 0) + 1e-12);
            assertThat(sum(cost, found)).isGreaterThanOrEqualTo(cheapest(cost, loss, budget, 0, 0, 0) - 1e-12);
        }
    }

    @Test
    void takesAllOfABudgetThatFitsExactly() {
        int[] found = Knapsack.solve(new double[][] {{5, 1}, {5, 2}}, new double[][] {{0, 0.5}, {0, 0.5}}, 1);
        assertThat(found).containsExactly(1, 1);
        found = Knapsack.solve(new double[][] {{5, 1}, {5, 2}}, new double[][] {{0, 0.5}, {0, 0.50001}}, 1);
        assertThat(sum(new double[][] {{5, 1}, {5, 2}}, found)).isCloseTo(6, within(0.0));
    }

    @Test
    void saysWhenNothingFits() {
        assertThat(Knapsack.solve(new double[][] {{1}}, new double[][] {{2}}, 1)).isNull();
        assertThat(Knapsack.solve(new double[][] {{1, 9}}, new double[][] {{Double.POSITIVE_INFINITY, 0}}, 1))
            .containsExactly(1);
    }

    private static double cheapest(double[][] cost, double[][] loss, double budget, int item, double spent, double lost) {
        if (lost > budget) {
            return Double.POSITIVE_INFINITY;
        }
        if (item == cost.length) {
            return spent;
        }
        double best = Double.POSITIVE_INFINITY;
        for (int choice = 0; choice < cost[item].length; choice++) {
            best = Math.min(best, cheapest(cost, loss, budget, item + 1, spent + cost[item][choice],
                lost + loss[item][choice]));
        }
        return best;
    }

    private static double sum(double[][] values, int[] choices) {
        double sum = 0;
        for (int item = 0; item < choices.length; item++) {
            sum += values[item][choices[item]];
        }
        return sum;
    }
}
