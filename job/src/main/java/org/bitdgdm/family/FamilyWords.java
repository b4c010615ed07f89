package org.bitdgdm.family;

import java.util.List;

/**
 * What pages and consoles say of graphs of a family.
 *
 * @param many         what they are called, such as molecules
 * @param introduction what the metrics have in common
 * @param none         said where there is nothing to draw
 * @param shown        what the drawn ones are, after their number
 * @param refused      title of those that are refused
 * @param refusedNote  which they are
 * @param kept         title of what was kept of them; empty where nothing ever is
 * @param definitions  how things are counted: a term and its meaning each
 */
public record FamilyWords(
    String many, String introduction, String none, String shown, String refused, String refusedNote, String kept,
    List<List<String>> definitions) {
}
