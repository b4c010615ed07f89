package org.bitdgdm.drawing;

import java.awt.AWTError;
import java.awt.Color;
import java.awt.Font;
import java.io.IOException;
import java.io.StringReader;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.openscience.cdk.depict.DepictionGenerator;
import org.openscience.cdk.exception.CDKException;
import org.openscience.cdk.interfaces.IAtom;
import org.openscience.cdk.interfaces.IAtomContainer;
import org.openscience.cdk.interfaces.IBond;
import org.openscience.cdk.layout.StructureDiagramGenerator;
import org.openscience.cdk.renderer.color.IAtomColorer;
import org.openscience.cdk.silent.SilentChemObjectBuilder;
import org.openscience.cdk.smiles.SmilesParser;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/**
 * Structure drawings by CDK, as inline SVG. CDK turns atom labels into outlines, for which AWT needs a font and the library
 * that finds it; {@link #probe()} tells before a long run whether they are there.
 */
public final class MoleculeDrawings {
    /** What to install where AWT finds no font. */
    public static final String FONTS_REMEDY = "install fontconfig fonts-dejavu-core (Debian, Ubuntu) or "
        + "fontconfig dejavu-sans-fonts (RHEL, Fedora)";

    private static final int WIDTH = 180;
    private static final int HEIGHT = 132;

    /** The colours that CDK is told to use, and what they become: names that the style sheet of the page resolves. */
    private static final Map<String, String> CSS_OF_COLOUR = Map.of(
        "#000000", "var(--text)",
        "#0000FF", "var(--atom-n)",
        "#FF0000", "var(--atom-o)",
        "#00FF00", "var(--atom-halogen)",
        "#FFFF00", "var(--atom-s)");

    private MoleculeDrawings() {
    }

    /**
     * Draws once. Empty where that works; else one sentence that names the packages to install, for the console and the
     * report.
     */
    public static Optional<String> probe() {
        if (System.getProperty("java.awt.headless") == null) {
            // A stale DISPLAY of a remote shell would make AWT look for a window server.
            System.setProperty("java.awt.headless", "true");
        }
        try {
            draw("CO");
            return Optional.empty();
        } catch (CDKException | RuntimeException | InternalError | LinkageError | AWTError e) {
            return Optional.of("no drawings: this machine has no fonts for AWT (" + rootMessage(e) + "); " + FONTS_REMEDY);
        }
    }

    /**
     * The structure formula of one molecule.
     *
     * @throws CDKException where CDK cannot read or lay out {@code smiles}
     */
    public static String draw(String smiles) throws CDKException {
        String drawing = new DepictionGenerator(new Font(Font.SANS_SERIF, Font.PLAIN, 13))
            .withSize(WIDTH, HEIGHT)
            .withMargin(4)
            .withZoom(1.25)
            .withAtomColors(new ByElement())
            .withBackgroundColor(new Color(255, 255, 255, 0))
            .depict(laidOut(smiles))
            .toSvgStr("px");
        Element svg = parsed(drawing);
        nameColours(svg);
        return InlineSvg.markup(svg, "molecule", smiles, "");
    }

    /** Graphs know no stereo, so the wavy bonds with which CDK says so would be on every double bond. */
    private static IAtomContainer laidOut(String smiles) throws CDKException {
        IAtomContainer molecule = new SmilesParser(SilentChemObjectBuilder.getInstance()).parseSmiles(smiles);
        new StructureDiagramGenerator().generateCoordinates(molecule);
        for (IBond bond : molecule.bonds()) {
            if (bond.getDisplay() == IBond.Display.Wavy) {
                bond.setDisplay(IBond.Display.Solid);
            }
        }
        return molecule;
    }

    /** Without the document type: a parser would fetch it. */
    private static Element parsed(String drawing) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
            factory.setFeature("http://apache.org/xml/features/nonvalidating/load-external-dtd", false);
            factory.setFeature("http://xml.org/sax/features/external-general-entities", false);
            return factory.newDocumentBuilder().parse(new InputSource(new StringReader(drawing))).getDocumentElement();
        } catch (ParserConfigurationException | SAXException | IOException e) {
            throw new IllegalStateException("CDK drew what is no XML: " + e.getMessage(), e);
        }
    }

    private static void nameColours(Element svg) {
        NodeList elements = svg.getElementsByTagName("*");
        for (int i = 0; i < elements.getLength(); i++) {
            Element element = (Element) elements.item(i);
            StringBuilder style = new StringBuilder();
            for (String attribute : new String[] {"fill", "stroke"}) {
                String css = CSS_OF_COLOUR.get(element.getAttribute(attribute));
                if (css != null) {
                    element.removeAttribute(attribute);
                    style.append(attribute).append(':').append(css).append(';');
                }
            }
            if (!style.isEmpty()) {
                element.setAttribute("style", style.toString());
            }
        }
    }

    private static String rootMessage(Throwable error) {
        Throwable root = error;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    /** Key colours only; the style sheet has the real ones, two sets of them. */
    private static final class ByElement implements IAtomColorer {
        @Override
        public Color getAtomColor(IAtom atom) {
            return switch (atom.getSymbol()) {
                case "N" -> new Color(0x0000FF);
                case "O" -> new Color(0xFF0000);
                case "F", "Cl", "Br", "I" -> new Color(0x00FF00);
                case "S", "P" -> new Color(0xFFFF00);
                default -> Color.BLACK;
            };
        }

        @Override
        public Color getAtomColor(IAtom atom, Color fallback) {
            return getAtomColor(atom);
        }
    }
}
