package org.bitdgdm.recipe;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bitdgdm.conf.Method;
import org.bitdgdm.conf.Option;
import org.bitdgdm.fidelity.SensitivityScan;
import org.bitdgdm.kernels.NetworkSpec;
import org.bitdgdm.kernels.PackedLinear;
import org.bitdgdm.kernels.PackedNetwork;
import org.bitdgdm.quantize.LayerReport;
import org.bitdgdm.quantize.QuantizedModel;

/**
 * What a recipe is chosen from: full precision, and settings with what they do to each layer of the blocks. A choice is an
 * index of a candidate for each of these layers; layers that read the same input always have the same one, so that codes of
 * it are made once.
 *
 * @param <M> form of the models
 */
final class Candidates<M extends PackedNetwork> {
    /** What a byte counts besides time: decides between layers of equal time, never otherwise. */
    private static final double SECONDS_PER_BYTE = 1e-16;

    private final M full;
    private final LayerRates.Cost costs;
    /** Indices into {@link PackedNetwork#linears()}. */
    private final List<Integer> blocks = new ArrayList<>();
    /** Indices into {@link #blocks}, by the layers that read one input. */
    private final List<List<Integer>> groups;
    private final List<Candidate<M>> all = new ArrayList<>();

    /**
     * Settings, and what they do to each layer of the blocks.
     *
     * @param settings   over those of the run
     * @param model      the whole model quantized with them
     * @param alone      divergence of its layers, each alone
     * @param divergence (blocks) the same, 0 where a layer stays in full precision
     * @param seconds    (blocks) predicted time of each, for one graph and step
     * @param bytes      (blocks) size of each
     * @param <M>        form of the model
     */
    record Candidate<M extends PackedNetwork>(Map<String, String> settings, M model, List<SensitivityScan.OfLayer> alone,
                                              double[] divergence, double[] seconds, double[] bytes) {
    }

    /** Full precision, which is the first candidate. */
    Candidates(M full, LayerRates.Cost costs) {
        this.full = full;
        this.costs = costs;
        List<PackedLinear> linears = full.linears();
        Map<String, List<Integer>> inputs = new LinkedHashMap<>();
        for (int layer = 0; layer < linears.size(); layer++) {
            NetworkSpec.Layer spec = full.spec().layer(linears.get(layer).name);
            if (spec.quantized()) {
                inputs.computeIfAbsent(spec.firstWithInput(), none -> new ArrayList<>()).add(blocks.size());
                blocks.add(layer);
            }
        }
        this.groups = List.copyOf(inputs.values());
        add(Map.of(Option.METHOD.word(), Method.FP32.toString()), full, List.of(), List.of());
    }

    /** Adds settings. */
    Candidate<M> add(Map<String, String> settings, QuantizedModel<M> quantized, List<SensitivityScan.OfLayer> alone) {
        return add(settings, quantized.model(), quantized.layers(), alone);
    }

    private Candidate<M> add(Map<String, String> settings, M model, List<LayerReport> reports,
                             List<SensitivityScan.OfLayer> alone) {
        Map<String, Double> divergenceOf = new LinkedHashMap<>();
        alone.forEach(one -> divergenceOf.put(one.layer(), one.graph().value()));
        double[] divergence = new double[blocks.size()];
        double[] seconds = new double[blocks.size()];
        double[] bytes = new double[blocks.size()];
        for (int at = 0; at < blocks.size(); at++) {
            PackedLinear layer = model.linears().get(blocks.get(at));
            divergence[at] = divergenceOf.getOrDefault(layer.name, 0.0);
            seconds[at] = costs.seconds(layer, reports.isEmpty() ? Double.NaN : reports.get(blocks.get(at)).outlierShare());
            bytes[at] = layer.bytes();
        }
        Candidate<M> candidate = new Candidate<>(settings, model, alone, divergence, seconds, bytes);
        all.add(candidate);
        return candidate;
    }

    /** All, full precision first. */
    List<Candidate<M>> all() {
        return all;
    }

    /** Layers that a choice is made for. */
    int layers() {
        return blocks.size();
    }

    /** The choice of one candidate for all layers. */
    int[] uniform(int candidate) {
        int[] choices = new int[blocks.size()];
        Arrays.fill(choices, candidate);
        return choices;
    }

    /** The cheapest choice whose divergences add up to no more than a budget above 0. */
    int[] choose(double budget) {
        double[][] cost = new double[groups.size()][all.size()];
        double[][] loss = new double[groups.size()][all.size()];
        for (int group = 0; group < groups.size(); group++) {
            for (int choice = 0; choice < all.size(); choice++) {
                Candidate<M> candidate = all.get(choice);
                for (int at : groups.get(group)) {
                    cost[group][choice] += candidate.seconds()[at] + SECONDS_PER_BYTE * candidate.bytes()[at];
                    loss[group][choice] += candidate.divergence()[at];
                }
            }
        }
        // Full precision has no loss, so that there always is a choice.
        int[] ofGroups = Knapsack.solve(cost, loss, budget);
        int[] choices = new int[blocks.size()];
        for (int group = 0; group < groups.size(); group++) {
            for (int at : groups.get(group)) {
                choices[at] = ofGroups[group];
            }
        }
        return choices;
    }

    /** The sum of the divergences of a choice. */
    double divergence(int[] choices) {
        double sum = 0;
        for (int at = 0; at < choices.length; at++) {
            sum += all.get(choices[at]).divergence()[at];
        }
        return sum;
    }

    /** Predicted time of the layers of a choice, for one graph and step. */
    double seconds(int[] choices) {
        double sum = 0;
        for (int at = 0; at < choices.length; at++) {
            sum += all.get(choices[at]).seconds()[at];
        }
        return sum;
    }

    /** The settings of each layer of a choice. */
    Map<String, Map<String, String>> settings(int[] choices) {
        Map<String, Map<String, String>> settings = new LinkedHashMap<>();
        for (int at = 0; at < choices.length; at++) {
            settings.put(full.linears().get(blocks.get(at)).name, all.get(choices[at]).settings());
        }
        return settings;
    }

    /** What each quantized layer of a choice does alone. */
    List<SensitivityScan.OfLayer> alone(int[] choices) {
        List<SensitivityScan.OfLayer> alone = new ArrayList<>();
        for (int at = 0; at < choices.length; at++) {
            String name = full.linears().get(blocks.get(at)).name;
            all.get(choices[at]).alone().stream().filter(one -> one.layer().equals(name)).forEach(alone::add);
        }
        return alone;
    }
}
