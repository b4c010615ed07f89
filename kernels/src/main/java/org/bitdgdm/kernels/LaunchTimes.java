package org.bitdgdm.kernels;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Seconds of the device in launches on one stream, by kernel, each between two events. Not while a step is captured. */
final class LaunchTimes {
    private final CudaDriver driver;
    private final List<Timed> timed = new ArrayList<>();

    private record Timed(String kernel, long before, long after) {
    }

    LaunchTimes(CudaDriver driver) {
        this.driver = driver;
    }

    /** Makes a launch. */
    void around(String kernel, long stream, Runnable launch) {
        long before = driver.newEvent();
        long after = driver.newEvent();
        timed.add(new Timed(kernel, before, after));
        driver.recordEvent(before, stream);
        launch.run();
        driver.recordEvent(after, stream);
    }

    /** Sums by kernel, in the order of their first launches; the stream must have been waited for. */
    Map<String, Double> seconds() {
        Map<String, Double> seconds = new LinkedHashMap<>();
        for (Timed one : timed) {
            seconds.merge(one.kernel, driver.secondsBetween(one.before, one.after), Double::sum);
        }
        return seconds;
    }

    void free() {
        for (Timed one : timed) {
            driver.freeEvent(one.after);
            driver.freeEvent(one.before);
        }
        timed.clear();
    }
}
