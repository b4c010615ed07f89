package org.bitdgdm.molecule;

import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.bitdgdm.conf.InputException;

/**
 * Where the SMILES stands in the lines of a list. The first line is a header where one of its fields is the name of a column of
 * SMILES, in whatever case; it says whether fields end at commas, tabs, semicolons, those outside of quotes, or blanks. Without
 * a header the first line does: fields end at the first of these that it has. No SMILES holds any of them; further fields are
 * ignored, and so is what follows the SMILES after a blank, a name or an extension.
 *
 * @param separator of fields; a blank stands for any number of them, the end of the line for none
 * @param index     of the field, from 0
 * @param header    whether the first line is one
 * @param name      what a header has in place of a SMILES; empty where there is none, or it could be one
 */
public record SmilesColumn(char separator, int index, boolean header, String name) implements Serializable {
    private static final List<String> NAMES = List.of("smiles", "canonical_smiles", "isomeric_smiles", "smi");
    private static final char NONE = '\n';
    private static final char BLANKS = ' ';
    private static final List<Character> SEPARATORS = List.of(',', '\t', ';');
    private static final char QUOTE = '"';
    /** Before a field whose quotes the line does not close; in no line itself, as it is where lines end. */
    private static final char OPEN = '\n';

    /**
     * The column of a list.
     *
     * @param first line of the list that is not blank
     * @param named column that the user asks for; empty: the first that is called SMILES, else the first one
     * @throws InputException where there is no column of that name
     */
    public static SmilesColumn of(String first, String named) {
        List<Character> possible = new ArrayList<>(List.of(NONE));
        SEPARATORS.stream().filter(separator -> fields(first, separator).size() > 1).forEach(possible::add);
        possible.add(BLANKS);
        for (char separator : possible) {
            List<String> fields = fields(first, separator);
            for (int k = 0; k < fields.size(); k++) {
                boolean found = named.isEmpty() ? NAMES.contains(fields.get(k).toLowerCase(Locale.ROOT).replace(' ', '_'))
                    : named.strip().equals(fields.get(k));
                if (found) {
                    return new SmilesColumn(separator, k, true, name(TextLines.firstWord(fields.get(k))));
                }
            }
        }
        char separator = possible.get(1);
        if (!named.isEmpty()) {
            throw new InputException("--smiles-column must be a column of the first line, found " + named + " where it has "
                + String.join(", ", fields(first, separator)) + "; give one of these names");
        }
        return new SmilesColumn(separator == BLANKS ? NONE : separator, 0, false, "");
    }

    /**
     * The SMILES of a line; empty where the line has too few fields. What a line leaves in quotes goes on in the next, which
     * whoever reads a list in pieces would take for a molecule of its own.
     *
     * @param file   of the line, for messages
     * @param number of the line, for messages
     * @throws InputException where a quoted field does not end in the line
     */
    public String of(String line, Path file, long number) {
        List<String> fields = fields(line, separator);
        if (fields.get(fields.size() - 1).indexOf(OPEN) == 0) {
            throw TextLines.malformed(file, number, "a quote opens a field and none in the line closes it, found '"
                + InputException.excerpt(fields.get(fields.size() - 1).substring(1)) + "'; a line must hold a molecule, so"
                + " write the list without line breaks in its fields, or with the SMILES column alone");
        }
        return index < fields.size() ? TextLines.firstWord(fields.get(index)) : "";
    }

    private static String name(String word) {
        try {
            OpenSmiles.read(word);
            return "";
        } catch (OpenSmiles.Fault e) {
            return word;
        }
    }

    /** Whether what {@link #of(String, Path, long)} has found behind the first line is a header again. */
    public boolean isAgain(String smiles) {
        return !name.isEmpty() && name.equals(smiles);
    }

    /**
     * What is told of such a line: files that were joined with their headers would count these as graphs.
     *
     * @param number of the line
     */
    public InputException again(Path file, long number) {
        return TextLines.malformed(file, number, "the names of columns stand here again, found '" + InputException.excerpt(name)
            + "', which is no molecule; take them out of a list that is joined of several");
    }

    /**
     * The same as {@link #of(String, Path, long)} of a line behind the header.
     *
     * @throws InputException where a quoted field does not end in the line, or the line is the header again
     */
    public String row(String line, Path file, long number) {
        String smiles = of(line, file, number);
        if (isAgain(smiles)) {
            throw again(file, number);
        }
        return smiles;
    }

    private static List<String> fields(String line, char separator) {
        if (separator == BLANKS) {
            return List.of(line.strip().split("\\s+"));
        }
        List<String> fields = new ArrayList<>();
        StringBuilder field = new StringBuilder();
        boolean quoted = false;
        for (int at = 0; at < line.length(); at++) {
            char next = line.charAt(at);
            // Quotes are signs like others unless a field begins with one.
            if (next == QUOTE && (quoted || field.toString().isBlank())) {
                // Two of them in quotes are one of the text.
                boolean doubled = quoted && at + 1 < line.length() && line.charAt(at + 1) == QUOTE;
                at += doubled ? 1 : 0;
                quoted = doubled || !quoted;
                field.append(doubled ? String.valueOf(QUOTE) : "");
            } else if (next == separator && !quoted) {
                fields.add(field.toString().strip());
                field.setLength(0);
            } else {
                field.append(next);
            }
        }
        fields.add((quoted ? OPEN : "") + field.toString().strip());
        return fields;
    }
}
