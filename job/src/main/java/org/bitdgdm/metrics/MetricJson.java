package org.bitdgdm.metrics;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.json.JsonMapper;
import org.bitdgdm.conf.Json;

/** How the records of this package are written as JSON: keys in snake_case, nothing unknown, nothing twice. */
final class MetricJson {
    static final JsonMapper MAPPER = Json.MAPPER.rebuild()
        .propertyNamingStrategy(PropertyNamingStrategies.SNAKE_CASE)
        .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
        .build();

    private MetricJson() {
    }
}
