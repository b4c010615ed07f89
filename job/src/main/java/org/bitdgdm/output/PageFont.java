package org.bitdgdm.output;

import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.font.FontRenderContext;
import java.awt.font.LineMetrics;
import java.awt.font.TextAttribute;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.text.AttributedCharacterIterator;
import java.util.Map;

/**
 * The font of the page that shows a chart, as far as the machine that draws it can know it: a size, and the usual widths of
 * a sans-serif face. Which face it is, the reader's browser decides.
 *
 * <p>AWT would measure text with the fonts of this machine: a container without any fails, and two machines lay out the same
 * chart differently. This font never asks AWT, so charts need no fonts and do not depend on them.
 */
final class PageFont extends Font {
    private static final long serialVersionUID = 1;
    private static final float ASCENT = 0.8f;
    private static final float DESCENT = 0.2f;
    private static final String NARROW = "iljtfrI.,:;|!'()[]{} /-";
    private static final String WIDE = "mwMW@%";

    /** @param size height of a line in user units of the SVG */
    PageFont(int size) {
        super(SANS_SERIF, PLAIN, size);
    }

    /** What the page says: no family here, the style sheet names it. */
    @Override
    public String getFamily() {
        return "inherit";
    }

    @Override
    public Font deriveFont(AffineTransform transform) {
        return this;
    }

    @Override
    public Font deriveFont(Map<? extends AttributedCharacterIterator.Attribute, ?> attributes) {
        return attributes.get(TextAttribute.SIZE) instanceof Number size ? new PageFont(size.intValue()) : this;
    }

    /** Width of a line of text in user units, within about a tenth of what browsers draw. */
    double width(String text) {
        double em = 0;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            em += NARROW.indexOf(c) >= 0 ? 0.31 : WIDE.indexOf(c) >= 0 ? 0.86 : Character.isUpperCase(c) ? 0.68 : 0.56;
        }
        return em * getSize();
    }

    FontMetrics metrics() {
        return new Metrics(this);
    }

    @Override
    public Rectangle2D getStringBounds(String text, FontRenderContext context) {
        return new Rectangle2D.Double(0, -ASCENT * getSize(), width(text), (ASCENT + DESCENT) * getSize());
    }

    @Override
    public LineMetrics getLineMetrics(String text, FontRenderContext context) {
        return new Line(text.length(), getSize());
    }

    private static final class Metrics extends FontMetrics {
        private static final long serialVersionUID = 1;

        Metrics(PageFont font) {
            super(font);
        }

        @Override
        public int getAscent() {
            return Math.round(ASCENT * font.getSize());
        }

        @Override
        public int getDescent() {
            return Math.round(DESCENT * font.getSize());
        }

        @Override
        public int charWidth(char c) {
            return stringWidth(String.valueOf(c));
        }

        @Override
        public int charWidth(int codePoint) {
            return stringWidth(Character.toString(codePoint));
        }

        @Override
        public int charsWidth(char[] data, int offset, int length) {
            return stringWidth(new String(data, offset, length));
        }

        @Override
        public int stringWidth(String text) {
            return (int) Math.ceil(((PageFont) font).width(text));
        }

        @Override
        public Rectangle2D getStringBounds(String text, Graphics context) {
            return font.getStringBounds(text, (FontRenderContext) null);
        }

        @Override
        public LineMetrics getLineMetrics(String text, Graphics context) {
            return font.getLineMetrics(text, (FontRenderContext) null);
        }
    }

    private static final class Line extends LineMetrics {
        private final int characters;
        private final float size;

        Line(int characters, float size) {
            this.characters = characters;
            this.size = size;
        }

        @Override
        public int getNumChars() {
            return characters;
        }

        @Override
        public float getAscent() {
            return ASCENT * size;
        }

        @Override
        public float getDescent() {
            return DESCENT * size;
        }

        @Override
        public float getLeading() {
            return 0;
        }

        @Override
        public float getHeight() {
            return (ASCENT + DESCENT) * size;
        }

        @Override
        public int getBaselineIndex() {
            return Font.ROMAN_BASELINE;
        }

        @Override
        public float[] getBaselineOffsets() {
            return new float[3];
        }

        @Override
        public float getStrikethroughOffset() {
            return -0.3f * size;
        }

        @Override
        public float getStrikethroughThickness() {
            return 0.05f * size;
        }

        @Override
        public float getUnderlineOffset() {
            return 0.1f * size;
        }

        @Override
        public float getUnderlineThickness() {
            return 0.05f * size;
        }
    }
}
