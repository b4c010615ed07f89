/**
 * What the user asked for: options of the command line and keys of the HOCON file, as validated records.
 *
 * <p>Not here: anything that reads a model, a graph or Spark.
 */
package org.bitdgdm.conf;
