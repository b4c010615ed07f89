package org.bitdgdm.family;

import java.util.List;
import java.util.Map;

/**
 * What pages and consoles say of graphs of a family.
 *
 * @param many         what they are called, such as molecules
 * @param headline     names of the metrics at the top
 * @param introduction what the metrics have in common
 * @param meanings     what a metric counts, in one line, by name
 * @param labels       what a metric is called, by name, where its name says it badly
 * @param axes         what a distribution is called and counts, by name: a label, and what stands after a comma; may be empty
 * @param none         said where there is nothing to draw
 * @param shown        what the drawn ones are, after their number
 * @param refused      title of those that are refused
 * @param refusedNote  which they are
 * @param kept         title of what was kept of them; empty where nothing ever is
 * @param definitions  how things are counted: a term and its meaning each
 */
public record FamilyWords(
    String many, List<String> headline, String introduction, Map<String, String> meanings, Map<String, String> labels,
    Map<String, List<String>> axes, String none, String shown, String refused, String refusedNote, String kept,
    List<List<String>> definitions) {
}
