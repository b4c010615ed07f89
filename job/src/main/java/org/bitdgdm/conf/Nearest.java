package org.bitdgdm.conf;

import java.util.Collection;
import java.util.Comparator;

/** The known name that an unknown one was probably meant to be. */
public final class Nearest {
    private static final int LONGEST = 100;

    private Nearest() {
    }

    /**
     * The known name of the smallest edit distance, a name cut short counting as one edit; the first of equals. Dotted keys
     * are also compared by their last part, so that a key in the wrong section is found.
     *
     * @param known not empty
     */
    public static String of(String name, Collection<String> known) {
        // What is longer than every name is near to none; a file may hold a key of any length.
        String found = name.substring(0, Math.min(name.length(), LONGEST));
        return known.stream().min(Comparator.<String>comparingInt(k ->
            Math.min(edits(found, k), edits(last(found), last(k)))).thenComparingInt(k -> distance(found, k)))
            .orElseThrow();
    }

    private static int edits(String found, String known) {
        return known.startsWith(found) && !known.equals(found) ? 1 : distance(found, known);
    }

    private static String last(String key) {
        return key.substring(key.lastIndexOf('.') + 1);
    }

    /** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment) between two names. */
    static int distance(String a, String b) {
        int[][] d = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    d[i][j] = i + j;
                    continue;
                }
                boolean same = a.charAt(i - 1) == b.charAt(j - 1);
                d[i][j] = Math.min(d[i - 1][j - 1] + (same ? 0 : 1), 1 + Math.min(d[i - 1][j], d[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    d[i][j] = Math.min(d[i][j], d[i - 2][j - 2] + 1);
                }
            }
        }
        return d[a.length()][b.length()];
    }
}
