package org.bitdgdm.output;

import java.awt.Dimension;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics;
import java.awt.Paint;
import java.awt.PaintContext;
import java.awt.Rectangle;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.font.FontRenderContext;
import java.awt.geom.AffineTransform;
import java.awt.geom.Rectangle2D;
import java.awt.image.ColorModel;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.apache.batik.svggen.DefaultExtensionHandler;
import org.apache.batik.svggen.SVGGeneratorContext;
import org.apache.batik.svggen.SVGGraphics2D;
import org.apache.batik.svggen.SVGPaintDescriptor;
import org.apache.batik.svggen.StyleHandler;
import org.w3c.dom.Document;
import org.w3c.dom.Element;

/**
 * A Graphics2D whose drawing becomes an SVG element: colours are names of the style sheet, text is measured without the
 * fonts of this machine, and nothing is clipped (charts draw inside their bounds; clip paths would need page-wide ids).
 */
final class SvgCanvas extends SVGGraphics2D {
    private static final String NAMESPACE = "http://www.w3.org/2000/svg";
    /** What the page decides, or every browser does by itself. */
    private static final Set<String> LEFT_TO_PAGE = Set.of("font-family", "font-style", "font-weight", "color-interpolation",
        "color-rendering", "image-rendering", "shape-rendering", "text-rendering", "clip-path");

    private SvgCanvas(SVGGeneratorContext context) {
        super(context, false);
    }

    private SvgCanvas(SvgCanvas parent) {
        super(parent);
    }

    /**
     * What {@code drawing} draws, as an {@code svg} element that scales with its width.
     *
     * @param width  user units
     * @param height user units
     */
    static Element draw(int width, int height, Consumer<SvgCanvas> drawing) {
        SVGGeneratorContext context = SVGGeneratorContext.createDefault(newDocument());
        context.setComment(null);
        context.setExtensionHandler(new DefaultExtensionHandler() {
            @Override
            public SVGPaintDescriptor handlePaint(Paint paint, SVGGeneratorContext generator) {
                return paint instanceof Colour named ? new SVGPaintDescriptor(named.css(), "1")
                    : super.handlePaint(paint, generator);
            }
        });
        context.setStyleHandler(new PageStyle());
        SVGGeneratorContext.GraphicContextDefaults defaults = new SVGGeneratorContext.GraphicContextDefaults();
        defaults.setFont(new PageFont(12));
        defaults.setPaint(Colour.TEXT);
        context.setGraphicContextDefaults(defaults);

        SvgCanvas canvas = new SvgCanvas(context);
        canvas.setSVGCanvasSize(new Dimension(width, height));
        drawing.accept(canvas);
        Element root = canvas.getRoot();
        root.setAttribute("viewBox", "0 0 " + width + " " + height);
        return root;
    }

    private static Document newDocument() {
        try {
            return DocumentBuilderFactory.newDefaultInstance().newDocumentBuilder().getDOMImplementation()
                .createDocument(NAMESPACE, "svg", null);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("the JDK's own XML parser refuses its default configuration", e);
        }
    }

    @Override
    public Graphics create() {
        return new SvgCanvas(this);
    }

    @Override
    public FontMetrics getFontMetrics(Font font) {
        if (font instanceof PageFont page) {
            return page.metrics();
        }
        throw new IllegalStateException("a chart measures text in " + font.getName() + ", which is not a PageFont");
    }

    @Override
    public FontRenderContext getFontRenderContext() {
        return new FontRenderContext(null, true, true);
    }

    @Override
    public void clip(Shape shape) {
        // See the class comment.
    }

    @Override
    public void setClip(Shape shape) {
        // See the class comment.
    }

    /** Writes properties where custom properties of CSS may stand in them, in one order. */
    private static final class PageStyle implements StyleHandler {
        /** Batik declares the map without types; both sides are strings. */
        @Override
        @SuppressWarnings({"rawtypes", "unchecked"})
        public void setStyle(Element element, Map properties, SVGGeneratorContext generator) {
            StringBuilder style = new StringBuilder();
            new TreeMap<Object, Object>(properties).forEach((name, value) -> {
                if (!LEFT_TO_PAGE.contains(name)) {
                    style.append(name).append(':').append(value).append(';');
                }
            });
            if (!style.isEmpty()) {
                element.setAttribute("style", style.toString());
            }
        }
    }

    /** A colour that the page's style sheet decides, so that one drawing serves light, dark and printed pages. */
    enum Colour implements Paint {
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

        Colour(String variable) {
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
}
