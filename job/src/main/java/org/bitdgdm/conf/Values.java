package org.bitdgdm.conf;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;

/** Records back to key → value, for {@code run.json}: what a run did is readable in the words it was asked with. */
final class Values {
    private final Map<Option, Object> values = new EnumMap<>(Option.class);

    void put(Option option, Object value) {
        values.put(option, value);
    }

    void put(QuantizeConf quantize) {
        values.putAll(quantize.values());
    }

    void put(RecipeConf recipe) {
        put(Option.RECIPE, recipe.recipe());
        put(Option.BUDGET, recipe.budget());
        put(Option.CANDIDATE, recipe.candidates().stream().map(Overrides::text).toList());
    }

    void put(SampleConf sample) {
        put(Option.COUNT, sample.count());
        put(Option.STEPS, sample.steps());
        put(Option.SCHEDULE, sample.schedule());
        put(Option.SAMPLER, sample.sampler().sampler());
        put(Option.ETA, sample.sampler().eta());
        put(Option.OMEGA, sample.sampler().omega());
        put(Option.DISTORTION, sample.sampler().distortion());
        put(Option.STOCHASTICITY, sample.sampler().stochasticity());
        put(Option.NUM_ATOMS, sample.sampler().atoms());
        put(Option.SCAFFOLD, sample.sampler().scaffold());
        put(Option.SEED, sample.seed());
        put(Option.BATCH_SIZE, sample.batchSize());
        put(Option.SHARD_SIZE, sample.shardSize());
        putBackend(sample);
    }

    /** What computes. */
    void putBackend(SampleConf sample) {
        put(Option.BACKEND, sample.backend());
        put(Option.CPU_ISA, sample.cpuIsa());
        put(Option.CUDA_PRECISION, sample.cudaPrecision());
        put(Option.NATIVE_DIRECTORY, sample.nativeDirectory());
    }

    void put(FoldConf fold) {
        put(Option.STRUCTURES, fold.structures());
        put(Option.CHAINS, String.join(",", fold.chains()));
        put(Option.SAMPLES, fold.samples());
        put(Option.TRANSITION, fold.transition());
        put(Option.DIVERSE, fold.diverse());
        put(Option.FIX, fold.fix().stream().map(FoldConf.Fixed::toString).toList());
        put(Option.LOG_PROBABILITIES, fold.logProbabilities());
    }

    void put(FidelityConf fidelity) {
        put(Option.FIDELITY, fidelity.graphs());
        put(Option.FIDELITY_STEPS, fidelity.steps());
    }

    /** The graphs and steps of the scan of single layers. */
    void putScan(FidelityConf scan) {
        put(Option.SENSITIVITY, scan.graphs());
        put(Option.SENSITIVITY_STEPS, scan.steps());
    }

    void put(LikelihoodConf likelihood) {
        put(Option.LIKELIHOOD, likelihood.file());
        put(Option.LIKELIHOOD_TIMES, likelihood.times());
    }

    void put(OutputConf output) {
        put(Option.OUT, output.out());
        put(Option.REQUIRE, output.require().stream().map(Requirement::toString).toList());
        put(Option.REFERENCE, output.reference());
        put(Option.TEST_SET, output.tests());
        put(Option.SCAFFOLD_TEST_SET, output.scaffolds());
        put(Option.CHEMNET, output.chemNet());
        put(Option.PROTOCOL, output.protocol());
    }

    Map<String, Object> map() {
        Map<String, Object> map = new LinkedHashMap<>();
        values.forEach((option, value) -> map.put(option.key(), value));
        return map;
    }
}
