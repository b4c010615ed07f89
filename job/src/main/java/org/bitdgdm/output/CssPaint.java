package org.bitdgdm.output;

import java.awt.Paint;
import java.awt.PaintContext;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.ColorModel;

/** A colour that the page's style sheet decides, so that one drawing serves light, dark and printed pages. */
enum CssPaint implements Paint {
    /** What the run generated. */
    GENERATED("--generated"),
    /** What it is compared with. */
    REFERENCE("--reference"),
    /** Single values. */
    POINT("--accent"),
    TEXT("--muted"),
    GRID("--grid"),
    AXIS("--axis");

    private final String variable;

    CssPaint(String variable) {
        this.variable = variable;
    }

    /** As a value of {@code fill} or {@code stroke}. */
    String css() {
        return "var(" + variable + ")";
    }

    @Override
    public int getTransparency() {
        return OPAQUE;
    }

    @Override
    public PaintContext createContext(ColorModel model, Rectangle device, Rectangle2D user, AffineTransform transform,
                                      RenderingHints hints) {
        throw new UnsupportedOperationException("colour " + variable + " exists only in SVG");
    }
}
